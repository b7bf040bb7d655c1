// SPDX-License-Identifier: GPL-2.0-or-later
/* Finding the guest's screen in its RAM by its stamps, and whose fault it is that there is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/exporter/memfd.h"
#include "bench/guest/display.h"

#define RAM (16U << 20)
#define PAGES 8U

static const struct zcb_abi_show shown = { .frame = 3, .pages = PAGES, .key = 77, .sequence = 1ULL << 63 | 9 };

static int make_ram(void)
{
	struct zcb_error err = { "" };
	int fd;

	assert_int_equal(zcb_memfd_create(ZCB_MEMORY_SHMEM, RAM, &fd, &err), 0);
	return fd;
}

/* Page i of the frame is here in RAM: from behind, with holes between. */
static uint64_t place(uint32_t i)
{
	return RAM - (uint64_t)(i * 37 + 1) * 4096;
}

static void stamp(int fd, uint64_t at, uint64_t key, uint64_t sequence, uint16_t frame, uint32_t page)
{
	char bytes[4096];

	zcb_stamp_fill(bytes, key, sequence, frame, page);
	assert_int_equal(pwrite(fd, bytes, sizeof(bytes), (off_t)at), sizeof(bytes));
}

static int ram_with_frame(void)
{
	int fd = make_ram();

	for (uint32_t i = 0; i < PAGES; i++)
		stamp(fd, place(i), shown.key, shown.sequence, 3, i);
	/* What is near and no page of it: of another sequence, key, frame; too far in the frame; noise. */
	stamp(fd, 0, shown.key, shown.sequence - 1, 3, 1);
	stamp(fd, 4096, shown.key + 1, shown.sequence, 3, 1);
	stamp(fd, 8192, shown.key, shown.sequence, 4, 1);
	stamp(fd, 12288, shown.key, shown.sequence, 3, PAGES);
	assert_int_equal(pwrite(fd, &shown.sequence, 8, 16384), 8);
	return fd;
}

static void finds_each_page(void **state)
{
	zcb_memfd_off pages[PAGES];
	struct zcb_error err = { "" };
	uint64_t held, still;
	int fd = ram_with_frame();

	assert_int_equal(zcb_memfd_allocated(fd, &held), 0);
	assert_int_equal(zcb_display_find(fd, RAM, &shown, pages, &err), 0);
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(pages[i].off, place(i));
	/* A search that fills holes would take memory from the host. */
	assert_int_equal(zcb_memfd_allocated(fd, &still), 0);
	assert_int_equal(still, held);
	close(fd);
}

static void misses_a_page(void **state)
{
	zcb_memfd_off pages[PAGES];
	struct zcb_error err = { "" };
	int fd = ram_with_frame();

	assert_int_equal(zcb_memfd_punch(fd, (zcb_memfd_off){ place(5) }, 4096), 0);
	assert_int_equal(zcb_display_find(fd, RAM, &shown, pages, &err), -EPROTO);
	assert_non_null(strstr(err.text, "page 5 of that is not in its RAM"));
	close(fd);
}

static void sees_a_copy(void **state)
{
	zcb_memfd_off pages[PAGES];
	struct zcb_error err = { "" };
	int fd = ram_with_frame();

	stamp(fd, 1U << 20, shown.key, shown.sequence, 3, 2);
	assert_int_equal(zcb_display_find(fd, RAM, &shown, pages, &err), -EPROTO);
	assert_non_null(strstr(err.text, "page 2 of that is there twice"));
	close(fd);
}

static void explains(void **state)
{
	static const char *const missing[] = {
		"qemu-system-x86_64: -display dbus,p2p=yes,gl=es: Parameter 'type' does not accept value 'dbus'",
		"qemu-system-x86_64: egl: render node init failed",
		"qemu-system-x86_64: -device virtio-gpu-pci,id=gpu,blob=true: 'virtio-gpu-pci' is not a valid device model name",
		"qemu-system-x86_64: -device virtio-gpu-pci,id=gpu,blob=true: need rutabaga or udmabuf for blob resources",
	};
	struct zcb_error err = { "" };

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		assert_int_equal(zcb_display_explain(missing[i], &err), -EOPNOTSUPP);
		assert_non_null(strstr(err.text, "qemu-system-modules-opengl"));
	}
	assert_int_equal(zcb_display_explain("Kernel panic - not syncing", &err), 0);
	assert_int_equal(zcb_display_explain("", &err), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_page),
		cmocka_unit_test(misses_a_page),
		cmocka_unit_test(sees_a_copy),
		cmocka_unit_test(explains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
