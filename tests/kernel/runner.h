/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_RUNNER_H
#define ZCB_TESTS_KERNEL_RUNNER_H

/**
 * In the host under test: greets on the channel, is told what to do, does it, one message a
 * scenario, and says goodbye. Returns an exit code.
 */
int runner_main(int argc, char **argv);

#endif
