// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/plan/builtin.h"

#include <stddef.h>

#include "bench/plan/plan.h"

const struct zcb_builtin_plan zcb_builtin_plans[] = {
	{ "smoke", zcb_embedded_smoke_json },
	{ "default", zcb_embedded_default_json },
	{ "nightly", zcb_embedded_nightly_json },
	{ "stress", zcb_embedded_stress_json },
	{ "frames-1080p", zcb_embedded_frames_1080p_json },
	{ "ab", zcb_embedded_ab_json },
	{ "stages", zcb_embedded_stages_json },
	{ "sweep-udmabufs", zcb_embedded_sweep_udmabufs_json },
	{ "sweep-pages", zcb_embedded_sweep_pages_json },
	{ "sweep-subscribers", zcb_embedded_sweep_subscribers_json },
	{ "sweep-holes", zcb_embedded_sweep_holes_json },
	{ NULL, NULL },
};
