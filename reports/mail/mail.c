// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/mail/mail.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/mail/text.h"

#define MAX_WORDS 80U
#define MAX_KERNELS 8U

static void put_title(const struct zcb_results *r, FILE *out)
{
	char text[200];
	size_t used = (size_t)snprintf(text, sizeof(text), "zcbench: %.60s",
				       *r->plan ? r->plan : "a run without a plan");

	for (size_t i = 0; i < r->n_kernels && i < 3 && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%.30s",
					 i ? ", " : " on ", r->kernels[i].name);
	if (r->shards && used < sizeof(text))
		snprintf(text + used, sizeof(text) - used, " (shard %" PRIu64 " of %" PRIu64 ")", r->shard,
			 r->shards);
	zcb_mail_heading(out, text);
}

static bool has_seed(const struct zcb_results *r)
{
	for (size_t i = 0; i < r->command.n; i++) {
		if (strncmp(r->command.items[i], "--seed", 6) == 0)
			return true;
	}
	return false;
}

/*
 * The command as it was given, with its seed, and another place for its results. It is pasted into
 * shells: whatever a run directory says, the program is ours.
 */
static void put_command(const struct zcb_results *r, FILE *out)
{
	const char *words[MAX_WORDS + 4];
	char seed[32];
	size_t n = 0;

	if (!r->command.n)
		return;
	words[n++] = "zcbench";
	for (size_t i = 1; i < r->command.n && n < MAX_WORDS; i++) {
		const char *word = r->command.items[i];

		if (strcmp(word, "-o") == 0 || strcmp(word, "--output") == 0)
			i++;
		else if (strncmp(word, "-o", 2) != 0 && strncmp(word, "--output=", 9) != 0)
			words[n++] = word;
	}
	snprintf(seed, sizeof(seed), "%" PRIu64, r->seed);
	if (r->has_metadata && !has_seed(r)) {
		words[n++] = "--seed";
		words[n++] = seed;
	}
	words[n++] = "-o";
	words[n++] = "DIR";
	fputs("Run again with:\n", out);
	zcb_mail_command(out, words, n);
	fputc('\n', out);
}

static void put_kernels(const struct zcb_results *r, FILE *out)
{
	for (size_t i = 0; i < r->n_kernels && i < MAX_KERNELS; i++)
		zcb_mail_paragraph(out, "", "Kernel %.40s: %.80s%s%.120s", r->kernels[i].name,
				   r->kernels[i].release, *r->kernels[i].package ? ", " : "",
				   r->kernels[i].package);
}

static const struct zcb_result_boot *first_boot(const struct zcb_results *r)
{
	for (size_t i = 0; i < r->n_boots; i++) {
		if (r->boots[i].hut_cpus)
			return &r->boots[i];
	}
	return NULL;
}

static const char *caveat_of(const struct zcb_results *r)
{
	if (strcmp(r->clock, "icount") == 0)
		return "; 1 ns is one instruction, no caches or TLBs are seen";
	if (strcmp(r->accel, "tcg") == 0)
		return "; emulated: times are no times of real hardware";
	return "";
}

/* Parameters that are zero or empty are not in use: a mail does without them. */
static void put_params(const char *params, FILE *out)
{
	ZCB_FREE char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);

	if (!to)
		return;
	while (*params) {
		size_t n = strcspn(params, ",");
		bool idle = n > 2 && (strncmp(params + n - 2, " 0", 2) == 0 ||
				      strncmp(params + n - 2, "\"\"", 2) == 0);

		if (!idle)
			fprintf(to, "%s%.*s", ftell(to) > 0 ? ", " : "", (int)n, params);
		params += n;
		params += strspn(params, ", ");
	}
	if (fclose(to) == 0 && *text)
		zcb_mail_paragraph(out, "", "Cells, unless they say so: %.600s", text);
}

static void put_place(const struct zcb_results *r, FILE *out)
{
	const struct zcb_result_boot *boot = first_boot(r);

	if (boot)
		zcb_mail_paragraph(out, "",
				   "Host under test: %.80s, %" PRIu64 " CPUs, %.1f GiB, QEMU %.60s",
				   *boot->hut_cpu ? boot->hut_cpu : "CPU not said", boot->hut_cpus,
				   (double)boot->hut_memory_bytes / (1U << 30),
				   *r->qemu_version ? r->qemu_version : "not said");
	if (*r->clock || *r->accel)
		zcb_mail_paragraph(out, "", "Clock: %.20s on %.20s%s",
				   *r->clock ? r->clock : "unknown",
				   *r->accel ? r->accel : "an unknown back end", caveat_of(r));
	put_params(r->usual_params, out);
}

static void put_counts(const struct zcb_summary *s, FILE *out)
{
	const struct zcb_results *r = s->results;

	zcb_mail_paragraph(out, "",
			   "Cells: %zu as declared, %zu not; %zu errors, %zu crashed, %zu skipped, "
			   "%zu not run, %zu of tainted boots",
			   s->counts[ZCB_RESULT_PASS], s->counts[ZCB_RESULT_FAIL],
			   s->counts[ZCB_RESULT_ERROR], s->counts[ZCB_RESULT_CRASH],
			   s->counts[ZCB_RESULT_SKIP], s->counts[ZCB_RESULT_NOT_RUN],
			   s->not_counted);
	if (s->counts[ZCB_RESULT_KNOWN_BUG])
		zcb_mail_paragraph(out, "", "Cells that show a known bug of their kernel: %zu",
				   s->counts[ZCB_RESULT_KNOWN_BUG]);
	zcb_mail_paragraph(out, "", "Kernel faults: %zu in %zu boots, of which %zu are tainted",
			   s->kernel_faults, r->n_boots, s->tainted_boots);
	if (strcmp(r->state, "complete") != 0)
		zcb_mail_paragraph(out, "", "The run is not complete: its state is \"%.40s\"%s%.300s",
				   *r->state ? r->state : "unknown", *r->reason ? ": " : "",
				   r->reason);
	if (r->notes.n)
		zcb_mail_paragraph(out, "", "The run directory is damaged in %zu places",
				   r->notes.n);
}

void zcb_mail_write(const struct zcb_summary *s, FILE *out)
{
	put_title(s->results, out);
	put_command(s->results, out);
	put_kernels(s->results, out);
	put_place(s->results, out);
	fputc('\n', out);
	put_counts(s, out);
	zcb_mail_verdicts(s, out);
	zcb_mail_times(s, out);
}
