/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_HOST_INIT_H
#define ZCB_HOST_INIT_H

/*
 * The parts of the host's /init. It runs as process 1 of the host under test, from an initramfs
 * that has nothing else in it but modules.
 */

/** Says one line "zcb-init: …" in the kernel's log, at a level that "quiet" still prints. */
__attribute__((format(printf, 1, 2))) void zcb_say(const char *fmt, ...);

/**
 * Loads the modules that dir/order names, one file a line, in that order. A leading '?' marks one
 * that may fail (the other vendor's KVM). Returns 0, also when there is no such file, or -errno.
 */
int zcb_load_modules(const char *dir);

/**
 * Waits for the virtio-serial port of that name and stores its device's path in ret_path.
 * Returns 0, -ETIMEDOUT, or -ENAMETOOLONG.
 */
int zcb_find_port(const char *name, char *ret_path, unsigned int size);

#endif
