// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "bench/target/console.h"
#include "bench/target/faults.h"
#include "bench/target/lines.h"

/* Lines */

struct seen {
	char text[8192];
};

static void on_line(void *context, const char *line, size_t n)
{
	struct seen *seen = context;
	char text[256];

	zcb_line_printable(line, n, text, sizeof(text));
	assert_int_equal(line[n], '\0');
	strcat(strcat(seen->text, text), "|");
}

static void lines_do_not_depend_on_where_reads_end(void **state)
{
	static const char stream[] = "one\r\ntwo\n\n\r\nthree \x1b[0m\x80!\nfour";

	for (size_t part = 1; part < sizeof(stream); part++) {
		struct zcb_lines lines = {0};
		struct seen seen = {0};
		size_t n = sizeof(stream) - 1;

		for (size_t at = 0; at < n; at += part)
			zcb_lines_feed(&lines, stream + at, at + part < n ? part : n - at, on_line,
				       &seen);
		assert_string_equal(seen.text, "one|two|three ?[0m?!|");
		zcb_lines_finish(&lines, on_line, &seen);
		assert_string_equal(seen.text, "one|two|three ?[0m?!|four|");
	}
}

static void on_long_line(void *context, const char *line, size_t n)
{
	size_t *total = context;

	assert_in_range(n, 1, ZCB_LINE_MAX);
	*total += n;
}

static void a_line_without_end_comes_in_pieces(void **state)
{
	struct zcb_lines lines = {0};
	size_t total = 0;

	for (int i = 0; i < 100000; i++)
		zcb_lines_feed(&lines, "abc", 3, on_long_line, &total);
	zcb_lines_feed(&lines, "\n", 1, on_long_line, &total);
	assert_int_equal(total, 300000);
}

/* Faults */

struct sample {
	enum zcb_fault_kind kind;
	const char *line;
};

