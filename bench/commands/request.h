/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_COMMANDS_REQUEST_H
#define ZCB_COMMANDS_REQUEST_H

#include <getopt.h>
#include <stdbool.h>

#include "bench/conductor/conductor.h"

/** What the command line of `run` or of `ab` says. Strings are argv's. */
struct zcb_request {
	bool compares; /* `ab`: A, B, and its own options; set before zcb_request_take() */
	const char *plan, *accel, *output;
	struct zcb_plan_options plan_options;
	struct zcb_arms arms;
	struct zcb_run_config config;
	char qemu_version[128], cmdline[512];
	bool resume, no_report, needs, cpus_given, json;
	const char *metrics; /* of a comparison, with commas; NULL: the usual ones */
	const struct zcb_plan *running; /* the plan while it runs */
	double margin;       /* what counts as no difference, in per cent; 0: the usual one */
};

/** The usual values, before the command line is read. */
void zcb_request_init(struct zcb_request *request, bool compares);

/**
 * Reads the command line. Returns 0, or an exit code after a sentence on standard error; with
 * --help prints usage() and ends the program.
 */
int zcb_request_take(int argc, char **argv, struct zcb_request *request, void (*usage)(void));

/** More than `run` or `ab` has options. */
#define ZCB_REQUEST_OPTIONS 40

/** The options of `ab`, or of `run`, as getopt_long() wants them. */
void zcb_request_table(bool compares, struct option ret_table[ZCB_REQUEST_OPTIONS]);

/** The options that `run` and `ab` share, for their --help. */
void zcb_request_print_options(void);

/** Says a sentence on standard error, and returns the exit code. */
int zcb_complain(enum zcb_exit code, const char *text);

#endif
