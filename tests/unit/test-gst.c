// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pipeline on a memfd in place of a dma-buf: what comes out is what went in, to the last bit that
 * it is said to carry. Of the ioctl that a memfd refuses GStreamer makes a warning.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/consumers/consumer.h"
#include "bench/guest/frame-mask.h"

extern const struct zcb_consumer_ops zcb_consumer_gst;

struct frame {
	struct zcb_view view;
	unsigned char *bytes;
	struct zcb_frame_mask mask;
};

static void frame_init(struct frame *frame, struct zcb_geometry geometry, uint32_t pages, bool each)
{
	struct zcb_error err = { "" };
	size_t n = (size_t)pages * 4096;

	if (zcb_geometry_settle(&geometry, pages, &err))
		fail_msg("%s", err.text);
	frame->view = (struct zcb_view){ .dmabuf = memfd_create("frame", MFD_CLOEXEC), .pages = pages,
					 .geometry = geometry, .import_each = each };
	assert_return_code(ftruncate(frame->view.dmabuf, (off_t)n), errno);
	frame->bytes = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, frame->view.dmabuf, 0);
	assert_ptr_not_equal(frame->bytes, MAP_FAILED);
	for (size_t i = 0; i < n; i++)
		frame->bytes[i] = (unsigned char)random();
	zcb_frame_mask_init(&frame->mask, &geometry, zcb_consumer_gst.carries(&geometry));
}

static void frame_finish(struct frame *frame)
{
	munmap(frame->bytes, (size_t)frame->view.pages * 4096);
	close(frame->view.dmabuf);
}

/* How many bytes differ of those that are carried, and where the first does. */
static uint32_t count_wrong(const struct frame *frame, const unsigned char *seen, size_t *ret_first)
{
	struct zcb_mask_window window = { .mask = &frame->mask };
	uint32_t wrong = 0;

	for (uint32_t page = 0; page < frame->view.pages; page++) {
		const unsigned char *mask = zcb_mask_of(&window, page);

		for (size_t i = 0; i < 4096; i++) {
			size_t at = (size_t)page * 4096 + i;

			if (((seen[at] ^ frame->bytes[at]) & mask[i]) && !wrong++)
				*ret_first = at;
		}
	}
	return wrong;
}

static uint32_t count_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	uint32_t n = 0;

	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static void look(const struct frame *frame, void *state, unsigned char *ret_seen)
{
	struct zcb_error err = { "" };
	const void *bytes;

	if (zcb_consumer_gst.acquire(state, &bytes, &err))
		fail_msg("%s", err.text);
	memcpy(ret_seen, bytes, (size_t)frame->view.pages * 4096);
	assert_int_equal(zcb_consumer_gst.release(state, &err), 0);
}

/* Right, right again after another frame was drawn, and one bit that is changed is found. */
static void play(struct frame *frame)
{
	unsigned char *seen = malloc((size_t)frame->view.pages * 4096);
	size_t first = 0, at = frame->view.geometry.offset + frame->view.geometry.stride * 3 + 16;
	struct zcb_error err = { "" };
	void *state;
	int ret = zcb_consumer_gst.open(&frame->view, &state, &err);

	if (ret == -EOPNOTSUPP) {
		print_message("%s\n", err.text);
		exit(77);
	}
	assert_int_equal(ret, 0);
	for (int i = 0; i < 2; i++) {
		look(frame, state, seen);
		assert_int_equal(count_wrong(frame, seen, &first), 0);
		for (size_t k = 0; k < (size_t)frame->view.pages * 4096; k++)
			frame->bytes[k] = (unsigned char)random();
	}
	look(frame, state, seen);
	frame->bytes[at] ^= 0x10;
	assert_int_equal(count_wrong(frame, seen, &first), 1);
	assert_int_equal(first, at);
	look(frame, state, seen);
	assert_int_equal(count_wrong(frame, seen, &first), 0);
	zcb_consumer_gst.close(state);
	free(seen);
}

/* A process for each: the consumer makes one pipeline for a cell, which has a process of its own. */
static int play_apart(struct zcb_geometry geometry, uint32_t pages, bool each)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct frame frame;
		uint32_t files = 0;

		for (int round = 0; round < 3; round++) {
			frame_init(&frame, geometry, pages, each);
			play(&frame);
			frame_finish(&frame);
			if (round && count_files() != files)
				fail_msg("%u files are open, where %u were", count_files(), files);
			files = count_files();
		}
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	return status;
}

static void test_formats(void **state)
{
	for (uint32_t format = 0; format < ZCB_FORMATS; format++)
		for (int each = 0; each < 2; each++)
			assert_int_equal(play_apart((struct zcb_geometry){ .format = format }, 48, each), 0);
}

static void test_padding_and_offset(void **state)
{
	for (uint32_t format = 0; format < ZCB_FORMATS; format++)
		assert_int_equal(play_apart((struct zcb_geometry){ .format = format, .width = 92,
								   .height = 64, .stride = 1024, .offset = 128 },
					    format == ZCB_FORMAT_NV12 ? 24 : 16, false), 0);
}

/* What cannot be mapped is an error in the words of the bus, not a frame. */
static void refuse(void)
{
	struct frame frame;
	struct zcb_error err = { "" };
	const void *bytes = NULL;
	void *state;
	int ret;

	frame_init(&frame, (struct zcb_geometry){ 0 }, 16, true);
	close(frame.view.dmabuf);
	frame.view.dmabuf = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ret = zcb_consumer_gst.open(&frame.view, &state, &err);
	if (ret == -EOPNOTSUPP)
		_exit(77);
	ret = ret ? ret : zcb_consumer_gst.acquire(state, &bytes, &err);
	print_message("%s\n", err.text);
	_exit(ret == -EIO && !bytes && !strncmp(err.text, "gst: ", 5) ? 0 : 1);
}

static void test_error(void **state)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		refuse();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_padding_and_offset),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
