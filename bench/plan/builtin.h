/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_BUILTIN_H
#define ZCB_PLAN_BUILTIN_H

/* The plan files of this folder, which bench/base/embed.py makes part of the program. */
extern const char zcb_embedded_smoke_json[];
extern const char zcb_embedded_default_json[];
extern const char zcb_embedded_nightly_json[];
extern const char zcb_embedded_stress_json[];
extern const char zcb_embedded_frames_1080p_json[];
extern const char zcb_embedded_ab_json[];
extern const char zcb_embedded_stages_json[];
extern const char zcb_embedded_sweep_udmabufs_json[];
extern const char zcb_embedded_sweep_pages_json[];
extern const char zcb_embedded_sweep_subscribers_json[];
extern const char zcb_embedded_sweep_holes_json[];

#endif