static const struct sample samples[] = {
	{ZCB_FAULT_PANIC, "[    3.141592] Kernel panic - not syncing: Attempted to kill init! "
			  "exitcode=0x00000100"},
	{ZCB_FAULT_PANIC, "[    0.000000] Kernel panic - not syncing: VFS: Unable to mount root "
			  "fs on unknown-block(0,0)"},
	{ZCB_FAULT_PANIC, "[   12.000001] Kernel panic: Fatal exception: not syncing"},
	{ZCB_FAULT_OOPS, "[   41.222222] BUG: kernel NULL pointer dereference, address: "
			 "0000000000000010"},
	{ZCB_FAULT_OOPS, "[   41.222222] BUG: unable to handle page fault for address: "
			 "ffffc90000abc000"},
	{ZCB_FAULT_OOPS, "[   41.222333] Oops: 0002 [#1] PREEMPT SMP NOPTI"},
	{ZCB_FAULT_OOPS, "[   41.222333] Oops: Oops: 0000 [#1] PREEMPT SMP PTI"},
	{ZCB_FAULT_OOPS, "[   41.222333] Oops: general protection fault, probably for "
			 "non-canonical address 0xdead000000000100: 0000 [#1] SMP"},
	{ZCB_FAULT_OOPS, "[   41.222333] general protection fault, probably for non-canonical "
			 "address 0xdead000000000122: 0000 [#1] SMP NOPTI"},
	{ZCB_FAULT_OOPS, "[   41.222333] general protection fault: 0000 [#1] SMP"},
	{ZCB_FAULT_OOPS, "[   41.222333] invalid opcode: 0000 [#2] PREEMPT SMP NOPTI"},
	{ZCB_FAULT_OOPS, "[   41.222333] divide error: 0000 [#1] SMP"},
	{ZCB_FAULT_OOPS, "[   41.222333] stack segment: 0000 [#1] SMP"},
	{ZCB_FAULT_KASAN, "[    9.000000] BUG: KASAN: slab-use-after-free in "
			  "udmabuf_vm_fault+0x1a/0x60 [udmabuf]"},
	{ZCB_FAULT_KASAN, "[    9.000000] BUG: KFENCE: out-of-bounds read in foo+0x1/0x2"},
	{ZCB_FAULT_KASAN, "[    9.000000] BUG: KASAN: slab-out-of-bounds in udmabuf_create+0x4f1/0x9c0"},
	{ZCB_FAULT_KASAN, "[    9.000000] BUG: KASAN: use-after-free in "
			  "udmabuf_notify_update+0x9c/0x1f0"},
	{ZCB_FAULT_KASAN, "[    9.000000] BUG: KASAN: null-ptr-deref in mutex_lock+0x8f/0xe0"},
	{ZCB_FAULT_KASAN, "[    9.000000][   T77] BUG: KASAN: double-free in kfree+0x121/0x2f0"},
	{ZCB_FAULT_UBSAN, "[    9.000000] UBSAN: array-index-out-of-bounds in "
			  "drivers/dma-buf/udmabuf.c:131:24"},
	{ZCB_FAULT_BAD_PAGE, "[    9.000000] BUG: Bad page state in process zcbench  pfn:13c5f"},
	{ZCB_FAULT_BAD_PAGE, "[    9.000000] BUG: Bad page map in process zcbench  "
			     "pte:8000000012345025 pmd:13ff067"},
	{ZCB_FAULT_BAD_PAGE, "[    9.000000] BUG: Bad rss-counter state mm:0000000012345678 "
			     "type:MM_SHMEMPAGES val:16"},
	{ZCB_FAULT_LIST_CORRUPTION, "[    9.000000] list_add corruption. prev->next should be next "
				    "(ffff), but was 0000. (prev=ffff)."},
	{ZCB_FAULT_LIST_CORRUPTION, "[    9.000000] list_del corruption, ffff888100->next is "
				    "LIST_POISON1 (dead000000000100)"},
	{ZCB_FAULT_LIST_CORRUPTION, "[    9.000000] list_add double add: new=ffff, prev=ffff, "
				    "next=ffff."},
	{ZCB_FAULT_ATOMIC_SLEEP,
	 "[    9.000000] BUG: sleeping function called from invalid context "
	 "at kernel/locking/mutex.c:562"},
	{ZCB_FAULT_ATOMIC_SLEEP, "[    9.000000] BUG: scheduling while atomic: "
				 "zcbench/123/0x00000002"},
	{ZCB_FAULT_LOCKDEP,
	 "[    9.000000] WARNING: possible circular locking dependency detected"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: possible recursive locking detected"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: possible irq lock inversion dependency "
			    "detected"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: inconsistent lock state"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: suspicious RCU usage"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: bad unlock balance detected!"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: held lock freed!"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order "
			    "detected"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: zcbench/77 still has locks held!"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order "
			    "detected"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: Nested lock was not taken"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] WARNING: lock held when returning to user space!"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] BUG: MAX_LOCKDEP_CHAIN_HLOCKS too low!"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] turning off the locking correctness validator."},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] [ BUG: Invalid wait context ]"},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] INFO: trying to register non-static key."},
	{ZCB_FAULT_LOCKDEP, "[    9.000000] BUG: MAX_LOCKDEP_ENTRIES too low!"},
	{ZCB_FAULT_LOCKUP, "[   52.000000] watchdog: BUG: soft lockup - CPU#1 stuck for 26s! "
			   "[zcbench:312]"},
	{ZCB_FAULT_LOCKUP, "[   52.000000] watchdog: CPU0: Watchdog detected hard LOCKUP on cpu 0"},
	{ZCB_FAULT_LOCKUP, "[   52.000000] BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 "
			   "nice=0 stuck for 31s!"},
	{ZCB_FAULT_RCU_STALL,
	 "[   52.000000] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:"},
	{ZCB_FAULT_RCU_STALL, "[   52.000000] rcu: INFO: rcu_preempt self-detected stall on CPU"},
	{ZCB_FAULT_RCU_STALL, "[   52.000000] rcu: INFO: rcu_preempt detected expedited stalls on "
			      "CPUs/tasks: { 1-... } 5252 jiffies s: 17 root: 0x2/."},
	{ZCB_FAULT_RCU_STALL, "[   52.000000] rcu: rcu_preempt kthread starved for 5252 jiffies! "
			      "g-1075 f0x2 RCU_GP_WAIT_FQS(5) ->state=0x0 ->cpu=0"},
	{ZCB_FAULT_HUNG_TASK, "[  241.000000] INFO: task kworker/0:1:9 blocked for more than 120 "
			      "seconds."},
	{ZCB_FAULT_HUNG_TASK, "[  241.000000] INFO: task zcbench:99 blocked in I/O wait for more "
			      "than 120 seconds."},
	{ZCB_FAULT_WARNING, "[    9.000000] WARNING: CPU: 0 PID: 312 at mm/gup.c:3502 "
			    "memfd_pin_folios+0x2a1/0x3c0"},
	{ZCB_FAULT_WARNING,
	 "[    9.000000] WARNING: mm/gup.c:3502 at memfd_pin_folios+0x2a1/0x3c0, "
	 "CPU#0: zcbench/312"},
	{ZCB_FAULT_BUG, "[    9.000000] kernel BUG at mm/shmem.c:1312!"},
	{ZCB_FAULT_BUG, "[    9.000000] refcount_t: underflow; use-after-free."},
	{ZCB_FAULT_BUG, "[    9.000000] BUG: spinlock bad magic on CPU#0, zcbench/312"},
	{ZCB_FAULT_BUG, "[    9.000000] BUG: workqueue leaked atomic, lock or RCU: kworker/0:1[9]"},
	{ZCB_FAULT_BUG, "[    9.000000] kernel BUG at mm/page_table_check.c:82!"},
	{ZCB_FAULT_WARNING, "[    9.000000] WARNING: CPU: 1 PID: 9 at lib/debugobjects.c:612 "
			    "debug_print_object+0x1a2/0x2b0"},
	{ZCB_FAULT_BUG, "[    9.000000] BUG: using smp_processor_id() in preemptible [00000000] "
			"code: zcbench/312"},
	/* The stamp's forms, and what may stand before it. */
	{ZCB_FAULT_BUG, "[ 1234.567890][  T312] kernel BUG at mm/shmem.c:1312!"},
	{ZCB_FAULT_BUG, "[    1.567890] [      C1] kernel BUG at mm/shmem.c:1312!"},
	{ZCB_FAULT_BUG, "<2>[    1.567890] kernel BUG at mm/shmem.c:1312!"},
	{ZCB_FAULT_BUG, "runner: half a line[    1.567890] kernel BUG at mm/shmem.c:1312!"},
	{ZCB_FAULT_BUG, "\x1b[0m\x01\x80[12345.567890] kernel BUG at mm/shmem.c:1312!"},

	/* What a healthy boot prints. */
	{ZCB_FAULT_NONE, "[    0.000000] Linux version 6.12.94+deb13-amd64 (debian-kernel@lists."
			 "debian.org) #1 SMP PREEMPT_DYNAMIC"},
	{ZCB_FAULT_NONE, "[    0.000000] [Firmware Bug]: TSC ADJUST differs within socket(s)"},
	{ZCB_FAULT_NONE, "[    0.031415] x86/cpu: SGX disabled by BIOS, bug"},
	{ZCB_FAULT_NONE, "[    0.100000] RETBleed: WARNING: Spectre v2 mitigation leaves CPU "
			 "vulnerable to RETBleed attacks, data leaks possible!"},
	{ZCB_FAULT_NONE, "[    0.100000] WARNING: Spectre v2 mitigation leaves CPU vulnerable"},
	{ZCB_FAULT_NONE, "[    0.100000] Spectre V2 : Mitigation: Retpolines"},
	{ZCB_FAULT_NONE, "[    0.100000] rcu: \tRCU debug extended QS entry/exit."},
	{ZCB_FAULT_NONE, "[    0.100000] rcu: Hierarchical SRCU implementation."},
	{ZCB_FAULT_NONE, "[    0.100000] rcu: INFO: Adjusting geometry"},
	{ZCB_FAULT_NONE, "[    0.100000] NMI watchdog: Perf NMI watchdog permanently disabled"},
	{ZCB_FAULT_NONE, "[    0.100000] clocksource: timekeeping watchdog on CPU1: Marking "
			 "clocksource 'tsc' as unstable because the skew is too large:"},
	{ZCB_FAULT_NONE, "[    0.100000] Lock dependency validator: Copyright (c) 2006 Red Hat"},
	{ZCB_FAULT_NONE, "[    0.100000] \tTracing variant of Tasks RCU enabled."},
	{ZCB_FAULT_NONE, "[    0.100000] Running RCU self tests"},
	{ZCB_FAULT_NONE, "[    0.100000] ODEBUG: selftest passed"},
	{ZCB_FAULT_NONE, "[    0.100000] DMA-API: preallocated 65536 debug entries"},
	{ZCB_FAULT_NONE, "[    0.100000] debug_vm_pgtable: [debug_vm_pgtable         ]: Validating"},
	{ZCB_FAULT_NONE, "[    0.100000] kasan: KernelAddressSanitizer initialized (generic)"},
	{ZCB_FAULT_NONE, "[    0.100000] ubsan: enabled"},
	{ZCB_FAULT_NONE, "[    0.100000] debug: unmapping init memory"},
	{ZCB_FAULT_NONE, "[    0.100000] Kernel command line: panic=-1 oops=panic Oops"},
	{ZCB_FAULT_NONE, "[    0.100000] workqueue: foo hogged CPU for >10000us 4 times"},
	{ZCB_FAULT_NONE, "[    0.100000] traps: zcbench[12] general protection fault ip:401000 "
			 "sp:7ffc error:0 in zcbench[401000+1000]"},
	{ZCB_FAULT_NONE, "[    0.100000] zcbench[12]: segfault at 0 ip 0000000000401136 sp "
			 "00007ffc error 6 in zcbench[401000+1000]"},
	{ZCB_FAULT_NONE, "[    0.100000] perf: interrupt took too long (2501 > 2500)"},
	{ZCB_FAULT_NONE, "[    0.100000] INFO: lockdep is turned off."},
	{ZCB_FAULT_NONE, "[    0.100000] ---[ end Kernel panic - not syncing: Fatal ]---"},
	{ZCB_FAULT_NONE, "[    0.100000] list_addresses: 4"},
	{ZCB_FAULT_NONE, "[    0.100000] md: raid6 algorithm [#1] chosen"},
	/* User space, whatever it says. */
	{ZCB_FAULT_NONE, "WARNING: CPU: 0 PID: 1 at home"},
	{ZCB_FAULT_NONE, "BUG: this program has one"},
	{ZCB_FAULT_NONE, "Kernel panic - not syncing: said a user"},
	{ZCB_FAULT_NONE, "[ 12] BUG: no stamp"},
	{ZCB_FAULT_NONE, "[12.345] BUG: no stamp of the kernel's"},
	{ZCB_FAULT_NONE, "[   12.345678 BUG: no stamp either"},
	{ZCB_FAULT_NONE, "["},
	{ZCB_FAULT_NONE, "[    1.000000]"},
	{ZCB_FAULT_NONE, ""},
};

