// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/micro/mailbox.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* The clocks that are held against each other are two, and neither is exact under emulation. */
#define CLOCKS_APART 2U
#define CLOCKS_APART_NS 1000000U

static char *at(const void *ram, uint64_t gpa)
{
	return (char *)(uintptr_t)ram + gpa;
}

/* The vCPU runs, or looks, only after what was written before: entering it is the barrier. */
void zcb_micro_mailbox_ask(void *ram, const struct zcb_micro_request *request)
{
	memcpy(at(ram, ZCB_MICRO_MAILBOX + offsetof(struct zcb_micro_mailbox, request)), request,
	       sizeof(*request));
}

int zcb_micro_mailbox_check(const void *ram, const struct zcb_micro_request *request,
			    struct zcb_error *err)
{
	struct zcb_micro_answer answer;

	memcpy(&answer, at(ram, ZCB_MICRO_MAILBOX + offsetof(struct zcb_micro_mailbox, answer)),
	       sizeof(answer));
	if (answer.serial != request->serial || answer.command != request->command)
		return zcb_fail(err, -EPROTO,
				"guest: its mailbox has an answer to command %u serial %u "
				"where command %u serial %u is due",
				answer.command, answer.serial, request->command, request->serial);
	if (answer.frame != request->frame || answer.pages != request->pages ||
	    answer.sequence != request->sequence)
		return zcb_fail(err, -EPROTO,
				"guest: it says that it touched %u pages of frame %u for "
				"sequence %" PRIu64 ", not %u of frame %u for %" PRIu64,
				answer.pages, answer.frame, answer.sequence, request->pages,
				request->frame, request->sequence);
	return 0;
}

uint64_t zcb_micro_mailbox_ticks(const void *ram)
{
	uint64_t ticks;

	memcpy(&ticks, at(ram, ZCB_MICRO_MAILBOX + offsetof(struct zcb_micro_mailbox, answer.ticks)),
	       sizeof(ticks));
	return ticks;
}

void zcb_micro_mailbox_list(void *ram, const zcb_gpa *page, uint32_t n)
{
	memcpy(at(ram, ZCB_MICRO_PAGES), page, n * sizeof(*page));
}

/* The parts apart, so that nothing overflows that a TSC can count. */
static uint64_t ns_of(uint64_t ticks, uint32_t khz)
{
	return ticks / khz * 1000000U + ticks % khz * 1000000U / khz;
}

int zcb_micro_mailbox_times(const void *ram, uint32_t n, uint32_t tsc_khz, zcb_ns ran,
			    zcb_ns *ret_took, struct zcb_error *err)
{
	uint64_t most = ran.ns * CLOCKS_APART + CLOCKS_APART_NS, left = most;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t ticks;

		memcpy(&ticks, at(ram, ZCB_MICRO_TICKS + i * sizeof(ticks)), sizeof(ticks));
		if (ticks / tsc_khz > most / 1000000U + 1 || ns_of(ticks, tsc_khz) > left)
			return zcb_fail(err, -EPROTO,
					"guest: it says that its touches took %" PRIu64
					" ticks and more, and its vCPU ran for %" PRIu64 " ns",
					ticks, ran.ns);
		ret_took[i].ns = ns_of(ticks, tsc_khz);
		left -= ret_took[i].ns;
	}
	return 0;
}
