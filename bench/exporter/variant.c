// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/exporter/variant.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define PARAMETER "/sys/module/udmabuf/parameters/variant"
#define COUNTERS "/sys/kernel/debug/udmabuf"

int zcb_variant_select(const char *name, struct zcb_error *err)
{
	int ret = zcb_write_text(PARAMETER, name);

	if (ret == -ENOENT && !strcmp(name, "stock"))
		return 0;
	if (ret == -ENOENT)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: its udmabuf has no variants, so no %s: choose "
				"--kernel variants, which ./scripts/setup kernel builds", name);
	if (ret == -EINVAL)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: its udmabuf has no variant %s (`cat " PARAMETER
				"` there shows which it has): choose another kernel or variant, or build one that "
				"has it, ./scripts/setup kernel", name);
	if (ret)
		return zcb_fail(err, ret, "kernel: " PARAMETER ": %s", strerror(-ret));
	return 0;
}

static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
#define NUMBER(member) { #member, offsetof(struct zcb_udmabuf_counters, member) }
	NUMBER(slots),	 NUMBER(mapped),  NUMBER(held),	 NUMBER(stale), NUMBER(updates), NUMBER(same),
	NUMBER(misses),	 NUMBER(dropped), NUMBER(retries), NUMBER(zaps), NUMBER(lookups),
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static uint64_t *number_in(struct zcb_udmabuf_counters *counters, size_t i)
{
	return (uint64_t *)((char *)counters + numbers[i].offset);
}

/* "name value": names that are not known here are of a newer kernel. */
static void take_line(struct zcb_udmabuf_counters *counters, char *line)
{
	char *save = NULL, *name = strtok_r(line, " \t", &save), *value = strtok_r(NULL, " \t", &save);

	if (!name || !value)
		return;
	if (!strcmp(name, "variant"))
		snprintf(counters->variant, sizeof(counters->variant), "%s", value);
	for (size_t i = 0; i < NUMBERS; i++) {
		if (strcmp(name, numbers[i].name) != 0)
			continue;
		*number_in(counters, i) = strtoull(value, NULL, 10);
		return;
	}
}

/* They are made for the first read(), whole; a second one would only say that this was all. */
static int read_counters(const char *path, char *ret_text, size_t room)
{
	ZCB_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret_text, room - 1);

	if (n < 0)
		return -errno;
	ret_text[n] = '\0';
	return 0;
}

int zcb_udmabuf_counters(int dmabuf, struct zcb_udmabuf_counters *ret_counters)
{
	struct zcb_udmabuf_counters counters = { "" };
	char path[64], text[4096], *save = NULL;
	struct stat st;
	int ret;

	if (fstat(dmabuf, &st) < 0)
		return -errno;
	snprintf(path, sizeof(path), COUNTERS "/%" PRIu64, (uint64_t)st.st_ino);
	ret = read_counters(path, text, sizeof(text));
	if (ret)
		return ret;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		take_line(&counters, line);
	*ret_counters = counters;
	return 0;
}

void zcb_udmabuf_counters_add(struct zcb_udmabuf_counters *sum,
			      const struct zcb_udmabuf_counters *one)
{
	struct zcb_udmabuf_counters added = *one;

	memcpy(sum->variant, one->variant, sizeof(sum->variant));
	for (size_t i = 0; i < NUMBERS; i++)
		*number_in(sum, i) += *number_in(&added, i);
}
