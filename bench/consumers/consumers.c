// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <string.h>

#include "bench/consumers/consumer.h"

const struct zcb_consumer_ops *zcb_consumer_find(const char *name)
{
	for (size_t i = 0; zcb_consumers[i]; i++)
		if (!strcmp(zcb_consumers[i]->name, name))
			return zcb_consumers[i];
	return NULL;
}
