// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
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
	zcb_export_run_name(results, export.run);
	return export_summary(&export, format, output_path, err);
}
