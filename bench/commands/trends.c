// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/commands/command.h"
#include "reports/html/trends-page.h"
#include "reports/mail/text.h"
#include "reports/store/store.h"

#define MAX_RUNS 64U

static const char help[] =
	"usage: zcbench trends STORE [--add DIR]… [--acknowledge ALERT --because WHY] [-o DIR]\n"
	"\n"
	"Keeps a store of nights, to which the summaries of runs are only ever added, and says\n"
	"which levels changed: one line an alert, the newest first, to standard output.\n"
	"\n"
	"  --add DIR             add the run directory DIR; STORE is made where there is none\n"
	"  --acknowledge ALERT   take an alert's new level as the base line\n"
	"  --because WHY         why, for those who come after\n"
	"  -o DIR                write the page DIR/index.html and DIR/plots/\n"
	"  -h, --help            this text\n"
	"\n"
	"Exit codes: 0 the last night has no new regression, 10 it has one, 2 usage, or what is\n"
	"no store or run directory, 13 a file could not be read or written.\n";

struct options {
	const char *store, *output, *alert, *reason;
	const char *runs[MAX_RUNS];
	size_t n_runs;
};

static int usage(const char *what, const char *which)
{
	fprintf(stderr, "usage: zcbench trends: %s%s%s; see `zcbench trends --help`\n", what,
		which ? " " : "", which ? which : "");
	return ZCB_EXIT_USAGE;
}

static int failed(int result, const struct zcb_error *err)
{
	fprintf(stderr, "%s\n", err->text);
	return result == -ENOTDIR || result == -EINVAL || result == -ENOENT
		       ? ZCB_EXIT_USAGE
		       : ZCB_EXIT_INFRASTRUCTURE;
}

static int add_runs(int storefd, const struct options *o)
{
	for (size_t i = 0; i < o->n_runs; i++) {
		struct zcb_error err = {""};
		int result = zcb_store_add(storefd, o->runs[i], &err);

		/* A night that is told twice is one night. */
		if (result == -EEXIST)
			fprintf(stderr, "%s\n", err.text);
		else if (result)
			return failed(result, &err);
	}
	return 0;
}

