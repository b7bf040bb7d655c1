// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/micro/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/guest/micro/abi.h"

#define PAGE ((uint64_t)ZCB_ABI_PAGE_SIZE)
#define BLOCK (ZCB_ABI_BLOCK_PAGES * PAGE)

/* Pages are picked from a pool this many times the frame, so that neighbours are rare. */
#define SPREAD 4U

static void forget(struct zcb_micro_frame *frame)
{
	free(frame->page);
	memset(frame, 0, sizeof(*frame));
}

/* The end of a pool that has a part of these bytes, or 0. */
static uint64_t in_the_way(const struct zcb_micro_frames *frames, uint64_t start, uint64_t bytes)
{
	for (uint32_t i = 0; i < ZCB_ABI_MAX_FRAMES; i++) {
		const struct zcb_micro_frame *other = &frames->frame[i];

		if (start < other->pool.gpa + other->pool_bytes && other->pool.gpa < start + bytes)
			return other->pool.gpa + other->pool_bytes;
	}
	return 0;
}

/* Pools start at blocks: no block of one frame has pages of another. */
static int find_room(const struct zcb_micro_frames *frames, uint64_t bytes, zcb_gpa *ret_start)
{
	uint64_t start = ZCB_MICRO_RESERVED, end;

	while ((end = in_the_way(frames, start, bytes)) != 0)
		start = (end + BLOCK - 1) / BLOCK * BLOCK;
	if (bytes > frames->bytes || start > frames->bytes - bytes)
		return -ENOMEM;
	ret_start->gpa = start;
	return 0;
}

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 */
static uint64_t next_random(uint64_t *state)
{
	return zcb_stamp_mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

static int pick(struct zcb_micro_frame *frame, uint64_t seed)
{
	uint32_t n = (uint32_t)(frame->pool_bytes / PAGE);
	ZCB_FREE uint32_t *index = calloc(n, sizeof(*index));

	frame->page = calloc(frame->pages, sizeof(*frame->page));
	if (!index || !frame->page)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		index[i] = i;
	for (uint32_t i = 0; i < frame->pages; i++) {
		uint32_t j = i + (uint32_t)(next_random(&seed) % (n - i)), picked = index[j];

		index[j] = index[i];
		frame->page[i].gpa = frame->pool.gpa + picked * PAGE;
	}
	return 0;
}

static int check(const struct zcb_frame_request *request, struct zcb_error *err)
{
	if (request->frame >= ZCB_ABI_MAX_FRAMES || !request->pages ||
	    request->pages > ZCB_ABI_MAX_PAGES)
		return zcb_fail(err, -EINVAL,
				"usage: a micro guest has frames 0 to %u of 1 to %u pages, "
				"not frame %u of %u",
				ZCB_ABI_MAX_FRAMES - 1, ZCB_ABI_MAX_PAGES, request->frame,
				request->pages);
	if (request->blocks && (request->blocks > ZCB_ABI_MAX_PAGES / ZCB_ABI_BLOCK_PAGES ||
				request->pages > request->blocks * ZCB_ABI_BLOCK_PAGES))
		return zcb_fail(err, -EINVAL, "usage: %u pages do not come from %u huge pages",
				request->pages, request->blocks);
	return 0;
}

static int choose(const struct zcb_micro_frames *frames, const struct zcb_frame_request *request,
		  struct zcb_micro_frame *frame)
{
	int ret = find_room(frames, frame->pool_bytes, &frame->pool);

	return ret ? ret : pick(frame, request->seed);
}

int zcb_micro_frames_make(struct zcb_micro_frames *frames, const struct zcb_frame_request *request,
			  struct zcb_error *err)
{
	struct zcb_micro_frame frame = {.pages = request->pages, .key = request->key};
	int ret = check(request, err);

	if (ret)
		return ret;
	frame.pool_bytes =
		request->blocks ? request->blocks * BLOCK : request->pages * SPREAD * PAGE;
	forget(&frames->frame[request->frame]);
	ret = choose(frames, request, &frame);
	if (!ret) {
		frames->frame[request->frame] = frame;
		return 0;
	}
	forget(&frame);
	return zcb_fail(err, ret,
			"guest: a micro guest of %llu MiB has no room for a frame of %u pages: "
			"raise \"ram_mib\"",
			(unsigned long long)frames->bytes >> 20, request->pages);
}

const struct zcb_micro_frame *zcb_micro_frames_find(const struct zcb_micro_frames *frames,
						    uint32_t number)
{
	bool there = number < ZCB_ABI_MAX_FRAMES && frames->frame[number].pages;

	return there ? &frames->frame[number] : NULL;
}

int zcb_micro_frames_drop(struct zcb_micro_frames *frames, uint32_t number, struct zcb_error *err)
{
	if (!zcb_micro_frames_find(frames, number))
		return zcb_fail(err, -EINVAL, "zcbench bug: the micro guest has no frame %u",
				number);
	forget(&frames->frame[number]);
	return 0;
}

void zcb_micro_frames_finish(struct zcb_micro_frames *frames)
{
	for (uint32_t i = 0; i < ZCB_ABI_MAX_FRAMES; i++)
		forget(&frames->frame[i]);
}
