// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/exports/export.h"
#include "reports/exports/outcome.h"

/*
 * KCIDB, the kernel's shared database of test results, I/O schema 5.0 (github.com/kernelci/kcidb-io,
 * kcidb_io/schema/v05_00.py). A checkout and a build for each kernel; a test for each cell, whose
 * path is zcbench.VARIANT.MEMORY.GUEST.WORKLOAD.CONSUMER; and below it one for each metric, which is
 * DONE and has the median as its number.
 */

#define MAX_LOG 16000U /* the schema's own limit is 16384 letters */

static json_t *text_json(const char *text)
{
	ZCB_FREE char *clean = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&clean, &n);
	json_t *json;

	if (!out)
		return NULL;
	zcb_export_text(out, text, zcb_export_letter);
	if (fclose(out) != 0)
		return NULL;
	json = json_string(clean);
	/* It is cut where a log of the database ends, and not within a letter. */
	while (!json || json_string_length(json) > MAX_LOG) {
		json_decref(json);
		n = n > MAX_LOG ? MAX_LOG : n - 1;
		clean[n] = '\0';
		json = json_string(clean);
	}
	return json;
}

/* Sets what is known: no property may be null, and what is missing is left out. */
static void set_text(json_t *object, const char *key, const char *text)
{
	if (*text)
		json_object_set_new(object, key, text_json(text));
}

static void set_id(json_t *object, const char *key, const struct zcb_export *export,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

static void set_id(json_t *object, const char *key, const struct zcb_export *export,
		   const char *format, ...)
{
	ZCB_FREE char *local = NULL, *id = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&local, format, args);
	va_end(args);
	if (n < 0)
		local = NULL;
	if (!local || asprintf(&id, "%s:%s-%s", export->origin, export->run, local) < 0) {
		id = NULL;
		return;
	}
	set_text(object, key, id);
}

static json_t *object_of(const struct zcb_export *export)
{
	return json_pack("{s:s}", "origin", export->origin);
}

static void set_started(json_t *object, const struct zcb_export *export)
{
	if (zcb_export_time(export->results->started) >= 0)
		set_text(object, "start_time", export->results->started);
}

static json_t *kernel_misc(const struct zcb_result_kernel *kernel)
{
	json_t *misc = json_object();

	set_text(misc, "kernel", kernel->name);
	set_text(misc, "release", kernel->release);
	set_text(misc, "package", kernel->package);
	set_text(misc, "config_sha256", kernel->config);
	return misc;
}

static json_t *checkout_json(const struct zcb_export *export, size_t i)
{
	const struct zcb_result_kernel *kernel = &export->results->kernels[i];
	json_t *checkout = object_of(export);

	set_id(checkout, "id", export, "checkout-%zu", i);
	set_text(checkout, "comment", *kernel->package ? kernel->package : kernel->release);
	set_started(checkout, export);
	json_object_set_new(checkout, "valid", json_true());
	json_object_set_new(checkout, "misc", kernel_misc(kernel));
	return checkout;
}

static json_t *build_json(const struct zcb_export *export, size_t i)
{
	const struct zcb_result_kernel *kernel = &export->results->kernels[i];
	json_t *build = object_of(export);

	set_id(build, "id", export, "build-%zu", i);
	set_id(build, "checkout_id", export, "checkout-%zu", i);
	set_text(build, "comment", kernel->release);
	set_text(build, "config_name", kernel->name);
	set_started(build, export);
	json_object_set_new(build, "architecture", json_string("x86_64"));
	json_object_set_new(build, "status", json_string("PASS"));
	json_object_set_new(build, "misc", kernel_misc(kernel));
	return build;
}

/* A kernel that metadata.json does not know has the number after the last. */
static size_t build_of(const struct zcb_export *export, const char *kernel)
{
	size_t i = 0;

	while (i < export->results->n_kernels &&
	       strcmp(export->results->kernels[i].name, kernel) != 0)
		i++;
	return i;
}

/* A path's parts are letters, digits, '_' and '-', and not empty. */
static void put_part(FILE *out, const char *part)
{
	fputc('.', out);
	for (const char *at = *part ? part : "_"; *at; at++)
		fputc(isascii((unsigned char)*at) && (isalnum((unsigned char)*at) || *at == '-')
			      ? *at
			      : '_',
		      out);
}

static void set_path(json_t *test, const struct zcb_result_cell *cell, const char *metric)
{
	const char *const parts[] = {cell->variant,  cell->memory,   cell->guest,
				     cell->workload, cell->consumer, metric};
	ZCB_FREE char *path = NULL;
	size_t n;
	FILE *out = open_memstream(&path, &n);

	if (!out)
		return;
	fputs("zcbench", out);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i])
			put_part(out, parts[i]);
	}
	if (fclose(out) == 0)
		json_object_set_new(test, "path", json_string(path));
}

static json_t *environment_json(const struct zcb_export *export, uint64_t number)
{
	json_t *environment = json_object(), *misc = json_object();

	for (size_t i = 0; i < export->results->n_boots; i++) {
		const struct zcb_result_boot *boot = &export->results->boots[i];

		if (boot->number != number)
			continue;
		set_text(environment, "comment", boot->hut_cpu);
		set_text(misc, "topology", boot->hut_topology);
		set_text(misc, "cmdline", boot->cmdline);
		json_object_set_new(misc, "cpus", json_integer((json_int_t)boot->hut_cpus));
		json_object_set_new(misc, "memory_bytes",
				    json_integer((json_int_t)boot->hut_memory_bytes));
	}
	set_text(misc, "qemu", export->results->qemu_version);
	json_object_set_new(environment, "misc", misc);
	return environment;
}

