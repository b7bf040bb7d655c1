/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_QMP_H
#define ZCB_GUEST_QMP_H

#include <jansson.h>

#include "bench/base/error.h"

/**
 * Our end of QEMU's own control socket (docs/interop/qmp-spec.rst of QEMU). Nothing is kept between
 * two commands, so that a fork of its owner may use it as well, but only one process at a time.
 *
 * It is here and not in bench/base for its JSON: base is the C library alone.
 */
struct zcb_qmp {
	int fd;         /* a stream socket, borrowed */
	int timeout_ms; /* how long the answer to one command may take, events in between or not */
};

/**
 * Waits for QEMU's greeting and ends the negotiation. Returns 0, or as zcb_qmp_execute().
 */
int zcb_qmp_begin(const struct zcb_qmp *qmp, struct zcb_error *err);

/**
 * Executes a command and waits for what it returns. The reference to arguments is taken; NULL: it has
 * none. *ret_value is a new reference, ret_value NULL where nobody wants it. Events are passed over,
 * and so are the answers to commands that were given up.
 *
 * Errors: -ENODEV (QEMU has no such device), -EREMOTEIO (it says another error), -ETIMEDOUT,
 * -ENOTCONN (it is gone), -EPROTO (that was no QMP), -ENOMEM.
 */
int zcb_qmp_execute(const struct zcb_qmp *qmp, const char *command, json_t *arguments,
		    json_t **ret_value, struct zcb_error *err);

/**
 * Gives QEMU a duplicate of a descriptor, which it keeps under that name until a command takes it
 * (getfd). Errors as of zcb_qmp_execute().
 */
int zcb_qmp_give_fd(const struct zcb_qmp *qmp, int fd, const char *name, struct zcb_error *err);

#endif
