/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_HOST_H
#define ZCB_TESTS_KERNEL_HOST_H

/** Boots a host under test with this program in it, and judges what it says. An exit code. */
int host_main(int argc, char **argv);

#endif