#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void each_fault_is_found_and_nothing_else(void **state)
{
	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct zcb_faults *faults = zcb_faults_new();
		const char *line = samples[i].line;
		enum zcb_fault_kind kind = zcb_faults_feed_console(faults, line, strlen(line));

		if (kind != samples[i].kind)
			fail_msg("%s: is %s, not %s", line, zcb_fault_kind_name(kind),
				 zcb_fault_kind_name(samples[i].kind));
		assert_int_equal(zcb_faults_count(faults), kind != ZCB_FAULT_NONE);
		assert_int_equal(!!zcb_faults_panic(faults), kind == ZCB_FAULT_PANIC);
		zcb_faults_free(faults);
	}
}

static enum zcb_fault_kind feed_kmsg(struct zcb_faults *faults, const char *record)
{
	return zcb_faults_feed_kmsg(faults, record, strlen(record));
}

static void a_kmsg_record_of_user_space_is_no_fault(void **state)
{
	struct zcb_faults *faults = zcb_faults_new();
	const char *const *list;
	size_t n;

	assert_int_equal(feed_kmsg(faults, "12,1,100,-;BUG: of user space\n"), ZCB_FAULT_NONE);
	assert_int_equal(feed_kmsg(faults, "8,1,100,-;BUG: of user space\n"), ZCB_FAULT_NONE);
	assert_int_equal(feed_kmsg(faults, "4 BUG: no record"), ZCB_FAULT_NONE);
	assert_int_equal(feed_kmsg(faults, ""), ZCB_FAULT_NONE);
	assert_int_equal(feed_kmsg(faults, "6,339,5140900,-;NET: Registered PF_PACKET\n"
					   " SUBSYSTEM=x\n"),
			 ZCB_FAULT_NONE);
	assert_int_equal(feed_kmsg(faults, "4,340,5140901,-,caller=T1;WARNING: CPU: 0 PID: 1 at "
					   "a.c:1\n SUBSYSTEM=x\n"),
			 ZCB_FAULT_WARNING);
	assert_int_equal(feed_kmsg(faults, "1,341,5140902,-;BUG: Bad page state in process a"),
			 ZCB_FAULT_BAD_PAGE);
	list = zcb_faults_list(faults, &n);
	assert_int_equal(n, 2);
	assert_string_equal(list[0], "WARNING: CPU: 0 PID: 1 at a.c:1");
	assert_string_equal(list[1], "BUG: Bad page state in process a");
	zcb_faults_free(faults);
}

