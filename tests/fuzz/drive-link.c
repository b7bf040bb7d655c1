// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs the fuzzer's entry under any compiler: a seeded corpus of right answers, mutated, and of
 * noise. `drive-link [INPUTS [SEED]]`; a failure is repeated with the numbers that it prints.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/guest/abi.h"
#include "tests/fuzz/fuzz-link.h"

#define ROOM 4096

struct input {
	uint8_t bytes[ROOM];
	size_t n;
};

static uint64_t state;

static uint32_t random_below(uint32_t n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(state >> 33) % n;
}

static void put(struct input *input, const void *bytes, size_t n)
{
	if (n > ROOM - input->n)
		n = ROOM - input->n;
	memmove(input->bytes + input->n, bytes, n); /* it may be of the input itself */
	input->n += n;
}

static void put_header(struct input *input, uint16_t type, uint32_t serial, uint32_t length)
{
	struct zcb_abi_header header = { .magic = ZCB_ABI_MAGIC, .version = ZCB_ABI_VERSION,
					 .type = type, .serial = serial, .length = length };

	put(input, &header, sizeof(header));
}

static void put_pages(struct input *input, uint32_t pages, bool with_header)
{
	struct zcb_abi_pages head = { .frame = FUZZ_FRAME, .pages = pages };

	if (with_header)
		put_header(input, ZCB_ABI_PAGES, 1, (uint32_t)sizeof(head) + 8 * pages);
	put(input, &head, sizeof(head));
	for (uint64_t i = 0; i < pages; i++) {
		uint64_t gfn = pages - i;

		put(input, &gfn, 8);
	}
}

/* What a guest in order would say. */
static void make_right_answer(struct input *input, enum fuzz_action action)
{
	uint32_t pages = 1 + random_below(64);
	uint8_t choices[FUZZ_CHOICES] = { (uint8_t)action, (uint8_t)random_below(FUZZ_MAPS),
					  (uint8_t)(pages - 1) };
	struct zcb_abi_hello hello = { .nonce = 1, .control_gpa = 4096, .memory_bytes = 1 << 20 };
	struct zcb_abi_drawn drawn = { .frame = FUZZ_FRAME, .sequence = FUZZ_SEQUENCE };
	struct zcb_abi_free freed = { .frame = FUZZ_FRAME };
	struct zcb_abi_some_done done = { .frame = FUZZ_FRAME, .pages = FUZZ_SOME };

	input->n = 0;
	put(input, choices, sizeof(choices));
	if (action == FUZZ_HELLO) {
		put_header(input, ZCB_ABI_HELLO, 0, sizeof(hello));
		put(input, &hello, sizeof(hello));
	} else if (action == FUZZ_DRAW) {
		put_header(input, ZCB_ABI_DRAWN, 1, sizeof(drawn));
		put(input, &drawn, sizeof(drawn));
	} else if (action == FUZZ_READ) {
		put_header(input, ZCB_ABI_WAS_READ, 1, sizeof(freed));
		put(input, &freed, sizeof(freed)); /* struct zcb_abi_read is the same */
	} else if (action == FUZZ_GIVE || action == FUZZ_REGAIN) {
		put_header(input, action == FUZZ_GIVE ? ZCB_ABI_GIVEN : ZCB_ABI_REGAINED, 1, sizeof(done));
		put(input, &done, sizeof(done));
	} else if (action == FUZZ_FREE) {
		put_header(input, ZCB_ABI_FREED, 1, sizeof(freed));
		put(input, &freed, sizeof(freed));
	} else {
		put_pages(input, pages, action == FUZZ_ALLOC);
	}
}

static void make_error_answer(struct input *input)
{
	struct zcb_abi_error error;

	put_header(input, ZCB_ABI_ERROR, 1, sizeof(error));
	for (size_t i = 0; i < sizeof(error.text); i++)
		error.text[i] = (char)random_below(256);
	put(input, &error, sizeof(error));
}

static void make_noise(struct input *input)
{
	input->n = random_below(ROOM);
	for (size_t i = 0; i < input->n; i++)
		input->bytes[i] = (uint8_t)random_below(256);
}

/* Values at which lengths, numbers of pages and addresses go wrong. */
static void set_word(struct input *input)
{
	static const uint64_t words[] = { 0, 1, 511, 512, 0x7fffffff, 0x80000000, 0xffffffff,
					  1ULL << 20, 3ULL << 19, (3ULL << 19) - 1, (1ULL << 52) + 1, 1ULL << 63, UINT64_MAX };
	uint64_t word = words[random_below(sizeof(words) / sizeof(words[0]))];
	size_t n = 1U << random_below(4), at = FUZZ_CHOICES + random_below((uint32_t)input->n);

	if (at + n <= input->n)
		memcpy(input->bytes + at, &word, n);
}

static void mutate(struct input *input)
{
	switch (random_below(6)) {
	case 0: /* a bit of what the guest says */
		if (input->n > FUZZ_CHOICES)
			input->bytes[FUZZ_CHOICES + random_below((uint32_t)input->n - FUZZ_CHOICES)] ^=
				(uint8_t)(1U << random_below(8));
		break;
	case 1:
		input->n = random_below((uint32_t)input->n + 1);
		break;
	case 2:
		put(input, input->bytes, random_below(64));
		break;
	case 3: /* a choice: the answer to another question */
		if (input->n >= FUZZ_CHOICES)
			input->bytes[random_below(FUZZ_CHOICES)] = (uint8_t)random_below(256);
		break;
	case 4: /* a page twice */
		if (input->n >= FUZZ_CHOICES + 16)
			memcpy(input->bytes + input->n - 8, input->bytes + input->n - 16, 8);
		break;
	default:
		if (input->n)
			set_word(input);
		break;
	}
}

static void make(struct input *input)
{
	make_right_answer(input, (enum fuzz_action)random_below(FUZZ_ACTIONS));
	switch (random_below(8)) {
	case 0:
		make_noise(input);
		break;
	case 1:
		input->n = FUZZ_CHOICES;
		make_error_answer(input);
		break;
	case 2: /* not mutated */
		break;
	default:
		for (uint32_t left = 1 + random_below(4); left > 0; left--)
			mutate(input);
	}
}

/* From a copy that ends where the input ends: a sanitizer sees a read beyond it. */
static void run(const struct input *input)
{
	uint8_t *copy = malloc(input->n ? input->n : 1);

	if (!copy)
		abort();
	memcpy(copy, input->bytes, input->n);
	LLVMFuzzerTestOneInput(copy, input->n);
	free(copy);
}

int main(int argc, char **argv)
{
	unsigned long inputs = argc > 1 ? strtoul(argv[1], NULL, 10) : 20000;
	unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;

	for (unsigned long i = 0; i < inputs; i++) {
		struct input input = { .n = 0 };

		state = seed + i;
		random_below(2);
		make(&input);
		if (i % 1000 == 0)
			fprintf(stderr, "inputs from seed %lu on\n", seed + i);
		run(&input);
	}
	printf("%lu inputs from seed %lu: no promise broken\n", inputs, seed);
	return 0;
}