static int write_page(const struct zcb_trends *trends, const char *output)
{
	ZCB_FREE char *text = NULL;
	ZCB_CLOSE int fd = -1;
	struct zcb_error warning = {""};
	size_t n = 0;
	int result;

	if (mkdir(output, 0755) < 0 && errno != EEXIST) {
		fprintf(stderr, "host set-up: making %s: %s\n", output, strerror(errno));
		return ZCB_EXIT_INFRASTRUCTURE;
	}
	fd = open(output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = fd < 0 ? -errno : zcb_trends_page_make(trends, fd, &text, &n, &warning);
	if (!result)
		result = zcb_replace_file(fd, "index.html", text, n);
	if (*warning.text)
		fprintf(stderr, "warning: %s\n", warning.text);
	if (!result)
		return 0;
	fprintf(stderr, "host set-up: writing %s/index.html: %s\n", output, strerror(-result));
	return ZCB_EXIT_INFRASTRUCTURE;
}

/* "new worse punch@20260131T120000Z +5.2 %, found 2026-01-31, 3 series: stock:stock shmem punch" */
static void tell_alert(const struct zcb_trends *t, const struct zcb_alert *alert)
{
	const struct zcb_trend *first = &t->trends[alert->trends[0]];
	char name[100];
	ZCB_FREE char *series = NULL;

	if (asprintf(&series, "%.30s:%.30s %.16s %.24s", first->part[ZCB_TREND_KERNEL],
		     first->part[ZCB_TREND_VARIANT], first->part[ZCB_TREND_MEMORY],
		     first->part[ZCB_TREND_WORKLOAD]) < 0) {
		series = NULL;
		return;
	}
	zcb_mail_clean(name, sizeof(name), series);
	printf("%s %s %s %+.1f %%, found %.10s, %zu series: %s%s\n",
	       zcb_alert_is_new(t, alert) ? "new" : "open",
	       alert->worse ? "worse" : alert->ratio < 1 ? "less" : "more", alert->id,
	       (alert->ratio - 1) * 100, t->nights[alert->found].started, alert->n, name,
	       alert->n > 1 ? ", …" : "");
}

/* What is open, and whether the last night brought a regression. */
static int tell(const struct zcb_trends *t)
{
	int code = ZCB_EXIT_CLEAN;

	printf("%zu nights, %zu series\n", t->n_nights, t->n_trends);
	for (size_t i = 0; i < t->n_alerts; i++) {
		if (!zcb_alert_is_open(&t->alerts[i]))
			continue;
		tell_alert(t, &t->alerts[i]);
		if (t->alerts[i].worse && zcb_alert_is_new(t, &t->alerts[i]))
			code = ZCB_EXIT_REGRESSION;
	}
	return code;
}

static bool is_alert(const struct zcb_trends *t, const char *id)
{
	for (size_t i = 0; i < t->n_alerts; i++) {
		if (strcmp(t->alerts[i].id, id) == 0)
			return true;
	}
	return false;
}

/* It must be an alert of this store: a slip of the finger is no acknowledgement. */
static int acknowledge(int storefd, const struct options *o)
{
	ZCB_TRENDS_FREE struct zcb_trends *trends = NULL;
	struct zcb_error err = {""};
	int result = zcb_trends_read(storefd, &trends, &err);

	if (!result && !is_alert(trends, o->alert))
		return usage("the store has no alert", o->alert);
	if (!result)
		result = zcb_store_acknowledge(storefd, o->alert, o->reason, &err);
	return result ? failed(result, &err) : 0;
}

static int run(const struct options *o)
{
	ZCB_TRENDS_FREE struct zcb_trends *trends = NULL;
	struct zcb_error err = {""};
	ZCB_CLOSE int storefd = zcb_store_open(o->store, o->n_runs > 0, &err);
	int code, result;

	if (storefd < 0)
		return failed(storefd, &err);
	code = add_runs(storefd, o);
	if (!code && o->alert)
		code = acknowledge(storefd, o);
	if (code)
		return code;
	result = zcb_trends_read(storefd, &trends, &err);
	if (result)
		return failed(result, &err);
	if (o->output)
		code = write_page(trends, o->output);
	return code ? code : tell(trends);
}

const struct option zcb_options_trends[] = {
	{"add", required_argument, NULL, 'a'},
	{"acknowledge", required_argument, NULL, 'k'},
	{"because", required_argument, NULL, 'b'},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static int parse(int argc, char **argv, struct options *o)
{
	int option;

	optind = 0; /* start anew: the program's own options were read before */
	while ((option = getopt_long(argc, argv, "ho:", zcb_options_trends, NULL)) != -1) {
		if (option == 'h')
			return option;
		if (option == 'a' && o->n_runs < MAX_RUNS)
			o->runs[o->n_runs++] = optarg;
		else if (option == 'k')
			o->alert = optarg;
		else if (option == 'b')
			o->reason = optarg;
		else if (option == 'o')
			o->output = optarg;
		else
			return '?';
	}
	o->store = argv[optind];
	return optind + 1 == argc && *argv[optind] ? 0 : -1;
}

int zcb_command_trends(int argc, char **argv)
{
	struct options o = {0};

	switch (parse(argc, argv, &o)) {
	case 'h':
		fputs(help, stdout);
		return ZCB_EXIT_CLEAN;
	case '?':
		return ZCB_EXIT_USAGE;
	case -1:
		return usage("name one store", NULL);
	default:
		break;
	}
	if (!o.alert != !o.reason)
		return usage("--acknowledge ALERT and --because WHY belong together", NULL);
	return run(&o);
}
