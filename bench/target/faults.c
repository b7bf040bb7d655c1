// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/faults.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bench/target/lines.h"

#define TEXT_MAX 240

struct zcb_faults {
	char texts[ZCB_FAULTS_MAX][TEXT_MAX];
	const char *list[ZCB_FAULTS_MAX];
	char panic[TEXT_MAX];
	size_t count;
};

/** How the kernel begins a message; with `also`, that must stand somewhere behind it. */
struct pattern {
	enum zcb_fault_kind kind;
	const char *start;
	const char *also;
};

/*
 * The first that fits decides, so the general "BUG: " comes last. Of "WARNING: " only the forms
 * below are the kernel's checks (kernel/panic.c, kernel/locking/lockdep.c): it also says
 * "WARNING: Spectre v2 mitigation leaves CPU vulnerable …" in good health.
 */
static const struct pattern patterns[] = {
	{ZCB_FAULT_PANIC, "Kernel panic - not syncing", NULL},
	{ZCB_FAULT_PANIC, "Kernel panic", "not syncing"},
	{ZCB_FAULT_OOPS, "Oops: ", NULL},
	{ZCB_FAULT_OOPS, "BUG: kernel NULL pointer dereference", NULL},
	{ZCB_FAULT_OOPS, "BUG: unable to handle ", NULL},
	{ZCB_FAULT_OOPS, "BUG: TASK stack guard page", NULL},
	{ZCB_FAULT_OOPS, "general protection fault", NULL},
	{ZCB_FAULT_OOPS, "PANIC: double fault", NULL},
	{ZCB_FAULT_KASAN, "BUG: KASAN: ", NULL},
	{ZCB_FAULT_KASAN, "BUG: KFENCE: ", NULL},
	{ZCB_FAULT_KASAN, "BUG: KMSAN: ", NULL},
	{ZCB_FAULT_KASAN, "BUG: KCSAN: ", NULL},
	{ZCB_FAULT_BAD_PAGE, "BUG: Bad page ", NULL},
	{ZCB_FAULT_BAD_PAGE, "BUG: Bad rss-counter state", NULL},
	{ZCB_FAULT_BAD_PAGE, "BUG: non-zero pgtables_bytes", NULL},
	{ZCB_FAULT_LIST_CORRUPTION, "list_add ", "corruption"},
	{ZCB_FAULT_LIST_CORRUPTION, "list_add double add", NULL},
	{ZCB_FAULT_LIST_CORRUPTION, "list_del corruption", NULL},
	{ZCB_FAULT_ATOMIC_SLEEP, "BUG: sleeping function called from invalid context", NULL},
	{ZCB_FAULT_ATOMIC_SLEEP, "BUG: scheduling while atomic", NULL},
	{ZCB_FAULT_LOCKDEP, "WARNING: possible ", " detected"},
	{ZCB_FAULT_LOCKDEP, "WARNING: possible ", " locking"},
	{ZCB_FAULT_LOCKDEP, "WARNING: inconsistent lock state", NULL},
	{ZCB_FAULT_LOCKDEP, "WARNING: suspicious RCU usage", NULL},
	{ZCB_FAULT_LOCKDEP, "WARNING: bad unlock balance", NULL},
	{ZCB_FAULT_LOCKDEP, "WARNING: Nested lock was not taken", NULL},
	{ZCB_FAULT_LOCKDEP, "WARNING: held lock freed", NULL},
	{ZCB_FAULT_LOCKDEP, "WARNING: lock held when returning to user space", NULL},
	{ZCB_FAULT_LOCKDEP, "WARNING: ", "still has locks held"},
	{ZCB_FAULT_LOCKDEP, "WARNING: ", "lock order detected"},
	{ZCB_FAULT_LOCKDEP, "[ BUG: ", NULL},
	{ZCB_FAULT_LOCKDEP, "[ INFO: ", " detected"},
	{ZCB_FAULT_LOCKDEP, "INFO: trying to register non-static key", NULL},
	{ZCB_FAULT_LOCKDEP, "turning off the locking correctness validator", NULL},
	{ZCB_FAULT_LOCKDEP, "BUG: MAX_L", " too low"},
	{ZCB_FAULT_LOCKUP, "watchdog: BUG: soft lockup", NULL},
	{ZCB_FAULT_LOCKUP, "BUG: soft lockup", NULL},
	{ZCB_FAULT_LOCKUP, "BUG: workqueue lockup", NULL},
	{ZCB_FAULT_LOCKUP, "", "Watchdog detected hard LOCKUP"},
	{ZCB_FAULT_RCU_STALL, "rcu: INFO: ", " detected stall"},
	{ZCB_FAULT_RCU_STALL, "rcu: INFO: ", " self-detected stall"},
	{ZCB_FAULT_RCU_STALL, "rcu: INFO: ", " detected expedited stall"},
	{ZCB_FAULT_RCU_STALL, "rcu: ", " kthread starved for "},
	{ZCB_FAULT_RCU_STALL, "INFO: rcu", " stall"},
	{ZCB_FAULT_HUNG_TASK, "INFO: task ", " blocked for more than "},
	{ZCB_FAULT_HUNG_TASK, "INFO: task ", " blocked in I/O wait for more than "},
	{ZCB_FAULT_UBSAN, "UBSAN: ", " in "},
	{ZCB_FAULT_WARNING, "WARNING: CPU: ", " at "},
	{ZCB_FAULT_WARNING, "WARNING: ", ", CPU#"}, /* the form since 6.18 */
	{ZCB_FAULT_BUG, "kernel BUG at ", NULL},
	{ZCB_FAULT_BUG, "refcount_t: ", NULL},
	{ZCB_FAULT_BUG, "BUG: ", NULL},
};

