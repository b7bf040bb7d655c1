// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/results/recorder.h"
#include "bench/results/wire.h"

static void keep(struct zcb_recorder *recorder, uint64_t value)
{
	zcb_recorder_add(recorder, "punch", "ns", 1, recorder->start_ns, value);
}

static json_t *summary_of(const struct zcb_recorder *recorder)
{
	json_t *all = json_object();

	for (uint32_t i = 0; i < recorder->n; i++)
		json_object_set_new(all, recorder->series[i].metric,
				    zcb_series_summary(&recorder->series[i]));
	return all;
}

static json_t *metric_of(const struct zcb_recorder *recorder, json_t **ret_all)
{
	*ret_all = summary_of(recorder);
	return json_object_get(*ret_all, "punch");
}

static json_int_t number(json_t *metric, const char *key)
{
	json_t *value = json_object_get(metric, key);

	if (!json_is_integer(value))
		fail_msg("\"%s\" is no integer", key);
	return json_integer_value(value);
}

/*
 * The naive definition in whole numbers, by counting and not by sorting: the smallest of the values
 * that at least permille/1000 of them do not exceed.
 */
static uint64_t naive_quantile(const uint64_t *value, size_t n, uint64_t permille)
{
	uint64_t best = UINT64_MAX;

	for (size_t i = 0; i < n; i++) {
		size_t at_most = 0;

		for (size_t j = 0; j < n; j++)
			at_most += value[j] <= value[i];
		if (1000 * at_most >= permille * n && value[i] < best)
			best = value[i];
	}
	return best;
}

static void compare_with_naive(const uint64_t *value, size_t n)
{
	static const struct {
		const char *key;
		uint64_t permille;
	} quantiles[] = { { "p50", 500 }, { "p90", 900 }, { "p99", 990 }, { "p999", 999 },
			  { "max", 1000 } };
	struct zcb_recorder recorder = { .start_ns = 5 };
	json_t *all, *metric;
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		keep(&recorder, value[i]);
		sum += (double)value[i];
	}
	metric = metric_of(&recorder, &all);
	assert_int_equal(number(metric, "n"), n);
	assert_int_equal(number(metric, "censored"), 0);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		assert_int_equal(number(metric, quantiles[i].key),
				 naive_quantile(value, n, quantiles[i].permille));
	assert_true(json_real_value(json_object_get(metric, "mean")) == sum / (double)n);
	json_decref(all);
	zcb_recorder_finish(&recorder);
}

static void quantiles_are_exact(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 9, 10, 11, 99, 100, 101, 999, 1000, 1001, 1500 };
	uint64_t value[1500];
	unsigned int seed = 1;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		for (size_t i = 0; i < sizes[s]; i++) /* with many that are equal */
			value[i] = (uint64_t)rand_r(&seed) % (s % 2 ? 40 : 1000000);
		compare_with_naive(value, sizes[s]);
	}
}

/* The units are whole nanoseconds of up to some 50 years: no value is rounded on its way. */
static void large_values_are_not_rounded(void **state)
{
	static const uint64_t value[] = { (1ULL << 60) + 1, (1ULL << 60) + 3, (1ULL << 60) + 2 };
	struct zcb_recorder recorder = { 0 };
	json_t *all, *metric;

	for (size_t i = 0; i < 3; i++)
		keep(&recorder, value[i]);
	metric = metric_of(&recorder, &all);
	assert_int_equal(number(metric, "p50"), (1ULL << 60) + 2);
	assert_int_equal(number(metric, "max"), (1ULL << 60) + 3);
	json_decref(all);
	zcb_recorder_finish(&recorder);
}

static void censored_are_counted_and_left_out(void **state)
{
	struct zcb_recorder recorder = { 0 };
	json_t *all, *metric;

	keep(&recorder, 10);
	keep(&recorder, ZCB_CENSORED);
	keep(&recorder, 30);
	keep(&recorder, ZCB_CENSORED);
	metric = metric_of(&recorder, &all);
	assert_int_equal(number(metric, "n"), 2);
	assert_int_equal(number(metric, "censored"), 2);
	assert_int_equal(number(metric, "p50"), 10);
	assert_int_equal(number(metric, "max"), 30);
	assert_true(json_real_value(json_object_get(metric, "mean")) == 20);
	json_decref(all);
	zcb_recorder_finish(&recorder);
}

static void all_censored_has_no_statistics(void **state)
{
	struct zcb_recorder recorder = { 0 };
	json_t *all, *metric;

	keep(&recorder, ZCB_CENSORED);
	metric = metric_of(&recorder, &all);
	assert_int_equal(number(metric, "n"), 0);
	assert_int_equal(number(metric, "censored"), 1);
	assert_null(json_object_get(metric, "p50"));
	assert_null(json_object_get(metric, "max"));
	assert_null(json_object_get(metric, "mean"));
	json_decref(all);
	zcb_recorder_finish(&recorder);
}

static void empty_has_no_metrics(void **state)
{
	struct zcb_recorder recorder = { 0 };
	json_t *all = summary_of(&recorder);

	assert_true(json_is_object(all));
	assert_int_equal(json_object_size(all), 0);
	json_decref(all);
	zcb_recorder_finish(&recorder);
}