static void many_faults_are_counted_and_the_first_kept(void **state)
{
	struct zcb_faults *faults = zcb_faults_new();
	const char *const *list;
	char line[4096];
	size_t n;

	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "[    1.000000] BUG: number %d \x80\"<b>", i);
		zcb_faults_feed_console(faults, line, strlen(line));
	}
	memset(line, 'x', sizeof(line));
	memcpy(line, "[    1.000000] BUG: ", 20);
	assert_int_equal(zcb_faults_feed_console(faults, line, sizeof(line)), ZCB_FAULT_BUG);
	list = zcb_faults_list(faults, &n);
	assert_int_equal(n, ZCB_FAULTS_MAX);
	assert_int_equal(zcb_faults_count(faults), 1001);
	assert_string_equal(list[0], "BUG: number 0 ?\"<b>");
	assert_string_equal(list[n - 1], "BUG: number 63 ?\"<b>");
	zcb_faults_free(faults);
}

static void random_bytes_do_no_harm(void **state)
{
	struct zcb_faults *faults = zcb_faults_new();
	unsigned int seed = 1;

	for (int i = 0; i < 200000; i++) {
		static const char likely[] = "[]. 0123456789BUG: T;,\r\n";
		char line[40];
		size_t n = (size_t)rand_r(&seed) % sizeof(line);

		for (size_t at = 0; at < n; at++)
			line[at] = rand_r(&seed) % 4 ? likely[rand_r(&seed) % sizeof(likely)]
						     : (char)rand_r(&seed);
		zcb_faults_feed_console(faults, line, n);
		zcb_faults_feed_kmsg(faults, line, n);
	}
	zcb_faults_free(faults);
}

