// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/recorder.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/wire.h"

/* Memory that is new costs more than what is in it: most series of a short cell are as short as this. */
#define FIRST_ROOM 40U

#define ENOUGH_BYTES (1U << 20) /* in one message; but a series is sent whole */

static bool is_named(const struct zcb_series *series, const char *metric)
{
	return !strncmp(series->metric, metric, sizeof(series->metric) - 1);
}

static struct zcb_series *add_series(struct zcb_recorder *recorder, const char *metric, const char *unit)
{
	struct zcb_series *series;

	if (recorder->n == sizeof(recorder->series) / sizeof(recorder->series[0]))
		return NULL;
	series = &recorder->series[recorder->n++];
	snprintf(series->metric, sizeof(series->metric), "%s", metric);
	series->unit = unit;
	return series;
}

/* A name is mostly the same string as before: then one comparison of letters is enough. */
static struct zcb_series *find_or_add(struct zcb_recorder *recorder, const char *metric,
				      const char *unit)
{
	struct zcb_series *series = NULL;

	for (uint32_t i = 0; i < recorder->n; i++)
		if (recorder->series[i].named_by == metric && is_named(&recorder->series[i], metric))
			return &recorder->series[i];
	for (uint32_t i = 0; !series && i < recorder->n; i++)
		if (is_named(&recorder->series[i], metric))
			series = &recorder->series[i];
	if (!series)
		series = add_series(recorder, metric, unit);
	if (series)
		series->named_by = metric;
	return series;
}

static int make_room(struct zcb_series *series)
{
	uint64_t room = series->room ? series->room * 2 : FIRST_ROOM;
	struct zcb_sample *grown;

	if (series->n < series->room)
		return 0;
	grown = reallocarray(series->sample, room, sizeof(*grown));
	if (!grown)
		return -1;
	series->sample = grown;
	series->room = room;
	return 0;
}

void zcb_recorder_add(struct zcb_recorder *recorder, const char *metric, const char *unit,
		      uint64_t operation, uint64_t at_ns, uint64_t value)
{
	struct zcb_series *series = recorder->muted ? NULL : find_or_add(recorder, metric, unit);

	if (recorder->muted)
		return;
	if (!series || make_room(series)) {
		recorder->dropped++;
		return;
	}
	series->sample[series->n++] = (struct zcb_sample){ operation, at_ns - recorder->start_ns, value };
}

static int compare_values(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Nearest rank: the smallest value that at least a share q of the samples do not exceed. */
static json_t *quantile(const uint64_t *sorted, uint64_t n, double q)
{
	uint64_t rank = (uint64_t)ceil(q * (double)n);

	return json_integer((json_int_t)sorted[rank ? rank - 1 : 0]);
}

static void add_statistics(json_t *json, uint64_t *value, uint64_t n)
{
	double sum = 0;

	if (n == 0)
		return;
	qsort(value, n, sizeof(*value), compare_values);
	for (uint64_t i = 0; i < n; i++)
		sum += (double)value[i];
	json_object_set_new(json, "p50", quantile(value, n, 0.5));
	json_object_set_new(json, "p90", quantile(value, n, 0.9));
	json_object_set_new(json, "p99", quantile(value, n, 0.99));
	json_object_set_new(json, "p999", quantile(value, n, 0.999));
	json_object_set_new(json, "max", json_integer((json_int_t)value[n - 1]));
	json_object_set_new(json, "mean", json_real(sum / (double)n));
}

json_t *zcb_series_summary(const struct zcb_series *series)
{
	ZCB_FREE uint64_t *value = malloc(series->n * sizeof(*value) + 1);
	json_t *json = json_pack("{s:s}", "unit", series->unit);
	uint64_t n = 0;

	for (uint64_t i = 0; value && i < series->n; i++)
		if (series->sample[i].value != ZCB_CENSORED)
			value[n++] = series->sample[i].value;
	json_object_set_new(json, "n", json_integer((json_int_t)n));
	json_object_set_new(json, "censored", json_integer((json_int_t)(series->n - n)));
	if (value)
		add_statistics(json, value, n);
	return json;
}

int zcb_series_parse(const void *file, size_t bytes, struct zcb_series *ret_series)
{
	struct zcb_samples_header header = { 0 };
	size_t n = bytes < sizeof(header) ? 0 : bytes - sizeof(header);
	struct zcb_sample *sample;

	memcpy(&header, file, bytes < sizeof(header) ? 0 : sizeof(header));
	if (memcmp(header.magic, ZCB_SAMPLES_MAGIC, sizeof(header.magic)) != 0 ||
	    header.version != ZCB_SAMPLES_VERSION || header.record_size != sizeof(*sample) ||
	    n % sizeof(*sample))
		return -EPROTO;
	sample = malloc(n + 1);
	if (!sample)
		return -ENOMEM;
	memcpy(sample, (const char *)file + sizeof(header), n);
	ret_series->sample = sample;
	ret_series->n = ret_series->room = n / sizeof(*sample);
	return 0;
}

static size_t file_size(const struct zcb_series *series)
{
	return sizeof(struct zcb_samples_header) + series->n * sizeof(struct zcb_sample);
}

static char *add_file(char *to, const struct zcb_series *series)
{
	struct zcb_samples_header header = { .version = ZCB_SAMPLES_VERSION,
					     .record_size = sizeof(struct zcb_sample) };

	memcpy(header.magic, ZCB_SAMPLES_MAGIC, sizeof(header.magic));
	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), series->sample, file_size(series) - sizeof(header));
	return to + file_size(series);
}

/* Of [first, end), n bytes. */
static int send_some(const struct zcb_recorder *recorder, uint32_t first, uint32_t end, size_t n, int out)
{
	ZCB_FREE char *bytes = malloc(n);
	char *to = bytes;
	json_t *list;

	if (!bytes)
		return -ENOMEM;
	list = json_array();
	for (uint32_t i = first; i < end; i++) {
		const struct zcb_series *series = &recorder->series[i];

		to = add_file(to, series);
		json_array_append_new(list, json_pack("[s, s, I]", series->metric, series->unit,
						      (json_int_t)file_size(series)));
	}
	return zcb_wire_send(out, json_pack("{s:s, s:s, s:o}", "type", "file", "kind", "samples", "series",
					    list), bytes, n);
}

int zcb_recorder_send(const struct zcb_recorder *recorder, int out)
{
	int ret = 0;

	for (uint32_t first = 0, end; first < recorder->n && !ret; first = end) {
		size_t n = file_size(&recorder->series[first]);

		for (end = first + 1; end < recorder->n && n < ENOUGH_BYTES; end++)
			n += file_size(&recorder->series[end]);
		ret = send_some(recorder, first, end, n, out);
	}
	return ret;
}

void zcb_recorder_forget(struct zcb_recorder *recorder, const char *metric)
{
	for (uint32_t i = 0; i < recorder->n; i++) {
		if (strcmp(recorder->series[i].metric, metric) != 0)
			continue;
		free(recorder->series[i].sample);
		recorder->n--;
		memmove(&recorder->series[i], &recorder->series[i + 1],
			(recorder->n - i) * sizeof(recorder->series[0]));
		memset(&recorder->series[recorder->n], 0, sizeof(recorder->series[0]));
		return;
	}
}

void zcb_recorder_finish(struct zcb_recorder *recorder)
{
	for (uint32_t i = 0; i < recorder->n; i++)
		free(recorder->series[i].sample);
	memset(recorder, 0, sizeof(*recorder));
}
