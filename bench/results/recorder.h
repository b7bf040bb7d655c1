/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_RECORDER_H
#define ZCB_RESULTS_RECORDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/** One raw sample, as it stands in a file of samples/ (docs/run-directory.md). */
struct zcb_sample {
	uint64_t operation;
	uint64_t at_ns;
	uint64_t value;
};

/** The value of a sample whose event was waited for and never came. */
#define ZCB_CENSORED UINT64_MAX

#define ZCB_SAMPLES_MAGIC "zcbsampl"
#define ZCB_SAMPLES_VERSION 1

/** What stands before the samples in their file. */
struct zcb_samples_header {
	char magic[8];
	uint32_t version;
	uint32_t record_size;
};

/** The raw samples of one metric. */
struct zcb_series {
	char metric[32];
	const char *named_by; /* the string it was last added under: only compared, never read */
	const char *unit; /* "ns", "pages" */
	struct zcb_sample *sample;
	uint64_t n, room;
};

/** All metrics of one cell. Zero-initialized is empty. */
struct zcb_recorder {
	struct zcb_series series[32];
	uint32_t n;
	bool muted; /* what is added now is not kept */
	uint64_t start_ns; /* samples are kept relative to it */
	uint64_t dropped;  /* for want of memory: such a cell is no result */
};

/** Keeps one sample; `at_ns` is absolute. The unit of a metric is that of its first sample. */
void zcb_recorder_add(struct zcb_recorder *recorder, const char *metric, const char *unit,
		      uint64_t operation, uint64_t at_ns, uint64_t value);

/**
 * Sends all samples, several series to a "file" of the kind "samples": its "series" are [name, unit, bytes],
 * and the files of these lie one behind the other in the payload. Returns 0 or -errno.
 */
int zcb_recorder_send(const struct zcb_recorder *recorder, int out);

/**
 * One of the "metrics" of a journal line: exact order statistics (nearest rank) of what is not censored.
 * A new reference.
 */
json_t *zcb_series_summary(const struct zcb_series *series);

/**
 * Reads the file of a series, which is not trusted: sets its samples, which are the caller's to free, and how
 * many there are. Returns 0, -EPROTO where it is no such file, or -ENOMEM.
 */
int zcb_series_parse(const void *file, size_t bytes, struct zcb_series *ret_series);

/** Drops all samples of a metric, as if there had been none. */
void zcb_recorder_forget(struct zcb_recorder *recorder, const char *metric);

void zcb_recorder_finish(struct zcb_recorder *recorder);

#endif
