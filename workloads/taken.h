/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_TAKEN_H
#define ZCB_WORKLOADS_TAKEN_H

#include "workloads/workload.h"

/*
 * What the workloads have in common by which the VMM takes pages of a running guest: a guest that uses
 * a page keeps it, so it first gives it to its kernel, and gets the very same one again afterwards.
 * Between the two the pages are in victim->state.
 */

/** Says why the guest has no such device, or the parameters make no sense: as a workload's check(). */
int zcb_taken_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		    enum zcb_guest_device device, struct zcb_error *err);

/** Chooses the strike's pages and has the guest give them; *ret_pages is how many. */
int zcb_taken_give(const struct zcb_workload_params *params, struct zcb_victim *victim,
		   uint32_t *ret_pages, struct zcb_error *err);

/** How many of them the memfd still has. */
uint32_t zcb_taken_left(const struct zcb_victim *victim);

/**
 * They are holes now: takes note of it, and of the time since they were given. -EIO with the figures
 * where `left` of them are not, which is what zcb_taken_left() said; `culprit` begins the sentence.
 */
int zcb_taken_note(struct zcb_victim *victim, struct zcb_damage *damage, uint32_t left,
		   const char *culprit, struct zcb_error *err);

/** Has the guest get them again. */
int zcb_taken_regain(struct zcb_victim *victim, struct zcb_error *err);

/** As a workload's restore(). */
void zcb_taken_restore(struct zcb_victim *victim);

#endif
