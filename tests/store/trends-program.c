// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/commands/command.h"

int main(int argc, char **argv)
{
	return zcb_command_trends(argc, argv);
}
