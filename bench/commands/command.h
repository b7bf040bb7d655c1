/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_COMMANDS_COMMAND_H
#define ZCB_COMMANDS_COMMAND_H

#include <getopt.h>
#include <jansson.h>

/*
 * The subcommands, one file each. argv[0] is the subcommand's name; the return value is the exit
 * code of the program (bench/base/error.h). Results go to standard output, all else to standard
 * error.
 */
int zcb_command_ab(int argc, char **argv);
int zcb_command_complete(int argc, char **argv);
int zcb_command_compare(int argc, char **argv);
int zcb_command_doctor(int argc, char **argv);
int zcb_command_export(int argc, char **argv);
int zcb_command_list(int argc, char **argv);
int zcb_command_merge(int argc, char **argv);
int zcb_command_report(int argc, char **argv);
int zcb_command_run(int argc, char **argv);
int zcb_command_runner(int argc, char **argv);
int zcb_command_trends(int argc, char **argv);

/** What they take, but for `run` and `ab`: zcb_request_table(). Shells complete from these. */
extern const struct option zcb_options_compare[];
extern const struct option zcb_options_doctor[];
extern const struct option zcb_options_export[];
extern const struct option zcb_options_list[];
extern const struct option zcb_options_merge[];
extern const struct option zcb_options_report[];
extern const struct option zcb_options_trends[];

/** The kinds of `zcbench list`, in order; NULL after the last. */
const char *zcb_list_topic(size_t i);

/** What there is of a kind: objects with a "name". A new reference, or NULL for what is no kind. */
json_t *zcb_list_of(const char *topic);

#endif
