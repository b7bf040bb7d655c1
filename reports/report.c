// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/results/reader.h"
#include "reports/analysis/summary.h"
#include "reports/html/page.h"
#include "reports/mail/mail.h"

static int write_summary(const struct zcb_results *results, const struct zcb_summary *summary,
			 struct zcb_error *err)
{
	ZCB_FREE char *text = NULL;
	int result = zcb_summary_to_json(summary, &text);

	if (!result)
		result = zcb_replace_file(results->dirfd, "summary.json", text, strlen(text));
	if (result)
		return zcb_fail(err, result, "host set-up: writing %s/summary.json: %s",
				results->dir, strerror(-result));
	return 0;
}

static int write_page(struct zcb_results *results, const struct zcb_summary *summary,
		      const char *output_path, struct zcb_error *err)
{
	ZCB_FREE char *text = NULL;
	struct zcb_error warning;
	size_t n = 0;
	int result = zcb_page_make(results, summary, &text, &n, &warning);

	if (!result)
		result = zcb_replace_file(output_path ? AT_FDCWD : results->dirfd,
					  output_path ? output_path : "report.html", text, n);
	if (result)
		return zcb_fail(err, result, "host set-up: writing the report %s: %s",
				output_path ? output_path : "report.html", strerror(-result));
	*err = warning;
	return 0;
}

/* Both are the caller's to free, in this order: summary, results. */
static int read_run(const char *run_dir, struct zcb_results **ret_results,
		    struct zcb_summary **ret_summary, struct zcb_error *err)
{
	int result = zcb_results_read(run_dir, ret_results, err);

	if (result)
		return result;
	result = zcb_summary_make(*ret_results, ret_summary);
	if (result)
		return zcb_fail(err, result, "host set-up: memory is short");
	return 0;
}

int zcb_report_write(const char *run_dir, const char *output_path, struct zcb_error *err)
{
	ZCB_RESULTS_FREE struct zcb_results *results = NULL;
	ZCB_SUMMARY_FREE struct zcb_summary *summary = NULL;
	struct zcb_error unused;
	int result;

	err = err ? err : &unused;
	result = read_run(run_dir, &results, &summary, err);
	if (!result)
		result = write_summary(results, summary, err);
	if (result)
		return result;
	return write_page(results, summary, output_path, err);
}

int zcb_report_mail(const char *run_dir, const char *output_path, struct zcb_error *err)
{
	ZCB_RESULTS_FREE struct zcb_results *results = NULL;
	ZCB_SUMMARY_FREE struct zcb_summary *summary = NULL;
	ZCB_FREE char *text = NULL;
	size_t n = 0;
	FILE *out;
	int result = read_run(run_dir, &results, &summary, err);

	if (result)
		return result;
	out = open_memstream(&text, &n);
	if (!out)
		return zcb_fail(err, -ENOMEM, "host set-up: memory is short");
	zcb_mail_write(summary, out);
	if (fclose(out) != 0)
		return zcb_fail(err, -ENOMEM, "host set-up: memory is short");
	result = output_path ? zcb_replace_file(AT_FDCWD, output_path, text, n)
			     : zcb_write_all(STDOUT_FILENO, text, n);
	if (result)
		return zcb_fail(err, result, "host set-up: writing the report %s: %s",
				output_path ? output_path : "to standard output",
				strerror(-result));
	return 0;
}
