# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What a night does when its run directory is there, whoever ran it. Sourced after lib.sh, by scripts that have set
# $store, $program, $keep (run directories) and $command (on a regression).
: "${EXIT_INFRASTRUCTURE:?}" "${store:=}" "${program:=}" "${keep:=}" "${command:=}"

# The plan of a night where none is named.
usual_plan() {
	if "$program" list plans | grep -q '^  nightly '; then echo nightly; else echo default; fi
}

# worst CODE CODE: the worse of two exit codes.
worst() {
	local code
	for code in 14 11 13 10 12; do
		if (($1 == code || $2 == code)); then
			echo "$code"
			return
		fi
	done
	echo "$(($1 ? $1 : $2))"
}

# Pictures and maps of the frames of cells that failed.
pin_frames() {
	local run=$1 index
	sed -nE '/"status": ?"fail"/s/.*"index": ?([0-9]+).*/\1/p' "$run/cells.jsonl" 2>/dev/null |
		while read -r index; do
			mkdir -p "$store/pinned/${run##*/}"
			find "$run/frames" -maxdepth 1 -name "$index-*" -type f \
				-exec cp -n -t "$store/pinned/${run##*/}" {} +
		done
}

# The oldest run directories go; their names sort by time.
retain() {
	local -a runs
	mapfile -t runs < <(cd "$store/raw" && printf '%s\n' [0-9]*T[0-9]*Z | grep -x '[0-9]*T[0-9]*Z' | sort -r)
	local run
	for run in "${runs[@]:keep}"; do
		rm -rf -- "${store:?}/raw/$run" "$store/shards/$run"
		say "the run directory of $run is $keep nights old: removed, its summary stays"
	done
}

# close_night RUN CODE PLAN: adds the run to the store, whose lock is descriptor 9, says what is found, and ends with
# the worse of the run's exit code and the trends'.
close_night() {
	local run=$1 code=$2 plan=$3 trend=0 verdict
	# Nothing ran, or not as asked: that is no night.
	if [[ ! -s $run/cells.jsonl ]]; then
		rm -rf -- "$run"
		say "the run ended with $code and without a result: there is no night"
		((code)) || code=$EXIT_INFRASTRUCTURE
		exit "$code"
	fi
	verdict=$("$program" trends "$store" --add "$run" -o "$store" 9>&-) || trend=$?
	pin_frames "$run"
	retain
	code=$(worst "$code" "$trend")
	verdict="zcbench $plan: exit code $code
$verdict
report: $run/report.html
trends: $store/index.html"
	printf '%s\n' "$verdict"
	if [[ $command ]] && ((code)); then
		ZCB_EXIT_CODE=$code ZCB_RUN=$run bash -c "$command" <<<"$verdict" 9>&- ||
			say "the command ended with $?: $command"
	fi
	exit "$code"
}
