/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_BESIDE_H
#define ZCB_WORKLOADS_BESIDE_H

#include "workloads/workload.h"

/*
 * Loads: workloads that keep guest and host busy beside the frame, while another workload, `under`,
 * strikes it. They work on a second frame of the guest, so that the proofs of the other hold.
 */

/** The second frame while it lives. */
struct zcb_beside {
	const struct zcb_workload_ops *under;
	struct zcb_guest *guest;
	uint32_t frame, pages;
	uint64_t key;
	zcb_memfd_off *page; /* owned */
};

/** The workload that params->under names, and idle where it names none; or NULL. */
const struct zcb_workload_ops *zcb_beside_under(const struct zcb_workload_params *params);

/** A load's check(): that of the workload under it, which may be no load itself. */
int zcb_beside_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		     struct zcb_error *err);

/** A load's prepare(), give_back() and restore(): those of the workload under it. */
int zcb_beside_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
		       struct zcb_error *err);
int zcb_beside_give_back(const struct zcb_workload_params *params, struct zcb_victim *victim,
			 struct zcb_error *err);
void zcb_beside_restore(struct zcb_victim *victim);

/** Has the guest make a second frame of single pages. zcb_beside_close() gives it back. */
int zcb_beside_open(const struct zcb_workload_params *params, struct zcb_victim *victim,
		    struct zcb_beside *ret_beside, struct zcb_error *err);

/** Every page of the second frame must hold this sequence in the memfd, or -EIO. */
int zcb_beside_prove(const struct zcb_beside *beside, uint64_t sequence, struct zcb_error *err);

void zcb_beside_close(struct zcb_beside *beside);

#endif
