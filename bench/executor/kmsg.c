// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/executor/lockdep.h"
#include "bench/results/wire.h"
#include "bench/target/faults.h"

/* Of one cell; a kernel that logs more than this is heard on the console too. */
#define MAX_TEXT (256U << 10)

struct zcb_kmsg {
	int fd;
	struct zcb_faults *faults;
	size_t told; /* faults that were returned already */
	bool told_of_lockdep;
};

struct zcb_kmsg *zcb_kmsg_open(void)
{
	struct zcb_kmsg *kmsg = calloc(1, sizeof(*kmsg));

	if (!kmsg)
		return NULL;
	kmsg->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	kmsg->faults = zcb_faults_new();
	if (kmsg->fd < 0 || !kmsg->faults) {
		zcb_kmsg_close(kmsg);
		return NULL;
	}
	return kmsg;
}

/* "6,339,5140900,-;text" becomes "[    5.140900] text", as dmesg shows it. */
static void append_text(FILE *to, const char *record)
{
	const char *text = strchr(record, ';');
	unsigned long long microseconds = 0;

	if (!text || sscanf(record, "%*u,%*u,%llu", &microseconds) != 1)
		return;
	fprintf(to, "[%5llu.%06llu] %.*s\n", microseconds / 1000000, microseconds % 1000000,
		(int)strcspn(text + 1, "\n"), text + 1);
}

/* *ret_text is NULL where nothing came, as after most cells; the caller's to free. */
static void read_records(struct zcb_kmsg *kmsg, char **ret_text, size_t *ret_n)
{
	ZCB_FCLOSE FILE *to = NULL;
	char record[8193];
	size_t used = 0;

	for (;;) {
		ssize_t n = read(kmsg->fd, record, sizeof(record) - 1);

		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue; /* EPIPE: records were overwritten before they could be read */
		if (n <= 0)
			return;
		record[n] = '\0';
		zcb_faults_feed_kmsg(kmsg->faults, record, (size_t)n);
		used += (size_t)n;
		if (!to)
			to = open_memstream(ret_text, ret_n);
		if (to && used < MAX_TEXT)
			append_text(to, record);
	}
}

static json_t *new_faults(struct zcb_kmsg *kmsg)
{
	json_t *array = json_array();
	size_t n;
	const char *const *fault = zcb_faults_list(kmsg->faults, &n);

	for (; kmsg->told < n; kmsg->told++)
		json_array_append_new(array, json_string(fault[kmsg->told]));
	/* Else a kernel that found nothing could be one that stopped to look. */
	if (!kmsg->told_of_lockdep && zcb_lockdep_is_off(ZCB_LOCKDEP_STATS)) {
		kmsg->told_of_lockdep = true;
		json_array_append_new(array, json_string("lockdep is off: the kernel's lock checker "
							 "has stopped to look"));
	}
	return array;
}

json_t *zcb_kmsg_take(struct zcb_kmsg *kmsg, int out)
{
	ZCB_FREE char *text = NULL;
	size_t n = 0;

	if (!kmsg)
		return json_array();
	read_records(kmsg, &text, &n);
	if (n)
		zcb_wire_send(out, json_pack("{s:s}", "type", "kmsg"), text, n);
	return new_faults(kmsg);
}

void zcb_kmsg_close(struct zcb_kmsg *kmsg)
{
	if (!kmsg)
		return;
	if (kmsg->fd >= 0)
		close(kmsg->fd);
	zcb_faults_free(kmsg->faults);
	free(kmsg);
}
