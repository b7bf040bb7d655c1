// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/io.h"
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

/* Against a driver that does nothing. One that does, emulated, plugs or balloons 32 MiB in a second. */
#define DRIVER_TIMEOUT_S 30

int zcb_guest_resize_wait(struct zcb_guest *guest, enum zcb_guest_device device, uint64_t bytes,
			  struct zcb_error *err)
{
	uint64_t deadline = zcb_now_ns() + DRIVER_TIMEOUT_S * 1000000000ULL, size = 0;
	int ret = guest->ops->resize(guest, device, bytes, err);

	while (!ret) {
		ret = guest->ops->size(guest, device, &size, err);
		if (ret || size == bytes)
			return ret;
		if (zcb_now_ns() > deadline)
			return zcb_fail(err, -EIO, "guest: its %s driver was to have %" PRIu64 " bytes, and "
					"after %d s has %" PRIu64 ": is the driver loaded?",
					device == ZCB_GUEST_PLUG ? "virtio-mem" : "virtio-balloon", bytes,
					DRIVER_TIMEOUT_S, size);
		usleep(2000);
	}
	return ret;
}

/*
 * Spare pages beyond the guest's RAM: a whole huge page that is punched under a udmabuf does not
 * come back to the pool while the udmabuf lives, and the refill must find another.
 */
#define SPARE_HUGE_PAGES 24

int zcb_guest_make_ram(const struct zcb_guest_config *config, uint64_t plug_bytes, int *ret_memfd,
		       struct zcb_error *err)
{
	uint64_t page_size = zcb_memory_page_size(config->memory);
	uint64_t bytes = config->ram_bytes + plug_bytes;

	if (config->memory == ZCB_MEMORY_HUGETLB) {
		int ret = zcb_hugetlb_reserve(bytes / page_size + SPARE_HUGE_PAGES, err);

		if (ret)
			return ret;
	}
	return zcb_memfd_create(config->memory, bytes, ret_memfd, err);
}
