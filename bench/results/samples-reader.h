/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_SAMPLES_READER_H
#define ZCB_RESULTS_SAMPLES_READER_H

#include "bench/results/reader.h"

/** The value of a sample whose event was waited for and never came. */
#define ZCB_SAMPLE_CENSORED UINT64_MAX

/** One record of samples/INDEX.METRIC.zcs, in the machine's byte order. */
struct zcb_result_sample {
	uint64_t operation;
	uint64_t start_ns; /* since the cell began: when the operation was meant to start */
	uint64_t value;
};

/**
 * Reads a whole sample file into an array that is the caller's to free. A file cut off within a
 * record is read to the last whole one, and *ret_cut is set. Returns 0, -EBADMSG where it is no
 * sample file of version 1, -EFBIG, or another -errno.
 */
int zcb_samples_read(const struct zcb_results *results, const char *path,
		     struct zcb_result_sample **ret_samples, size_t *ret_n, bool *ret_cut);

/**
 * The same, but the values alone, a third of the memory: the file is read in pieces. *ret_values is
 * the caller's to free.
 */
int zcb_samples_values(const struct zcb_results *results, const char *path, uint64_t **ret_values,
		       size_t *ret_n, bool *ret_cut);

#endif
