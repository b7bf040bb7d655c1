/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_MICRO_ABI_H
#define ZCB_GUEST_MICRO_ABI_H

#include <stdint.h>

#include "bench/guest/abi.h"

/*
 * What a micro guest's payload and its VMM agree on; the only header they share. Guest RAM starts
 * at guest address 0, is mapped to itself, and its first 2 MiB are these:
 *
 *   0x01000  page tables          written by the VMM
 *   0x08000  control page         struct zcb_abi_control, written by the payload
 *   0x09000  mailbox              the VMM's request and the payload's answer
 *   0x10000  payload              a flat binary, entered at its first byte
 *   0x20000  stack                grows down from 0x30000
 *   0x40000  pages                guest addresses of the frame's pages, in its order: the VMM's
 *   0x60000  ticks                of the TSC that each page's first access took: the payload's
 *
 * The rest belongs to frames. A request is in the mailbox when the vCPU is run; the answer is
 * there, and the ticks, when it leaves by an OUT to the port.
 */

#define ZCB_MICRO_TABLES 0x1000U
#define ZCB_MICRO_CONTROL 0x8000U
#define ZCB_MICRO_MAILBOX 0x9000U
#define ZCB_MICRO_PAYLOAD 0x10000U
#define ZCB_MICRO_STACK 0x20000U
#define ZCB_MICRO_STACK_TOP 0x30000U
#define ZCB_MICRO_PAGES 0x40000U
#define ZCB_MICRO_TICKS 0x60000U
#define ZCB_MICRO_USED 0x80000U /* what lies above is touched by nobody, up to: */
#define ZCB_MICRO_RESERVED 0x200000U

#define ZCB_MICRO_PORT 0x5a

enum zcb_micro_command {
	ZCB_MICRO_HELLO = 1, /* fill the control page */
	ZCB_MICRO_DRAW = 2,  /* stamp every page, then publish the sequence */
	ZCB_MICRO_READ = 3,  /* read a word of every page, and write none */
};

struct zcb_micro_request {
	uint32_t command;
	uint32_t serial;
	uint32_t frame;
	uint32_t pages;
	uint64_t sequence;
	uint64_t key;
	uint64_t nonce;
};

struct zcb_micro_answer {
	uint32_t command; /* these repeat the request's */
	uint32_t serial;
	uint32_t frame;
	uint32_t pages; /* that were touched */
	uint64_t sequence;
	uint64_t ticks; /* of the TSC, when the answer was made */
};

struct zcb_micro_mailbox {
	struct zcb_micro_request request;
	uint64_t apart[8]; /* no cache line has both */
	struct zcb_micro_answer answer;
};

#endif
