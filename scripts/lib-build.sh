# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Builds the program in build/. Sourced, after lib.sh.
: "${zcb_top:?}" # lib.sh's

configure_and_compile() {
	# A folder that meson did not finish has no build.ninja.
	[[ -f $zcb_top/build/build.ninja ]] || meson setup "$zcb_top/build" "$zcb_top"
	ninja -C "$zcb_top/build"
}

build_program() {
	run_step build 60 "build/zcbench" configure_and_compile ||
		step_failed "building zcbench" "read ${zcb_log:?}"
}
