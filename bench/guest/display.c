// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's display: QEMU's virtio-gpu. Its frames lie in guest RAM (blob resources); QEMU itself
 * wraps them with udmabuf (hw/display/virtio-gpu-udmabuf.c), and hands them to whoever listens on its
 * D-Bus (ui/dbus-listener.c).
 */
#include "bench/guest/display.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/exporter/memfd.h"

#define MEND "install qemu-system-modules-opengl and libgl1-mesa-dri, and see that there is a render node " \
	     "(modprobe vgem); a VM has all of that with --kernel variants"

/*
 * A dma-buf goes to D-Bus only where its display has GL (virtio_gpu_do_set_scanout() asks
 * console_has_gl()), though nothing is drawn by it. That needs a render node (egl_rendernode_init());
 * vgem has one.
 */
void zcb_display_add(struct zcb_words *words, unsigned int devices)
{
	if (devices & ZCB_GUEST_DISPLAY)
		zcb_words_add(words, "-display", "dbus,p2p=yes,gl=es", "-device",
			      "virtio-gpu-pci,id=gpu,blob=true", NULL);
	else
		zcb_words_add(words, "-display", "none", NULL);
}

int zcb_display_explain(const char *words, struct zcb_error *err)
{
	/* No module for the display, none for the device, no EGL, no /dev/udmabuf. */
	static const char *const causes[] = { "'dbus'", "dbus:", "egl:", "libEGL", "libGL",
					      "virtio-gpu", "blob", "render node" };

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strstr(words, causes[i]))
			return zcb_fail(err, -EOPNOTSUPP, "host set-up: QEMU has no virtio-gpu "
					"whose frames go to D-Bus here (it says: %.160s): " MEND,
					words);
	return 0;
}

static int add_client(const struct zcb_qmp *qmp, int fd, struct zcb_error *err)
{
	int ret = zcb_qmp_give_fd(qmp, fd, "display", err);

	if (ret)
		return ret;
	return zcb_qmp_execute(qmp, "add_client", json_pack("{s:s, s:s}", "protocol", "@dbus-display",
							    "fdname", "display"), NULL, err);
}

int zcb_display_connect(const struct zcb_qmp *qmp, int *ret_socket, struct zcb_error *err)
{
	int pair[2], ret;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return zcb_fail(err, -errno, "host set-up: no socket for QEMU's display: %m");
	ret = add_client(qmp, pair[1], err);
	close(pair[1]);
	if (ret)
		close(pair[0]);
	else
		*ret_socket = pair[0];
	return ret;
}

/* Which page of the frame it is that begins with this line, or -1. */
static int64_t page_of(const uint64_t line[ZCB_STAMP_WORDS], const struct zcb_abi_show *shown)
{
	struct zcb_stamp_page pattern;
	struct zcb_stamp_place place = zcb_stamp_place_of(line[1]);

	if (line[0] != shown->sequence || place.frame != shown->frame ||
	    place.page >= shown->pages || place.line)
		return -1;
	zcb_stamp_page_init(&pattern, shown->key, shown->sequence, place.frame, place.page);
	return memcmp(pattern.base, line, sizeof(pattern.base)) ? -1 : (int64_t)place.page;
}

/* Where RAM has something from an offset on; in hugetlb, which cannot tell, just there. */
static uint64_t next_data(int memfd, uint64_t at)
{
	off_t found = lseek(memfd, (off_t)at, SEEK_DATA);

	if (found < 0)
		return errno == ENXIO ? UINT64_MAX : at;
	return (uint64_t)found;
}

/* By read(), which fills no hole. *seen counts how often each page was found. */
static int search(int memfd, uint64_t ram_bytes, const struct zcb_abi_show *shown,
		  zcb_memfd_off *pages, unsigned char *seen, struct zcb_error *err)
{
	uint64_t line[ZCB_STAMP_WORDS], looked_up = 0;

	for (uint64_t at = 0; at < ram_bytes; at += ZCB_ABI_PAGE_SIZE) {
		int64_t page;
		int ret;

		/* Now and then: holes are large, and each look costs as much as a read. */
		if (at >= looked_up) {
			at = next_data(memfd, at);
			looked_up = at + (1U << 20);
			if (at >= ram_bytes)
				break;
		}
		ret = zcb_memfd_read(memfd, (zcb_memfd_off){ at }, line, sizeof(line));
		if (ret)
			return zcb_fail(err, ret, "kernel: reading guest RAM: %s", strerror(-ret));
		page = page_of(line, shown);
		if (page >= 0 && seen[page] < 2)
			seen[page]++;
		if (page >= 0)
			pages[page].off = at;
	}
	return 0;
}

int zcb_display_find(int memfd, uint64_t ram_bytes, const struct zcb_abi_show *shown,
		     zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	ZCB_FREE unsigned char *seen = calloc(shown->pages, 1);
	int ret = seen ? search(memfd, ram_bytes, shown, ret_pages, seen, err) :
			 zcb_fail(err, -ENOMEM, "host set-up: no memory for a page list");

	for (uint32_t i = 0; i < shown->pages && !ret; i++)
		if (seen[i] != 1)
			ret = zcb_fail(err, -EPROTO, "guest: it says that it drew on its screen, and page "
				       "%u of that is %s in its RAM", i,
				       seen[i] ? "there twice" : "not");
	return ret;
}
