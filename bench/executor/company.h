/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_COMPANY_H
#define ZCB_EXECUTOR_COMPANY_H

#include "bench/guest/guest.h"
#include "bench/plan/cell.h"
#include "bench/results/recorder.h"

/**
 * What else lives in the VMM's mm while a cell measures: udmabufs of the guest's memory that nobody
 * reads and no workload strikes, and subscribers of its MMU notifiers, which are virtual machines
 * without anything in them.
 */
struct zcb_company {
	int *fd; /* owned: the udmabufs first */
	uint32_t n, udmabufs;
	struct zcb_recorder *recorder; /* of company.create and company.close; the caller's */
};

/**
 * Brings what the parameters ask for, in a company that has a recorder and nothing else. The udmabufs are all of the same pages, at the end of RAM, and of
 * none of the frame's. -EOPNOTSUPP where the guest's VMM cannot; other -errno.
 */
int zcb_company_hold(const struct zcb_cell_params *params, struct zcb_guest *guest,
		     const zcb_memfd_off *frame, struct zcb_company *company, struct zcb_error *err);

void zcb_company_finish(struct zcb_company *company);

#endif
