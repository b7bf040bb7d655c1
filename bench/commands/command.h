/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_COMMANDS_COMMAND_H
#define ZCB_COMMANDS_COMMAND_H

/*
 * The subcommands, one file each. argv[0] is the subcommand's name; the return value is the exit
 * code of the program (bench/base/error.h). Results go to standard output, all else to standard
 * error.
 */
int zcb_command_ab(int argc, char **argv);
int zcb_command_compare(int argc, char **argv);
int zcb_command_doctor(int argc, char **argv);
int zcb_command_export(int argc, char **argv);
int zcb_command_list(int argc, char **argv);
int zcb_command_merge(int argc, char **argv);
int zcb_command_report(int argc, char **argv);
int zcb_command_run(int argc, char **argv);
int zcb_command_runner(int argc, char **argv);
int zcb_command_trends(int argc, char **argv);

#endif
