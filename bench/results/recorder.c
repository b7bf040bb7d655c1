// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/recorder.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/wire.h"

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
	uint64_t room = series->room ? series->room * 2 : 256;
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

static json_t *summarize(const struct zcb_series *series)
{
	uint64_t *value = malloc(series->n * sizeof(*value) + 1);
	json_t *json = json_pack("{s:s}", "unit", series->unit);
	uint64_t n = 0;

	for (uint64_t i = 0; value && i < series->n; i++)
		if (series->sample[i].value != ZCB_CENSORED)
			value[n++] = series->sample[i].value;
	json_object_set_new(json, "n", json_integer((json_int_t)n));
	json_object_set_new(json, "censored", json_integer((json_int_t)(series->n - n)));
	if (value)
		add_statistics(json, value, n);
	free(value);
	return json;
}

json_t *zcb_recorder_summary(const struct zcb_recorder *recorder)
{
	json_t *metrics = json_object();

	for (uint32_t i = 0; i < recorder->n; i++)
		json_object_set_new(metrics, recorder->series[i].metric,
				    summarize(&recorder->series[i]));
	return metrics;
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

int zcb_recorder_send(const struct zcb_recorder *recorder, int out)
{
	json_t *list = json_array();
	ZCB_FREE char *bytes = NULL;
	char *end;
	size_t n = 0;

	for (uint32_t i = 0; i < recorder->n; i++)
		n += file_size(&recorder->series[i]);
	end = bytes = n ? malloc(n) : NULL;
	for (uint32_t i = 0; bytes && i < recorder->n; i++) {
		const struct zcb_series *series = &recorder->series[i];

		end = add_file(end, series);
		json_array_append_new(list, json_pack("[s, I]", series->metric,
						      (json_int_t)file_size(series)));
	}
	if (bytes)
		return zcb_wire_send(out, json_pack("{s:s, s:s, s:o}", "type", "file", "kind", "samples",
						    "series", list), bytes, n);
	json_decref(list);
	return n ? -ENOMEM : 0;
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
