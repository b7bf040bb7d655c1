// SPDX-License-Identifier: GPL-2.0-or-later
/* `zcbench runner`: what runs inside the host under test. People do not call it. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/error.h"
#include "bench/commands/command.h"
#include "bench/executor/runner.h"

int zcb_command_runner(int argc, char **argv)
{
	static const struct option options[] = {
		{ "channel", required_argument, NULL, 'c' },
		{ "channel-fd", required_argument, NULL, 'f' },
		{ "folder", required_argument, NULL, 'd' },
		{ "guest-console", required_argument, NULL, 'g' },
		{ "requests", required_argument, NULL, 'r' },
		{ 0 },
	};
	struct zcb_runner_config config = { .folder = "/zcb" };
	struct zcb_error err = { "" };
	int fd = -1, option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			fd = open(optarg, O_RDWR | O_CLOEXEC);
		else if (option == 'f')
			fd = atoi(optarg);
		else if (option == 'd')
			config.folder = optarg;
		else if (option == 'g')
			config.console = optarg;
		else if (option == 'r')
			config.requests = optarg;
		else
			return ZCB_EXIT_USAGE;
	}
	if (fd < 0) {
		fprintf(stderr, "zcbench: the runner has no channel: it is started by `zcbench run`\n");
		return ZCB_EXIT_USAGE;
	}
	if (zcb_runner_run(fd, &config, &err)) {
		fprintf(stderr, "zcbench runner: %s\n", err.text);
		return ZCB_EXIT_INFRASTRUCTURE;
	}
	return ZCB_EXIT_CLEAN;
}