static void raw_samples_are_kept_in_order(void **state)
{
	struct zcb_recorder recorder = { .start_ns = 1000 };

	for (uint64_t i = 0; i < 700; i++) /* more than the first room */
		zcb_recorder_add(&recorder, i % 2 ? "punch" : "refill", "ns", i, 1000 + i, 700 - i);
	assert_int_equal(recorder.n, 2);
	for (uint64_t i = 0; i < 700; i++) {
		const struct zcb_sample *sample = &recorder.series[i % 2].sample[i / 2];

		assert_int_equal(sample->operation, i);
		assert_int_equal(sample->at_ns, i);
		assert_int_equal(sample->value, 700 - i);
	}
	zcb_recorder_finish(&recorder);
	assert_int_equal(recorder.n, 0);
}

static void what_has_no_room_is_counted(void **state)
{
	struct zcb_recorder recorder = { 0 };
	char name[16];

	for (char i = 0; i < 36; i++) {
		strcpy(name, "metric-");
		name[7] = (char)('A' + i);
		name[8] = '\0';
		zcb_recorder_add(&recorder, name, "ns", 1, 0, 1);
	}
	assert_int_equal(recorder.n + recorder.dropped, 36);
	assert_int_equal(recorder.dropped, 4);
	zcb_recorder_finish(&recorder);
}

static void one_metric_is_forgotten(void **state)
{
	struct zcb_recorder recorder = { 0 };

	zcb_recorder_add(&recorder, "a", "ns", 1, 0, 1);
	zcb_recorder_add(&recorder, "b", "ns", 1, 0, 2);
	zcb_recorder_add(&recorder, "c", "ns", 1, 0, 3);
	zcb_recorder_forget(&recorder, "b");
	zcb_recorder_forget(&recorder, "d");
	assert_int_equal(recorder.n, 2);
	assert_string_equal(recorder.series[1].metric, "c");
	assert_int_equal(recorder.series[1].sample[0].value, 3);
	zcb_recorder_add(&recorder, "b", "ns", 1, 0, 4);
	assert_int_equal(recorder.series[2].n, 1);
	zcb_recorder_finish(&recorder);
}

/* A name that does not fit whole is still one metric, and not a new one with each sample. */
static void long_name_is_one_metric(void **state)
{
	struct zcb_recorder recorder = { 0 };
	static const char name[] = "a.name.that.is.longer.than.its.place.in.a.series";

	zcb_recorder_add(&recorder, name, "ns", 1, 0, 1);
	zcb_recorder_add(&recorder, name, "ns", 2, 0, 2);
	assert_int_equal(recorder.n, 1);
	assert_int_equal(recorder.series[0].n, 2);
	zcb_recorder_finish(&recorder);
}

/* What a cell sends, and the conductor makes figures of. */
static void series_travel(void **state)
{
	ZCB_CLOSE int fd = memfd_create("wire", MFD_CLOEXEC);
	struct zcb_recorder recorder = { 0 };
	struct zcb_series arrived = { 0 };
	struct zcb_wire_message message;
	struct zcb_wire wire = { 0 };
	json_t *series;
	size_t n;

	for (uint64_t i = 0; i < 100; i++)
		keep(&recorder, i);
	zcb_recorder_add(&recorder, "frame.stale", "pages", 1, 0, 7);
	assert_int_equal(zcb_recorder_send(&recorder, fd), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	while (zcb_wire_receive(&wire, fd) > 0)
		;
	assert_int_equal(zcb_wire_next(&wire, &message), 1);
	series = json_object_get(message.json, "series");
	n = (size_t)json_integer_value(json_array_get(json_array_get(series, 0), 2));
	assert_int_equal(zcb_series_parse(message.payload, n, &arrived), 0);
	assert_int_equal(arrived.n, 100);
	assert_memory_equal(arrived.sample, recorder.series[0].sample, 100 * sizeof(*arrived.sample));
	free(arrived.sample);
	assert_string_equal(json_string_value(json_array_get(json_array_get(series, 1), 0)), "frame.stale");
	assert_string_equal(json_string_value(json_array_get(json_array_get(series, 1), 1)), "pages");
	assert_int_equal(zcb_series_parse(message.payload + n, message.payload_n - n, &arrived), 0);
	assert_int_equal(arrived.sample[0].value, 7);
	free(arrived.sample);
	assert_int_equal(zcb_series_parse(message.payload, n - 1, &arrived), -EPROTO);
	assert_int_equal(zcb_series_parse(message.payload, 8, &arrived), -EPROTO);
	assert_int_equal(zcb_series_parse(message.payload + 1, n - 1, &arrived), -EPROTO);
	json_decref(message.json);
	zcb_wire_finish(&wire);
	zcb_recorder_finish(&recorder);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_exact),
		cmocka_unit_test(large_values_are_not_rounded),
		cmocka_unit_test(censored_are_counted_and_left_out),
		cmocka_unit_test(all_censored_has_no_statistics),
		cmocka_unit_test(empty_has_no_metrics),
		cmocka_unit_test(raw_samples_are_kept_in_order),
		cmocka_unit_test(what_has_no_room_is_counted),
		cmocka_unit_test(one_metric_is_forgotten),
		cmocka_unit_test(long_name_is_one_metric),
		cmocka_unit_test(series_travel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