/* The log */

struct log {
	char dir[64];
	int dirfd;
	struct zcb_console *console;
};

static struct log open_log(size_t head, size_t tail)
{
	struct log log = {.dir = "/tmp/zcb-test-console.XXXXXX"};

	assert_non_null(mkdtemp(log.dir));
	log.dirfd = open(log.dir, O_RDONLY | O_DIRECTORY);
	assert_return_code(log.dirfd, errno);
	assert_int_equal(zcb_console_open(log.dirfd, "console.log", head, tail, &log.console), 0);
	return log;
}

static char *log_text(const struct log *log)
{
	char *text;

	assert_int_equal(zcb_read_file(log->dirfd, "console.log", 1 << 20, &text, NULL), 0);
	return text;
}

static void expect_text(const struct log *log, const char *expected)
{
	char *text = log_text(log);

	assert_string_equal(text, expected);
	free(text);
}

static void close_log(struct log *log)
{
	zcb_console_free(log->console);
	unlinkat(log->dirfd, "console.log", 0);
	close(log->dirfd);
	rmdir(log->dir);
}

static void a_short_log_is_whole(void **state)
{
	struct log log = open_log(8, 8);

	assert_int_equal(zcb_console_write(log.console, "12345", 5), 0);
	expect_text(&log, "12345");
	assert_int_equal(zcb_console_write(log.console, "67890", 5), 0);
	assert_int_equal(zcb_console_write(log.console, "abcdef", 6), 0);
	assert_int_equal(zcb_console_finish(log.console), 0);
	expect_text(&log, "1234567890abcdef");
	close_log(&log);
}

