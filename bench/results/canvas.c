// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/canvas.h"

#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

static int init(struct zcb_canvas *ret_canvas, struct zcb_canvas canvas)
{
	if (canvas.width == 0 || canvas.height == 0)
		return -EINVAL;
	canvas.pixels = calloc(canvas.height, (size_t)canvas.width * canvas.depth);
	if (!canvas.pixels)
		return -ENOMEM;
	*ret_canvas = canvas;
	return 0;
}

int zcb_canvas_init(struct zcb_canvas *ret_canvas, uint32_t width, uint32_t height)
{
	return init(ret_canvas, (struct zcb_canvas){.width = width, .height = height, .depth = 3});
}

int zcb_canvas_init_palette(struct zcb_canvas *ret_canvas, uint32_t width, uint32_t height,
			    const zcb_colour *palette, size_t count)
{
	if (count == 0 || count > 256)
		return -EINVAL;
	return init(ret_canvas, (struct zcb_canvas){.width = width,
						    .height = height,
						    .depth = 1,
						    .palette = palette,
						    .palette_count = count});
}

void zcb_canvas_finish(struct zcb_canvas *canvas)
{
	free(canvas->pixels);
	memset(canvas, 0, sizeof(*canvas));
}

static uint32_t end_of(uint32_t begin, uint32_t length, uint32_t limit)
{
	if (begin >= limit)
		return begin;
	return length < limit - begin ? begin + length : limit;
}

static void fill(struct zcb_canvas *canvas, struct zcb_rect rect, const unsigned char *pixel)
{
	uint32_t right = end_of(rect.x, rect.width, canvas->width);
	uint32_t bottom = end_of(rect.y, rect.height, canvas->height);

	for (uint32_t y = rect.y; y < bottom; y++) {
		unsigned char *row = canvas->pixels + (size_t)y * canvas->width * canvas->depth;

		if (canvas->depth == 1 && rect.x < right)
			memset(row + rect.x, *pixel, right - rect.x);
		for (uint32_t x = rect.x; canvas->depth > 1 && x < right; x++)
			memcpy(row + (size_t)x * canvas->depth, pixel, canvas->depth);
	}
}

void zcb_canvas_fill(struct zcb_canvas *canvas, struct zcb_rect rect, zcb_colour colour)
{
	const unsigned char pixel[3] = {(unsigned char)(colour.rgb >> 16),
					(unsigned char)(colour.rgb >> 8),
					(unsigned char)colour.rgb};

	if (canvas->depth == sizeof(pixel))
		fill(canvas, rect, pixel);
}

void zcb_canvas_fill_index(struct zcb_canvas *canvas, struct zcb_rect rect, uint8_t index)
{
	if (canvas->depth == 1 && index < canvas->palette_count)
		fill(canvas, rect, &index);
}

void zcb_canvas_put(struct zcb_canvas *canvas, uint32_t x, uint32_t y, const unsigned char *pixels,
		    uint32_t n)
{
	if (y < canvas->height)
		memcpy(canvas->pixels + ((size_t)y * canvas->width + x) * canvas->depth, pixels,
		       (size_t)(end_of(x, n, canvas->width) - x) * canvas->depth);
}

/* All that the encoder holds, outside of the function that libpng may jump back into. */
struct encoder {
	png_structp png;
	png_infop info;
	unsigned char *bytes;
	size_t size, room;
};

static void encoder_write(png_structp png, png_bytep data, size_t length)
{
	struct encoder *encoder = png_get_io_ptr(png);

	if (length > encoder->room - encoder->size) {
		size_t room = 2 * (encoder->size + length);
		unsigned char *bytes = realloc(encoder->bytes, room);

		if (!bytes)
			png_error(png, "out of memory");
		encoder->bytes = bytes;
		encoder->room = room;
	}
	memcpy(encoder->bytes + encoder->size, data, length);
	encoder->size += length;
}

static void encoder_flush(png_structp png)
{
}

/* libpng prints its errors by default; a library does not. It may not return, either. */
static void encoder_error(png_structp png, png_const_charp message)
{
	png_longjmp(png, 1);
}

static void encoder_warning(png_structp png, png_const_charp message)
{
}

static void encode_palette(struct encoder *encoder, const struct zcb_canvas *canvas)
{
	png_color colours[256];

	for (size_t i = 0; i < canvas->palette_count; i++) {
		uint32_t rgb = canvas->palette[i].rgb;

		colours[i] =
			(png_color){(png_byte)(rgb >> 16), (png_byte)(rgb >> 8), (png_byte)rgb};
	}
	png_set_PLTE(encoder->png, encoder->info, colours, (int)canvas->palette_count);
}

static void encode(struct encoder *encoder, const struct zcb_canvas *canvas, const char *text)
{
	png_text note = {
		.compression = PNG_TEXT_COMPRESSION_NONE,
		.key = (png_charp) "Description",
		.text = (png_charp)text,
	};
	size_t stride = (size_t)canvas->width * canvas->depth;

	png_set_write_fn(encoder->png, encoder, encoder_write, encoder_flush);
	png_set_IHDR(encoder->png, encoder->info, canvas->width, canvas->height, 8,
		     canvas->palette ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_RGB,
		     PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	/* Level 5 with the same filter is a fifth smaller and takes three times as long. */
	png_set_compression_level(encoder->png, 2);
	png_set_filter(encoder->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
	if (canvas->palette)
		encode_palette(encoder, canvas);
	png_set_text(encoder->png, encoder->info, &note, 1);
	png_write_info(encoder->png, encoder->info);
	for (uint32_t y = 0; y < canvas->height; y++)
		png_write_row(encoder->png, canvas->pixels + y * stride);
	png_write_end(encoder->png, NULL);
}

static int encoder_run(struct encoder *encoder, const struct zcb_canvas *canvas, const char *text)
{
	encoder->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, encoder_error,
					       encoder_warning);
	if (!encoder->png)
		return -ENOMEM;
	encoder->info = png_create_info_struct(encoder->png);
	if (!encoder->info || setjmp(png_jmpbuf(encoder->png)))
		return -ENOMEM;
	encode(encoder, canvas, text);
	return 0;
}

int zcb_canvas_encode(const struct zcb_canvas *canvas, const char *text, void **ret_png,
		      size_t *ret_size)
{
	struct encoder encoder = {0};
	int err = encoder_run(&encoder, canvas, text);

	png_destroy_write_struct(&encoder.png, &encoder.info);
	if (err) {
		free(encoder.bytes);
		return err;
	}
	*ret_png = encoder.bytes;
	*ret_size = encoder.size;
	return 0;
}
