// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/samples-reader.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/results/reader-internal.h"

#define MAX_SAMPLES_BYTES (512U << 20)

struct header {
	char letters[8];
	uint32_t version;
	uint32_t record_bytes;
};

_Static_assert(sizeof(struct header) == 16, "the header of a sample file");
_Static_assert(sizeof(struct zcb_result_sample) == 24, "a record of a sample file");

static bool header_is_ours(const char *bytes, size_t n)
{
	struct header header;

	if (n < sizeof(header))
		return false;
	memcpy(&header, bytes, sizeof(header));
	return memcmp(header.letters, "zcbsampl", sizeof(header.letters)) == 0 &&
	       le32toh(header.version) == 1 &&
	       le32toh(header.record_bytes) == sizeof(struct zcb_result_sample);
}

static void to_host_order(struct zcb_result_sample *samples, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		samples[i].operation = le64toh(samples[i].operation);
		samples[i].start_ns = le64toh(samples[i].start_ns);
		samples[i].value = le64toh(samples[i].value);
	}
}

int zcb_samples_read(const struct zcb_results *results, const char *path,
		     struct zcb_result_sample **ret_samples, size_t *ret_n, bool *ret_cut)
{
	ZCB_FREE char *bytes = NULL;
	struct zcb_result_sample *samples;
	size_t size = 0, n;
	int err = zcb_results_read_file(results, path, MAX_SAMPLES_BYTES, &bytes, &size);

	if (err)
		return err;
	if (!header_is_ours(bytes, size))
		return -EBADMSG;
	size -= sizeof(struct header);
	n = size / sizeof(*samples);
	samples = calloc(n + 1, sizeof(*samples));
	if (!samples)
		return -ENOMEM;
	memcpy(samples, bytes + sizeof(struct header), n * sizeof(*samples));
	to_host_order(samples, n);
	*ret_samples = samples;
	*ret_n = n;
	*ret_cut = size % sizeof(*samples) != 0;
	return 0;
}

#define PIECE 4096U /* records */

static int read_header(int fd, size_t size)
{
	struct header header;
	int err = size < sizeof(header) ? -EBADMSG : zcb_read_all(fd, &header, sizeof(header));

	if (err)
		return err;
	return header_is_ours((const char *)&header, sizeof(header)) ? 0 : -EBADMSG;
}

/* Piece by piece, so that the file never lies in memory as a whole. */
static int read_values(int fd, uint64_t *values, size_t n)
{
	ZCB_FREE struct zcb_result_sample *piece = calloc(PIECE, sizeof(*piece));

	if (!piece)
		return -ENOMEM;
	for (size_t done = 0; done < n;) {
		size_t now = n - done < PIECE ? n - done : PIECE;
		int err = zcb_read_all(fd, piece, now * sizeof(*piece));

		if (err)
			return err;
		for (size_t i = 0; i < now; i++)
			values[done++] = le64toh(piece[i].value);
	}
	return 0;
}

int zcb_samples_values(const struct zcb_results *results, const char *path, uint64_t **ret_values,
		       size_t *ret_n, bool *ret_cut)
{
	size_t size = 0, n;
	ZCB_CLOSE int fd = zcb_results_open(results, path, &size);
	ZCB_FREE uint64_t *values = NULL;
	int err;

	if (fd < 0)
		return fd;
	if (size > MAX_SAMPLES_BYTES)
		return -EFBIG;
	err = read_header(fd, size);
	if (err)
		return err;
	size -= sizeof(struct header);
	n = size / sizeof(struct zcb_result_sample);
	values = calloc(n + 1, sizeof(*values));
	err = values ? read_values(fd, values, n) : -ENOMEM;
	if (err)
		return err;
	*ret_values = zcb_steal_ptr(&values);
	*ret_n = n;
	*ret_cut = size % sizeof(struct zcb_result_sample) != 0;
	return 0;
}

static const struct zcb_result_metric *find_metric(const struct zcb_results *r, uint64_t index,
						   const char *name)
{
	const struct zcb_result_cell *cell = zcb_results_cell(r, index);

	for (size_t i = 0; cell && i < cell->n_metrics; i++) {
		if (strcmp(cell->metrics[i].name, name) == 0)
			return &cell->metrics[i];
	}
	return NULL;
}

/* The journal says; without its line, the metrics of docs/run-directory.md do. */
static const char *unit_of(const struct zcb_results *r, const struct zcb_result_samples *samples)
{
	const struct zcb_result_metric *metric = find_metric(r, samples->index, samples->metric);

	if (metric && *metric->unit)
		return metric->unit;
	return strcmp(samples->metric, "frame.stale") == 0 ? "pages" : "ns";
}

static const char metric_letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

/* "12.frame.stale.zcs" is the metric frame.stale of cell 12. */
static bool read_name(struct zcb_results *r, const char *name, struct zcb_result_samples *samples)
{
	const char *end = strrchr(name, '.');
	char *dot;

	samples->index = strtoull(name, &dot, 10);
	if (!end || strcmp(end, ".zcs") != 0 || *dot != '.' || dot + 1 >= end ||
	    strspn(dot + 1, metric_letters) != strlen(dot + 1)) {
		zcb_results_note(r, "samples/%s is no name of a sample file, and is ignored.",
				 name);
		return false;
	}
	samples->metric = zcb_results_string(r, "%.*s", (int)(end - dot - 1), dot + 1);
	samples->unit = unit_of(r, samples);
	samples->path = zcb_results_string(r, "samples/%s", name);
	return true;
}

static int by_index_and_metric(const void *a, const void *b)
{
	const struct zcb_result_samples *left = a, *right = b;

	if (left->index != right->index)
		return left->index < right->index ? -1 : 1;
	return strcmp(left->metric, right->metric);
}

static bool has_file(const struct zcb_results *r, uint64_t index, const char *metric)
{
	const struct zcb_result_samples key = {.index = index, .metric = metric};

	return r->n_samples &&
	       bsearch(&key, r->samples, r->n_samples, sizeof(key), by_index_and_metric);
}

static void note_missing_files(struct zcb_results *r)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		const struct zcb_result_cell *cell = &r->cells[i];

		for (size_t m = 0; m < cell->n_metrics; m++) {
			const struct zcb_result_metric *metric = &cell->metrics[m];

			if (metric->n && !has_file(r, cell->index, metric->name))
				zcb_results_note(r,
						 "samples/%llu.%s.zcs is missing: this metric of "
						 "the cell is not shown.",
						 (unsigned long long)cell->index, metric->name);
		}
	}
}

int zcb_results_read_samples_list(struct zcb_results *r)
{
	struct zcb_result_strings names;
	int err = zcb_results_list(r, "samples", &names);

	if (err)
		return err;
	r->samples = zcb_results_alloc(r, (names.n + 1) * sizeof(*r->samples));
	if (!r->samples)
		return -ENOMEM;
	for (size_t i = 0; i < names.n; i++) {
		if (read_name(r, names.items[i], &r->samples[r->n_samples]))
			r->n_samples++;
	}
	qsort(r->samples, r->n_samples, sizeof(*r->samples), by_index_and_metric);
	note_missing_files(r);
	return 0;
}