#define N_PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

const char *zcb_fault_kind_name(enum zcb_fault_kind kind)
{
	static const char *const names[] = {
		[ZCB_FAULT_NONE] = "none",
		[ZCB_FAULT_PANIC] = "panic",
		[ZCB_FAULT_OOPS] = "oops",
		[ZCB_FAULT_KASAN] = "kasan",
		[ZCB_FAULT_BAD_PAGE] = "bad page",
		[ZCB_FAULT_LIST_CORRUPTION] = "list corruption",
		[ZCB_FAULT_ATOMIC_SLEEP] = "sleep in atomic context",
		[ZCB_FAULT_LOCKDEP] = "lockdep",
		[ZCB_FAULT_LOCKUP] = "lockup",
		[ZCB_FAULT_RCU_STALL] = "rcu stall",
		[ZCB_FAULT_HUNG_TASK] = "hung task",
		[ZCB_FAULT_UBSAN] = "ubsan",
		[ZCB_FAULT_WARNING] = "warning",
		[ZCB_FAULT_BUG] = "bug",
	};

	return names[kind];
}

/** A trap in kernel mode ends in the count of dies, "…: 0000 [#1] SMP"
 * (arch/x86/kernel/dumpstack.c). */
static bool has_die_count(const char *text)
{
	const char *mark = strstr(text, " [#");

	return mark && mark - text >= 6 && isxdigit((unsigned char)mark[-1]) &&
	       isxdigit((unsigned char)mark[-4]) && mark[-5] == ' ' && mark[-6] == ':' &&
	       isdigit((unsigned char)mark[3]);
}

static bool fits(const struct pattern *p, const char *text)
{
	size_t n = strlen(p->start);

	return strncmp(text, p->start, n) == 0 && (!p->also || strstr(text + n, p->also));
}

enum zcb_fault_kind zcb_fault_classify(const char *text)
{
	for (size_t i = 0; i < N_PATTERNS; i++)
		if (fits(&patterns[i], text))
			return patterns[i].kind;
	return has_die_count(text) ? ZCB_FAULT_OOPS : ZCB_FAULT_NONE;
}

