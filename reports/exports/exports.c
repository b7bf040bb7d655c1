// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "reports/exports/export.h"
#include "reports/exports/outcome.h"

extern const struct zcb_export_format zcb_export_csv;
extern const struct zcb_export_format zcb_export_junit;
extern const struct zcb_export_format zcb_export_kcidb;
extern const struct zcb_export_format zcb_export_ktap;
extern const struct zcb_export_format zcb_export_openmetrics;

static const struct zcb_export_format *const formats[] = {
	&zcb_export_kcidb, &zcb_export_junit,	    &zcb_export_ktap,
	&zcb_export_openmetrics, &zcb_export_csv, NULL,
};

const struct zcb_export_format *zcb_export_format_at(size_t i)
{
	return formats[i];
}

const struct zcb_export_format *zcb_export_format(const char *name)
{
	size_t i = 0;

	while (formats[i] && strcmp(formats[i]->name, name) != 0)
		i++;
	return formats[i];
}

/* Two runs that agree in all of this are one. */
static uint64_t hash_run(const struct zcb_results *r)
{
	uint64_t state = ZCB_EXPORT_HASH;
	char number[64];

	snprintf(number, sizeof(number), "%" PRIu64 " %zu %.9f", r->seed, r->n_cells,
		 r->seconds_total);
	state = zcb_export_hash(state, number);
	state = zcb_export_hash(state, r->started);
	state = zcb_export_hash(state, r->ended);
	state = zcb_export_hash(state, r->host_cpu);
	for (size_t i = 0; i < r->command.n; i++)
		state = zcb_export_hash(state, r->command.items[i]);
	for (size_t i = 0; i < r->n_kernels; i++) {
		state = zcb_export_hash(state, r->kernels[i].release);
		state = zcb_export_hash(state, r->kernels[i].config);
	}
	return state;
}

static void name_run(struct zcb_export *export)
{
	const struct zcb_results *r = export->results;
	char *at = export->run, *end = export->run + 20;

	for (const char *from = *r->plan ? r->plan : "run"; *from && at < end; from++)
		*at++ = isascii((unsigned char)*from) && isalnum((unsigned char)*from) ? *from
										       : '_';
	*at++ = '-';
	for (const char *from = zcb_export_time(r->started) < 0 ? "" : r->started; *from; from++) {
		if (isalnum((unsigned char)*from))
			*at++ = *from;
	}
	snprintf(at, (size_t)(export->run + sizeof(export->run) - at), "-%016" PRIx64,
		 hash_run(r));
}

static bool is_origin(const char *name)
{
	return *name && strlen(name) <= 60 &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static int put(const char *output_path, const char *text, size_t n, struct zcb_error *err)
{
	int result = output_path ? zcb_replace_file(AT_FDCWD, output_path, text, n)
				 : zcb_write_all(STDOUT_FILENO, text, n);

	if (result)
		return zcb_fail(err, result, "host set-up: writing the export %s: %s",
				output_path ? output_path : "to standard output",
				strerror(-result));
	return 0;
}

static int export_summary(struct zcb_export *export, const struct zcb_export_format *format,
			  const char *output_path, struct zcb_error *err)
{
	ZCB_FREE char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int result = out ? format->write(export, out) : -ENOMEM;

	if (out && fclose(out) != 0)
		result = -ENOMEM;
	if (result)
		return zcb_fail(err, result, "host set-up: memory is short");
	return put(output_path, text, n, err);
}

int zcb_export_run(const char *run_dir, const struct zcb_export_format *format, const char *origin,
		   const char *output_path, struct zcb_error *err)
{
	ZCB_RESULTS_FREE struct zcb_results *results = NULL;
	ZCB_SUMMARY_FREE struct zcb_summary *summary = NULL;
	struct zcb_export export = {.origin = origin};
	int result;

	if (!is_origin(origin))
		return zcb_fail(err, -EINVAL,
				"usage: an origin is lower-case letters, digits and '_', not \"%s\"",
				origin);
	result = zcb_results_read(run_dir, &results, err);
	if (result)
		return result;
	result = zcb_summary_make(results, &summary);
	if (result)
		return zcb_fail(err, result, "host set-up: memory is short");
	export.results = results;
	export.summary = summary;
	name_run(&export);
	return export_summary(&export, format, output_path, err);
}
