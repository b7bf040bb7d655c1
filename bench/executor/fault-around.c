// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/fault-around.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/io.h"

#define FILE_NAME "/sys/kernel/debug/fault_around_bytes"

int zcb_fault_around_get(uint64_t *ret_bytes)
{
	return zcb_read_number(FILE_NAME, ret_bytes);
}

int zcb_fault_around_set(uint64_t bytes, struct zcb_error *err)
{
	char text[24];
	int ret;

	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	ret = zcb_write_text(FILE_NAME, text);
	if (ret == -ENOENT)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: no " FILE_NAME ": it needs CONFIG_DEBUG_FS, and "
				"debugfs mounted (mount -t debugfs none /sys/kernel/debug)");
	return ret ? zcb_fail(err, ret, "kernel: " FILE_NAME ": %s", strerror(-ret)) : 0;
}
