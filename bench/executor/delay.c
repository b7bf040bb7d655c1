// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/delay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/io.h"

#define FOLDER "/sys/module/zcb_delay/parameters"

int zcb_delay_set(const char *knob, uint32_t value, struct zcb_error *err)
{
	char path[128], text[16];
	int ret;

	if (strspn(knob, "abcdefghijklmnopqrstuvwxyz_") != strlen(knob))
		return zcb_fail(err, -EINVAL, "usage: \"delay\":\"%s\" is no name of a knob", knob);
	snprintf(path, sizeof(path), FOLDER "/%s", knob);
	snprintf(text, sizeof(text), "%" PRIu32, value);
	ret = zcb_write_text(path, text);
	if (ret == -ENOENT)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: no %s: only the kernel delays can be slowed down "
				"(./scripts/setup delays, --kernel delays)", path);
	return ret ? zcb_fail(err, ret, "kernel: %s does not take %" PRIu32 ": %s", path, value,
			      strerror(-ret)) : 0;
}
