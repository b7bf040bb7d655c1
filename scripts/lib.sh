# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# What the scripts share: messages, one way to fail, progress, and the cache. Sourced.

# shellcheck disable=SC2034 # for those who source this
EXIT_USAGE=2
EXIT_INFRASTRUCTURE=13

zcb_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
zcb_cache=${XDG_CACHE_HOME:-$HOME/.cache}/zcbench
zcb_script=${0##*/}
zcb_temp=

say() { printf '%s: %s\n' "$zcb_script" "$*" >&2; }

# die CODE MESSAGE: the only way a script ends badly. What was half made goes (see clean_up).
die() {
	local code=$1
	shift
	say "$*"
	exit "$code"
}

# infra MESSAGE: a failure of the machine, the network or the disk, with its mend.
infra() { die "$EXIT_INFRASTRUCTURE" "host set-up: $*"; }

clean_up() {
	if [[ -n ${zcb_step_pid:-} ]]; then
		kill -- "-$zcb_step_pid" 2>/dev/null || :
		wait "$zcb_step_pid" 2>/dev/null || :
	fi
	[[ -z $zcb_temp ]] || rm -rf "$zcb_temp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# progress LABEL STARTED ESTIMATE: one line, rewritten on a terminal.
progress() {
	local elapsed=$((SECONDS - $2)) of=
	(($3 > 0)) && of=" of about $3 s"
	if [[ -t 2 ]]; then
		printf '\r\033[K%s: %s: %d s%s' "$zcb_script" "$1" "$elapsed" "$of" >&2
	elif ((elapsed > 0 && elapsed % 30 == 0)); then
		say "$1: $elapsed s$of"
	fi
}

# The estimate of a step is what it took the last time on this machine, at first the given one.
estimate_of() { cat "$zcb_cache/times/$1" 2>/dev/null || echo "$2"; }

# run_step NAME ESTIMATE LABEL COMMAND…: runs COMMAND (a function, too) with its output in
# the log NAME.log, and shows how far it is. Returns COMMAND's exit code; its words are in
# $zcb_log then.
run_step() {
	local name=$1 label=$3 started=$SECONDS estimate status=0
	estimate=$(estimate_of "$name" "$2")
	shift 3
	mkdir -p "$zcb_cache/log" "$zcb_cache/times"
	zcb_log=$zcb_cache/log/$name.log
	say "$label (about $estimate s)"
	set -m
	"$@" >"$zcb_log" 2>&1 </dev/null &
	zcb_step_pid=$!
	set +m
	while kill -0 "$zcb_step_pid" 2>/dev/null; do
		progress "$label" "$started" "$estimate"
		sleep 1
	done
	[[ ! -t 2 ]] || printf '\r\033[K' >&2
	wait "$zcb_step_pid" || status=$?
	zcb_step_pid=
	((status)) || echo $((SECONDS - started + 1)) >"$zcb_cache/times/$name"
	return "$status"
}

# What a failed step complained about: the cause where it names one, else its last error.
complaint() {
	local cause='could not connect|could not resolve|temporary failure|failed to fetch|unable to connect|timed out'
	{
		grep -m 1 -iE "$cause" "$zcb_log" ||
			grep -iE '(^|[^a-z])(E:|error|fatal|failed|cannot|\*\*\*)' "$zcb_log" | tail -n 1
	} | tr -s ' ' | sed 's/^ //' | cut -c 1-250
}

# step_failed WHAT MEND: ends with one sentence that has both, and the step's own complaint.
step_failed() {
	local why
	why=$(complaint || :)
	if grep -qi 'no space left' "$zcb_log"; then
		infra "$1: the disk of $zcb_cache is full; free some space, or set XDG_CACHE_HOME to a larger disk"
	fi
	infra "$1 failed${why:+ ($why)}; $2 (log: $zcb_log)"
}

need_cache() {
	mkdir -p "$zcb_cache" 2>/dev/null || :
	[[ -d $zcb_cache && -w $zcb_cache ]] ||
		infra "cannot write to $zcb_cache; set XDG_CACHE_HOME to a folder that is yours"
}

# need_space MIB WHAT
need_space() {
	local free
	need_cache
	free=$(df --output=avail -BM "$zcb_cache" | tr -dc '0-9\n' | tail -n 1)
	((free >= $1)) ||
		infra "$2 needs $1 MiB in $zcb_cache, and $free are free; free some space, or set XDG_CACHE_HOME to a larger disk"
}

# hash_of FILE… [-- WORD…]: the key of what is made from these files and words.
hash_of() {
	local file
	{
		while (($# > 0)) && [[ $1 != -- ]]; do
			file=$1
			shift
			printf '%s ' "${file#"$zcb_top"/}"
			sha256sum <"$file"
		done
		shift || :
		printf '%s\n' "$@"
	} | sha256sum | cut -c 1-16
}

# lock_cache: until the script ends, no other one builds into the cache.
lock_cache() {
	[[ -z ${zcb_lock:-} ]] || return 0
	need_cache
	exec {zcb_lock}>"$zcb_cache/lock"
	flock -n "$zcb_lock" && return 0
	say "another set-up is at work; waiting for it"
	flock "$zcb_lock"
}

# is_made NAME HASH
is_made() { [[ $(cat "$zcb_cache/$1-$2/hash" 2>/dev/null) == "$2" ]]; }

# link_image NAME HASH: build/images/NAME points to it from now on.
link_image() {
	mkdir -p "$zcb_top/build/images"
	ln -sfn "$zcb_cache/$1-$2" "$zcb_top/build/images/$1"
}

# make_image NAME HASH FUNCTION: has FUNCTION TEMP OUT HASH NAME fill a new folder OUT, unless the
# cache has it. The folder gets its name only when it is whole.
make_image() {
	local name=$1 hash=$2 build=$3
	if ! is_made "$name" "$hash"; then
		lock_cache
	fi
	if is_made "$name" "$hash"; then
		say "$name: up to date"
	else
		# Ours is the lock, so what lies here was left by one that was killed.
		rm -rf "$zcb_cache/tmp.$name".* "${zcb_cache:?}/$name-$hash"
		zcb_temp=$(mktemp -d "$zcb_cache/tmp.$name.XXXXXX")
		mkdir "$zcb_temp/out"
		chmod 755 "$zcb_temp" "$zcb_temp/out"
		"$build" "$zcb_temp" "$zcb_temp/out" "$hash" "$name"
		echo "$hash" >"$zcb_temp/out/hash"
		mv -T "$zcb_temp/out" "$zcb_cache/$name-$hash"
		rm -rf "$zcb_temp"
		zcb_temp=
		say "$name: made"
	fi
	link_image "$name" "$hash"
}
