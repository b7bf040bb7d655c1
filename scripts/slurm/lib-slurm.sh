# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the scripts of this folder ask Slurm for. Sourced.

# Whoever runs these may have squeue hide jobs of other partitions, states and the like.
# shellcheck disable=SC2086 # names of variables
unset ${!SQUEUE_@}

# left_of JOB: what of the job, or of each task of the array, has not ended: its number and its state, a line each. Fails
# where Slurm does not answer.
left_of() {
	local jobs
	jobs=$(squeue --noheader --user="$(id -u)" --format='%F %i %T') || return
	sed -n "s/^$1 //p" <<<"$jobs"
}
