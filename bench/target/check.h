/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_CHECK_H
#define ZCB_TARGET_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/** One thing that a target may need of this machine. */
struct zcb_check {
	const char *name;
	bool ok;
	char found[768]; /* what is there, or what is wrong */
	char mend[192];	 /* a command, or "" */
};

/** The device that makes dma-bufs, and whether we may open it. */
void zcb_check_udmabuf(struct zcb_check *ret_check);

/** Root: page frame numbers, tracefs and offlining of pages are for root alone. */
void zcb_check_root(struct zcb_check *ret_check);

/** A KVM that runs a loop (kvm-probe.h): guests of the native target need it. */
void zcb_check_kvm(struct zcb_check *ret_check);

/** Free 2 MiB pages in the hugetlb pool, for --memory hugetlb. */
void zcb_check_hugetlb(struct zcb_check *ret_check);

/** Memory for a HUT of this size and for us. */
void zcb_check_memory(size_t hut_bytes, struct zcb_check *ret_check);

/** Room for a run directory in the folder. */
void zcb_check_disk(const char *folder, struct zcb_check *ret_check);

/** gnuplot, which the report's plots are made with. */
void zcb_check_gnuplot(struct zcb_check *ret_check);

#endif