struct zcb_faults *zcb_faults_new(void)
{
	return calloc(1, sizeof(struct zcb_faults));
}

void zcb_faults_free(struct zcb_faults *faults)
{
	free(faults);
}

static enum zcb_fault_kind take(struct zcb_faults *faults, const char *text, size_t n)
{
	char clean[TEXT_MAX];
	enum zcb_fault_kind kind;

	zcb_line_printable(text, n, clean, sizeof(clean));
	kind = zcb_fault_classify(clean);
	if (kind == ZCB_FAULT_NONE)
		return kind;
	if (faults->count < ZCB_FAULTS_MAX) {
		memcpy(faults->texts[faults->count], clean, sizeof(clean));
		faults->list[faults->count] = faults->texts[faults->count];
	}
	faults->count++;
	if (kind == ZCB_FAULT_PANIC && !faults->panic[0])
		memcpy(faults->panic, clean, sizeof(clean));
	return kind;
}

static size_t skip_digits(const char *line, size_t n, size_t at)
{
	while (at < n && isdigit((unsigned char)line[at]))
		at++;
	return at;
}

static size_t skip_spaces(const char *line, size_t n, size_t at)
{
	while (at < n && line[at] == ' ')
		at++;
	return at;
}

/**
 * Where the text begins behind a time stamp "[   12.345678] " at `at`, which the printing task may
 * follow ("[    T1] ", CONFIG_PRINTK_CALLER); 0 where there is none.
 */
static size_t behind_stamp(const char *line, size_t n, size_t at)
{
	size_t seconds, dot, end;

	if (line[at] != '[')
		return 0;
	seconds = skip_spaces(line, n, at + 1);
	dot = skip_digits(line, n, seconds);
	if (dot == seconds || dot >= n || line[dot] != '.')
		return 0;
	end = skip_digits(line, n, dot + 1);
	if (end != dot + 7 || end >= n || line[end] != ']')
		return 0;
	end = skip_spaces(line, n, end + 1);
	if (end < n && line[end] == '[') {
		size_t caller = skip_spaces(line, n, end + 1);

		if (caller + 1 < n && (line[caller] == 'T' || line[caller] == 'C') &&
		    isdigit((unsigned char)line[caller + 1])) {
			caller = skip_digits(line, n, caller + 1);
			if (caller < n && line[caller] == ']')
				end = skip_spaces(line, n, caller + 1);
		}
	}
	return end;
}

enum zcb_fault_kind zcb_faults_feed_console(struct zcb_faults *faults, const char *line, size_t n)
{
	for (size_t at = 0; at < n; at++) {
		size_t text = behind_stamp(line, n, at);

		if (text)
			return take(faults, line + text, n - text);
	}
	return ZCB_FAULT_NONE;
}

enum zcb_fault_kind zcb_faults_feed_kmsg(struct zcb_faults *faults, const char *record, size_t n)
{
	const char *text = memchr(record, ';', n);
	size_t digits = skip_digits(record, n, 0);
	const char *end;

	/* The low 3 bits of the number are the level, the rest is the facility: 0 is the kernel. */
	if (!text || digits != 1 || record[0] > '7')
		return ZCB_FAULT_NONE;
	text++;
	n -= (size_t)(text - record);
	end = memchr(text, '\n', n);
	return take(faults, text, end ? (size_t)(end - text) : n);
}

const char *const *zcb_faults_list(const struct zcb_faults *faults, size_t *ret_n)
{
	*ret_n = faults->count < ZCB_FAULTS_MAX ? faults->count : ZCB_FAULTS_MAX;
	return faults->list;
}

size_t zcb_faults_count(const struct zcb_faults *faults)
{
	return faults->count;
}

const char *zcb_faults_panic(const struct zcb_faults *faults)
{
	return faults->panic[0] ? faults->panic : NULL;
}