static void a_long_log_keeps_both_ends_and_says_so(void **state)
{
	struct log log = open_log(8, 4);

	assert_int_equal(zcb_console_write(log.console, "headheadAB", 10), 0);
	for (char c = 'a'; c <= 'z'; c++)
		assert_int_equal(zcb_console_write(log.console, &c, 1), 0);
	assert_int_equal(zcb_console_finish(log.console), 0);
	expect_text(&log, "headhead\n[zcbench: truncated, 24 bytes dropped]\nwxyz");
	assert_int_equal(zcb_console_write(log.console, "0123456789", 10), 0);
	assert_int_equal(zcb_console_finish(log.console), 0);
	expect_text(&log, "headhead\n[zcbench: truncated, 34 bytes dropped]\n6789");
	close_log(&log);
}

static void the_tail_is_on_the_disk_before_the_end(void **state)
{
	struct log log = open_log(4, 64);

	/* The first write flushes; the next one is due a second later. */
	assert_int_equal(zcb_console_write(log.console, "headtail", 8), 0);
	expect_text(&log, "headtail");
	close_log(&log);
}

static void a_full_disk_is_told_once_and_made_good_later(void **state)
{
	struct log log = open_log(1024, 64);
	struct rlimit limit, old;

	getrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_IGN);
	limit = (struct rlimit){.rlim_cur = 6, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_FSIZE, &limit);
	assert_int_equal(zcb_console_write(log.console, "123456789", 9), -EFBIG);
	assert_int_equal(zcb_console_write(log.console, "abc", 3), 0);
	assert_int_equal(zcb_console_finish(log.console), -EFBIG);
	expect_text(&log, "123456");
	setrlimit(RLIMIT_FSIZE, &old);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(zcb_console_write(log.console, "def", 3), 0);
	assert_int_equal(zcb_console_finish(log.console), 0);
	expect_text(&log, "123456789abcdef");
	close_log(&log);
}

static void a_disk_that_is_full_from_the_start_is_told(void **state)
{
	struct zcb_console *console;

	assert_int_equal(zcb_console_open(AT_FDCWD, "/dev/full", 16, 16, &console), 0);
	assert_int_equal(zcb_console_write(console, "1", 1), -ENOSPC);
	assert_int_equal(zcb_console_write(console, "2", 1), 0);
	assert_int_equal(zcb_console_finish(console), -ENOSPC);
	zcb_console_free(console);
	assert_int_equal(zcb_console_open(AT_FDCWD, "/nowhere/console.log", 16, 16, &console),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_do_not_depend_on_where_reads_end),
		cmocka_unit_test(a_line_without_end_comes_in_pieces),
		cmocka_unit_test(each_fault_is_found_and_nothing_else),
		cmocka_unit_test(a_kmsg_record_of_user_space_is_no_fault),
		cmocka_unit_test(many_faults_are_counted_and_the_first_kept),
		cmocka_unit_test(random_bytes_do_no_harm),
		cmocka_unit_test(a_short_log_is_whole),
		cmocka_unit_test(a_long_log_keeps_both_ends_and_says_so),
		cmocka_unit_test(the_tail_is_on_the_disk_before_the_end),
		cmocka_unit_test(a_full_disk_is_told_once_and_made_good_later),
		cmocka_unit_test(a_disk_that_is_full_from_the_start_is_told),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
