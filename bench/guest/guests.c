// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <string.h>

#include "bench/guest/guest.h"

const struct zcb_guest_ops *const zcb_guests[] = {
	&zcb_guest_linux,
	&zcb_guest_micro,
	NULL,
};

const struct zcb_guest_ops *zcb_guest_find(const char *name)
{
	for (size_t i = 0; zcb_guests[i]; i++)
		if (!strcmp(zcb_guests[i]->name, name))
			return zcb_guests[i];
	return NULL;
}

/*
 * Spare pages beyond the guest's RAM: a whole huge page that is punched under a udmabuf does not
 * come back to the pool while the udmabuf lives, and the refill must find another.
 */
#define SPARE_HUGE_PAGES 24

int zcb_guest_make_ram(const struct zcb_guest_config *config, int *ret_memfd, struct zcb_error *err)
{
	uint64_t page_size = zcb_memory_page_size(config->memory);

	if (config->memory == ZCB_MEMORY_HUGETLB) {
		int ret = zcb_hugetlb_reserve(config->ram_bytes / page_size + SPARE_HUGE_PAGES, err);

		if (ret)
			return ret;
	}
	return zcb_memfd_create(config->memory, config->ram_bytes, ret_memfd, err);
}
