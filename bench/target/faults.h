/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_FAULTS_H
#define ZCB_TARGET_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds the kernel's own complaints in what it printed. One of them taints the boot: no number
 * from it counts. A line of user space is none of them, whatever it says: on a console it has no
 * time stamp (the HUT boots with printk.time=1), in /dev/kmsg it has a facility.
 */

enum zcb_fault_kind {
	ZCB_FAULT_NONE,
	ZCB_FAULT_PANIC,
	ZCB_FAULT_OOPS,	 /* with general protection faults and the other traps in kernel mode */
	ZCB_FAULT_KASAN, /* KFENCE, KMSAN and KCSAN too */
	ZCB_FAULT_BAD_PAGE,
	ZCB_FAULT_LIST_CORRUPTION,
	ZCB_FAULT_ATOMIC_SLEEP,
	ZCB_FAULT_LOCKDEP,
	ZCB_FAULT_LOCKUP, /* soft and hard */
	ZCB_FAULT_RCU_STALL,
	ZCB_FAULT_HUNG_TASK,
	ZCB_FAULT_UBSAN,
	ZCB_FAULT_WARNING,
	ZCB_FAULT_BUG,
};

/** "panic", "oops", "lockdep" …; "none". */
const char *zcb_fault_kind_name(enum zcb_fault_kind kind);

/** Judges one message of the kernel, without time stamp or prefix. */
enum zcb_fault_kind zcb_fault_classify(const char *text);

/** What was found so far: at most ZCB_FAULTS_MAX texts, all of them counted. */
struct zcb_faults;

#define ZCB_FAULTS_MAX 64

/** Returns NULL without memory. */
struct zcb_faults *zcb_faults_new(void);

/** NULL is allowed. */
void zcb_faults_free(struct zcb_faults *faults);

/**
 * Takes a line of a console. Only what stands behind a time stamp is the kernel's; the stamp may
 * stand anywhere, since the kernel prints into an unfinished line of user space. Any byte may
 * occur. Returns the kind of the fault, or ZCB_FAULT_NONE.
 */
enum zcb_fault_kind zcb_faults_feed_console(struct zcb_faults *faults, const char *line, size_t n);

/**
 * Takes a record as one read() of /dev/kmsg returns it: "PRIORITY,SEQUENCE,USEC,FLAGS;text", a
 * newline, and perhaps more lines, which are not looked at.
 */
enum zcb_fault_kind zcb_faults_feed_kmsg(struct zcb_faults *faults, const char *record, size_t n);

/** The texts, as printable ASCII, in the order they came; owned by faults, valid to the next feed.
 */
const char *const *zcb_faults_list(const struct zcb_faults *faults, size_t *ret_n);

/** All faults, those beyond ZCB_FAULTS_MAX too. */
size_t zcb_faults_count(const struct zcb_faults *faults);

/** The text of the first panic, or NULL. */
const char *zcb_faults_panic(const struct zcb_faults *faults);

#endif