static json_t *cell_misc(const struct zcb_result_cell *cell)
{
	json_t *misc = json_object();

	set_text(misc, "params", cell->params);
	set_text(misc, "event", cell->event);
	set_text(misc, "reading", cell->reading);
	set_text(misc, "expected", cell->expected);
	set_text(misc, "observed", cell->observed);
	set_text(misc, "known_bug", cell->known_bug);
	set_text(misc, "arm", cell->arm);
	set_text(misc, "clock", cell->clock);
	set_text(misc, "accel", cell->accel);
	json_object_set_new(misc, "boot", json_integer((json_int_t)cell->boot));
	json_object_set_new(misc, "seed", json_integer((json_int_t)cell->seed));
	return misc;
}

static json_t *cell_json(const struct zcb_export *export, const struct zcb_result_cell *cell)
{
	static const char *const statuses[] = {
		[ZCB_EXPORT_PASS] = "PASS", [ZCB_EXPORT_KNOWN_BUG] = "PASS", [ZCB_EXPORT_FAIL] = "FAIL",
		[ZCB_EXPORT_ERROR] = "ERROR", [ZCB_EXPORT_SKIP] = "SKIP",
		[ZCB_EXPORT_NOT_RUN] = "MISS",
	};
	ZCB_FREE char *reason = zcb_export_reason(cell), *name = zcb_export_name(cell);
	json_t *test = object_of(export);

	if (!reason || !name)
		return test;
	set_id(test, "id", export, "cell-%" PRIu64, cell->index);
	set_id(test, "build_id", export, "build-%zu", build_of(export, cell->kernel));
	set_path(test, cell, NULL);
	set_text(test, "comment", name);
	set_text(test, "log_excerpt", reason);
	json_object_set_new(test, "status", json_string(statuses[zcb_export_outcome(cell)]));
	if (cell->seconds > 0)
		json_object_set_new(test, "duration", json_real(cell->seconds));
	json_object_set_new(test, "environment", environment_json(export, cell->boot));
	json_object_set_new(test, "misc", cell_misc(cell));
	return test;
}

static json_t *number_json(const struct zcb_summary_metric *m)
{
	double p50 = (double)m->quantile[ZCB_P50].value;
	json_t *number = json_object();

	if (strcmp(m->unit, "ns") == 0) {
		json_object_set_new(number, "value", json_real(p50 / 1e9));
		json_object_set_new(number, "unit", json_string("s"));
		json_object_set_new(number, "prefix", json_string("metric"));
		return number;
	}
	json_object_set_new(number, "value", json_real(p50));
	set_text(number, "unit", m->unit);
	return number;
}

static json_t *metric_json(const struct zcb_export *export, size_t row,
			   const struct zcb_summary_metric *m)
{
	const struct zcb_summary_row *r = &export->summary->rows[row];
	json_t *test = object_of(export), *misc = json_object();

	set_id(test, "id", export, "row-%zu-%.100s", row, m->name);
	set_id(test, "build_id", export, "build-%zu", build_of(export, r->first->kernel));
	set_path(test, r->first, m->name);
	set_text(test, "comment", r->first->brief);
	json_object_set_new(test, "status", json_string("DONE"));
	json_object_set_new(test, "number", number_json(m));
	set_text(misc, "params", r->first->params);
	set_text(misc, "clock", r->clock);
	set_text(misc, "accel", r->accel);
	json_object_set_new(misc, "statistic", json_string("median"));
	json_object_set_new(misc, "n", json_integer((json_int_t)m->n));
	json_object_set_new(test, "misc", misc);
	return test;
}

static json_t *tests_json(const struct zcb_export *export)
{
	const struct zcb_summary *s = export->summary;
	json_t *tests = json_array();

	for (size_t i = 0; i < export->results->n_cells; i++)
		json_array_append_new(tests, cell_json(export, &export->results->cells[i]));
	for (size_t i = 0; i < s->n_rows; i++) {
		for (size_t m = 0; m < s->rows[i].n_metrics; m++) {
			/* A median that never came is no number. */
			if (s->rows[i].metrics[m].quantile[ZCB_P50].known)
				json_array_append_new(
					tests, metric_json(export, i, &s->rows[i].metrics[m]));
		}
	}
	return tests;
}

static int write_kcidb(const struct zcb_export *export, FILE *out)
{
	json_t *checkouts = json_array(), *builds = json_array(), *report;
	int err = -ENOMEM;

	for (size_t i = 0; i < export->results->n_kernels; i++) {
		json_array_append_new(checkouts, checkout_json(export, i));
		json_array_append_new(builds, build_json(export, i));
	}
	report = json_pack("{s:{s:i,s:i}, s:o, s:o, s:o}", "version", "major", 5, "minor", 0,
			   "checkouts", checkouts, "builds", builds, "tests", tests_json(export));
	if (report && json_dumpf(report, out, JSON_INDENT(1)) == 0 && fputc('\n', out) != EOF)
		err = 0;
	json_decref(report);
	return err;
}

const struct zcb_export_format zcb_export_kcidb = {
	.name = "kcidb",
	.summary = "KCIDB I/O schema 5.0, for the kernel's database of test results",
	.write = write_kcidb,
};
