// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stress for the kernel patches, without a guest. Here it boots a host under test whose runner is
 * this very program; there it is called as the runner, and makes udmabufs of every variant meet all
 * that can happen to their memory.
 */
#include <string.h>

#include "tests/kernel/host.h"
#include "tests/kernel/runner.h"

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "runner"))
		return runner_main(argc, argv);
	return host_main(argc, argv);
}
