// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All that runs in a micro guest: it stamps or reads the pages it is told, and times its first
 * access of each. No interrupts, no exceptions: whatever goes wrong ends in a triple fault.
 */
#include <stddef.h>
#include <stdint.h>

#include "bench/guest/micro/abi.h"

/* The compiler may call these, whether or not the source does. */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n) : : "memory");
	return to;
}

void *memset(void *to, int value, size_t n)
{
	void *at = to;

	__asm__ volatile("rep stosb" : "+D"(at), "+c"(n) : "a"(value) : "memory");
	return to;
}

/* A guest address is a pointer: RAM is mapped to itself. */
static void *at_address(uint64_t gpa)
{
	return (void *)gpa;
}

/* What comes before is done, and nothing after it has begun. */
static uint64_t ticks_now(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static void draw(const struct zcb_micro_request *request)
{
	struct zcb_abi_control *control = at_address(ZCB_MICRO_CONTROL);
	const uint64_t *page = at_address(ZCB_MICRO_PAGES);
	uint64_t *ticks = at_address(ZCB_MICRO_TICKS);

	for (uint32_t i = 0; i < request->pages; i++) {
		volatile uint64_t *word = at_address(page[i]);
		uint64_t start = ticks_now();

		*word = request->sequence; /* as the stamp has it */
		ticks[i] = ticks_now() - start;
		zcb_stamp_fill(at_address(page[i]), request->key, request->sequence,
			       (uint16_t)request->frame, i);
	}
	__atomic_store_n(&control->published[request->frame], request->sequence, __ATOMIC_RELEASE);
}

static void read(const struct zcb_micro_request *request)
{
	const uint64_t *page = at_address(ZCB_MICRO_PAGES);
	uint64_t *ticks = at_address(ZCB_MICRO_TICKS);

	for (uint32_t i = 0; i < request->pages; i++) {
		const volatile uint64_t *word = at_address(page[i]);
		uint64_t start = ticks_now();

		(void)*word;
		ticks[i] = ticks_now() - start;
	}
}

static void say_hello(const struct zcb_micro_request *request)
{
	struct zcb_abi_control *control = at_address(ZCB_MICRO_CONTROL);

	control->nonce = request->nonce;
	control->magic = ZCB_ABI_CONTROL_MAGIC;
}

static void serve(struct zcb_micro_mailbox *mailbox)
{
	struct zcb_micro_request request = mailbox->request;

	if (request.command == ZCB_MICRO_HELLO)
		say_hello(&request);
	else if (request.command == ZCB_MICRO_DRAW)
		draw(&request);
	else if (request.command == ZCB_MICRO_READ)
		read(&request);
	mailbox->answer = (struct zcb_micro_answer){
		.command = request.command,
		.serial = request.serial,
		.frame = request.frame,
		.pages = request.pages,
		.sequence = request.sequence,
		.ticks = ticks_now(),
	};
}

/* The VMM sets the stack up. */
__attribute__((section(".text.start"), noreturn, used)) void start(void);

void start(void)
{
	for (;;) {
		serve(at_address(ZCB_MICRO_MAILBOX));
		__asm__ volatile("outb %%al, %0" : : "i"(ZCB_MICRO_PORT) : "memory");
	}
}
