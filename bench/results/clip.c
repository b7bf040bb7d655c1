// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A PNG is a signature and chunks: length, type, data, check sum. The first picture of a clip is a PNG
 * as any other, with two chunks more, acTL (how many there are) and fcTL (where and how long this one
 * is seen). Of each further picture the data go into chunks of another type, fdAT, behind a number.
 */
#include "bench/results/clip.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"

#define SIGNATURE 8U
#define AROUND 12U /* a chunk's length, type and check sum */
#define IHDR 13U
#define ACTL_AT (SIGNATURE + AROUND + IHDR) /* behind the header */

static void put(unsigned char *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static uint32_t get(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* PNG's: the polynomial of IEEE 802.3, low bit first. */
static uint32_t check_sum(const unsigned char *bytes, size_t n)
{
	uint32_t sum = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		sum ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~sum;
}

static int make_room(struct zcb_clip *clip, size_t n)
{
	size_t room = 2 * (clip->size + n);
	unsigned char *bytes;

	if (n <= clip->room - clip->size)
		return 0;
	bytes = realloc(clip->bytes, room);
	if (!bytes)
		return -ENOMEM;
	clip->bytes = bytes;
	clip->room = room;
	return 0;
}

/* A chunk of up to two parts; room was made. */
static void add_chunk(struct zcb_clip *clip, const char *type, const void *head, size_t head_n,
		      const void *data, size_t n)
{
	unsigned char *at = clip->bytes + clip->size;

	put(at, (uint32_t)(head_n + n));
	memcpy(at + 4, type, 4);
	memcpy(at + 8, head, head_n);
	if (n)
		memcpy(at + 8 + head_n, data, n);
	put(at + 8 + head_n + n, check_sum(at + 4, 4 + head_n + n));
	clip->size += AROUND + head_n + n;
}

static void add_control(struct zcb_clip *clip)
{
	unsigned char data[26] = { 0 }; /* at 0, 0; it replaces all that was there */

	put(data, clip->sequence++);
	put(data + 4, clip->width);
	put(data + 8, clip->height);
	data[20] = ZCB_CLIP_DELAY_MS >> 8;
	data[21] = ZCB_CLIP_DELAY_MS & 255;
	data[22] = 1000 >> 8;
	data[23] = 1000 & 255;
	add_chunk(clip, "fcTL", data, sizeof(data), NULL, 0);
}

static void begin(struct zcb_clip *clip, const unsigned char *png)
{
	unsigned char control[8] = { 0 }; /* how many: zcb_clip_end(); for ever */

	memcpy(clip->bytes, png, ACTL_AT);
	clip->size = ACTL_AT;
	add_chunk(clip, "acTL", control, sizeof(control), NULL, 0);
}

/* What a picture's own file has in its IDATs. */
static void add_data(struct zcb_clip *clip, const unsigned char *png, size_t size)
{
	bool first = clip->frames == 0;
	size_t n;

	for (size_t at = ACTL_AT; at + AROUND <= size; at += AROUND + n) {
		unsigned char number[4];

		n = get(png + at);
		if (memcmp(png + at + 4, "IDAT", 4) != 0)
			continue;
		put(number, clip->sequence);
		clip->sequence += !first;
		add_chunk(clip, first ? "IDAT" : "fdAT", number, first ? 0 : sizeof(number), png + at + 8, n);
	}
}

int zcb_clip_add(struct zcb_clip *clip, const struct zcb_canvas *canvas)
{
	ZCB_FREE void *png = NULL;
	size_t size = 0;
	int ret;

	if (clip->frames == ZCB_CLIP_FRAMES)
		return 0;
	if (clip->frames && (canvas->width != clip->width || canvas->height != clip->height))
		return -EINVAL;
	ret = zcb_canvas_encode(canvas, "A clip of zcbench", &png, &size);
	if (!ret) /* IDATs may be many: each grows by 4 */
		ret = make_room(clip, 2 * size + 256);
	if (ret)
		return ret;
	clip->width = canvas->width;
	clip->height = canvas->height;
	if (!clip->frames)
		begin(clip, png);
	add_control(clip);
	add_data(clip, png, size);
	clip->frames++;
	return 0;
}

int zcb_clip_end(struct zcb_clip *clip)
{
	if (!clip->frames)
		return 0;
	if (make_room(clip, AROUND))
		return -ENOMEM;
	add_chunk(clip, "IEND", "", 0, NULL, 0);
	put(clip->bytes + ACTL_AT + 8, clip->frames);
	put(clip->bytes + ACTL_AT + 16, check_sum(clip->bytes + ACTL_AT + 4, 12));
	return 0;
}

void zcb_clip_finish(struct zcb_clip *clip)
{
	free(clip->bytes);
	memset(clip, 0, sizeof(*clip));
}
