// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <string.h>

#include "bench/guest/guest.h"

const struct zcb_guest_ops *const zcb_guests[] = {
	&zcb_guest_linux,
	NULL,
};

const struct zcb_guest_ops *zcb_guest_find(const char *name)
{
	for (size_t i = 0; zcb_guests[i]; i++)
		if (!strcmp(zcb_guests[i]->name, name))
			return zcb_guests[i];
	return NULL;
}
