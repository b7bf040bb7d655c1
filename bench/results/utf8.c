// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/utf8.h"

#include <errno.h>
#include <stdlib.h>

/* The smallest code point that needs a sequence of this many bytes: less is an overlong form. */
static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0)
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	if (first >= 0xf0 && first < 0xf5)
		return 4;
	return 0;
}

size_t zcb_utf8_decode(const char *bytes, size_t n, uint32_t *ret_code)
{
	unsigned char first = (unsigned char)bytes[0];
	size_t length = sequence_length(first);
	uint32_t code = length > 1 ? first & (0x7fU >> length) : first;

	*ret_code = ZCB_UTF8_REPLACEMENT;
	if (!length)
		return 1;
	for (size_t i = 1; i < length; i++) {
		if (i >= n || ((unsigned char)bytes[i] & 0xc0) != 0x80)
			return i;
		code = code << 6 | ((unsigned char)bytes[i] & 0x3f);
	}
	if (code >= smallest[length] && code < 0x110000 && (code < 0xd800 || code > 0xdfff))
		*ret_code = code;
	return length;
}

size_t zcb_utf8_encode(uint32_t code, char bytes[4])
{
	size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char mark[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = length; i-- > 1; code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3f));
	bytes[0] = (char)(mark[length] | code);
	return length;
}

int zcb_utf8_repair(const char *bytes, size_t n, char **ret_text, size_t *ret_n)
{
	/* U+FFFD takes three bytes and stands for at least one. */
	char *text = malloc(n * 3 + 1);
	size_t used = 0;

	if (!text)
		return -ENOMEM;
	for (size_t at = 0; at < n;) {
		uint32_t code;

		at += zcb_utf8_decode(bytes + at, n - at, &code);
		used += zcb_utf8_encode(code, text + used);
	}
	text[used] = '\0';
	*ret_text = text;
	*ret_n = used;
	return 0;
}

bool zcb_utf8_is_invisible(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0, 0x1f},	  {0x7f, 0x9f},	    {0xad, 0xad},     {0x61c, 0x61c},
		{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
		{0xfe00, 0xfe0f}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	}
	/* U+nFFFE and U+nFFFF are no characters. */
	return (code & 0xfffe) == 0xfffe;
}
