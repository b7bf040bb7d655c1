// SPDX-License-Identifier: GPL-2.0-or-later
/* The devices by which QEMU takes memory from a guest: on its command line, and by its control socket. */
#include "bench/guest/devices.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PLUG_PATH "/machine/peripheral/plug"

void zcb_words_add(struct zcb_words *words, ...)
{
	const unsigned int room = sizeof(words->word) / sizeof(words->word[0]);
	const char *word;
	va_list args;

	va_start(args, words);
	while ((word = va_arg(args, const char *)))
		if (words->n + 1 < room)
			words->word[words->n++] = word;
	va_end(args);
}

void zcb_words_format(struct zcb_words *words, const char *format, ...)
{
	char *word = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&word, format, args) >= 0)
		zcb_words_add(words, word, NULL);
	va_end(args);
}

static void add_plug(struct zcb_words *words, const struct zcb_guest_config *config, int memfd)
{
	/* The same memfd, behind RAM: a page is found, exported and read there like any other. */
	zcb_words_add(words, "-object", NULL);
	zcb_words_format(words, "memory-backend-file,id=plugged,share=on,size=%llu,mem-path=/proc/self/fd/%d,"
			 "offset=%" PRIu64, ZCB_PLUG_BYTES, memfd, config->ram_bytes);
	zcb_words_add(words, "-device", "virtio-mem-pci,id=plug,memdev=plugged,requested-size=0", NULL);
}

void zcb_devices_add(struct zcb_words *words, const struct zcb_guest_config *config, int memfd,
		     int control)
{
	uint64_t mib = config->ram_bytes >> 20, most = mib + (ZCB_PLUG_BYTES >> 20);

	zcb_words_add(words, "-m", NULL);
	if (config->devices & ZCB_GUEST_PLUG)
		zcb_words_format(words, "%" PRIu64 "M,maxmem=%" PRIu64 "M", mib, most);
	else
		zcb_words_format(words, "%" PRIu64 "M", mib);
	/* Huge pages are allocated at once, so that only a workload changes how many there are. */
	zcb_words_add(words, "-object", NULL);
	zcb_words_format(words, "memory-backend-file,id=ram,share=on,size=%" PRIu64 "M,"
			 "mem-path=/proc/self/fd/%d,prealloc=%s", mib, memfd,
			 config->memory == ZCB_MEMORY_HUGETLB ? "on" : "off");
	zcb_words_add(words, "-chardev", NULL);
	zcb_words_format(words, "socket,id=control,fd=%d", control);
	zcb_words_add(words, "-mon", "chardev=control,mode=control", NULL);
	if (config->devices & (ZCB_GUEST_BALLOON | ZCB_GUEST_REPORTING))
		zcb_words_add(words, "-device", config->devices & ZCB_GUEST_REPORTING ?
			      "virtio-balloon-pci,id=balloon,free-page-reporting=on" :
			      "virtio-balloon-pci,id=balloon", NULL);
	if (config->devices & ZCB_GUEST_PLUG)
		add_plug(words, config, memfd);
}

/*
 * What is plugged in is for movable pages alone: so it can be unplugged, and so the agent's pages come
 * from there first (gfp_zone() of GFP_HIGHUSER_MOVABLE). Free pages are told of from single ones on,
 * not from 2 MiB as by default; and next to none may stay on the processor's own list, where they are
 * not told of (zone_set_pageset_high_and_batch() in mm/page_alloc.c).
 */
const char *zcb_devices_kernel_words(unsigned int devices)
{
	if (devices & ZCB_GUEST_REPORTING)
		return "memhp_default_state=online_movable page_reporting.page_reporting_order=0 "
		       "sysctl.vm.percpu_pagelist_high_fraction=1000000 ";
	return devices & ZCB_GUEST_PLUG ? "memhp_default_state=online_movable " : "";
}

static int need(unsigned int devices, enum zcb_guest_device device, struct zcb_error *err)
{
	if (devices & device)
		return 0;
	return zcb_fail(err, -ENODEV, "zcbench bug: the guest was started without %s",
			device == ZCB_GUEST_PLUG ? "memory to plug in" : "a balloon");
}

int zcb_devices_resize(const struct zcb_qmp *qmp, unsigned int devices, enum zcb_guest_device device,
		       uint64_t bytes, struct zcb_error *err)
{
	int ret = need(devices, device, err);

	if (ret)
		return ret;
	if (device != ZCB_GUEST_PLUG)
		return zcb_qmp_execute(qmp, "balloon", json_pack("{s:I}", "value", (json_int_t)bytes), NULL,
				       err);
	return zcb_qmp_execute(qmp, "qom-set", json_pack("{s:s, s:s, s:I}", "path", PLUG_PATH, "property",
							 "requested-size", "value", (json_int_t)bytes),
			       NULL, err);
}

static int get_plug_number(const struct zcb_qmp *qmp, const char *property, uint64_t *ret_number,
			   struct zcb_error *err)
{
	json_t *value = NULL;
	int ret = zcb_qmp_execute(qmp, "qom-get", json_pack("{s:s, s:s}", "path", PLUG_PATH, "property",
							    property), &value, err);

	if (!ret && !json_is_integer(value))
		ret = zcb_fail(err, -EPROTO, "qemu: its virtio-mem device has no number as %s", property);
	if (!ret)
		*ret_number = (uint64_t)json_integer_value(value);
	json_decref(value);
	return ret;
}

static int get_balloon(const struct zcb_qmp *qmp, uint64_t *ret_bytes, struct zcb_error *err)
{
	json_t *value = NULL, *actual;
	int ret = zcb_qmp_execute(qmp, "query-balloon", NULL, &value, err);

	actual = json_object_get(value, "actual");
	if (!ret && !json_is_integer(actual))
		ret = zcb_fail(err, -EPROTO, "qemu: query-balloon does not say how much the guest has");
	if (!ret)
		*ret_bytes = (uint64_t)json_integer_value(actual);
	json_decref(value);
	return ret;
}

int zcb_devices_size(const struct zcb_qmp *qmp, unsigned int devices, enum zcb_guest_device device,
		     uint64_t *ret_bytes, struct zcb_error *err)
{
	int ret = need(devices, device, err);

	if (ret)
		return ret;
	return device == ZCB_GUEST_PLUG ? get_plug_number(qmp, "size", ret_bytes, err) :
					  get_balloon(qmp, ret_bytes, err);
}

int zcb_devices_plug_at(const struct zcb_qmp *qmp, uint64_t *ret_gpa, struct zcb_error *err)
{
	return get_plug_number(qmp, "memaddr", ret_gpa, err);
}
