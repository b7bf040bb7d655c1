/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_OBSERVE_H
#define ZCB_REPORTS_OBSERVE_H

#include "reports/analysis/comparison.h"

/**
 * Reads the figures of these metrics (with commas between them) of all cells of the arms that
 * count; twin may be NULL. The observations borrow from the results. Returns 0; -EINVAL where it is not
 * clear which cells belong together (err says which option mends it); -ENOMEM.
 */
int zcb_observe(const struct zcb_arm *a, const struct zcb_arm *b, const struct zcb_arm *twin,
		const char *metrics, struct zcb_observations **ret_observations,
		struct zcb_error *err);

/** What an arm is: "KERNEL:VARIANT", or several of them; it lives as long as the observations. */
const char *zcb_observe_label(struct zcb_observations *o, const struct zcb_arm *arm);

#endif
