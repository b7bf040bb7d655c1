#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs shellcheck over every shell script of the tree whose top is given. With --self-test it plants
# a script with a fault instead, and demands that the fault is named.
set -euo pipefail

# What is a shell script: by its first lines, for most have no .sh.
scripts_below() {
	find "$1" \( -name '.git' -o -name 'build*' \) -prune -o -type f -size -256k -print0 |
		while IFS= read -r -d '' file; do
			if head -n 3 -- "$file" | tr -d '\0' |
				grep -qE '^#!.*\b(ba|da)?sh\b|^# shellcheck shell='; then
				printf '%s\0' "$file"
			fi
		done
}

check() {
	local -a scripts
	mapfile -d '' -t scripts < <(scripts_below "$1")
	if [ "${#scripts[@]}" -eq 0 ]; then
		echo "no shell script below $1"
		return 1
	fi
	(cd "$1" && shellcheck --color=never -- "${scripts[@]}") || return 1
	echo "shellcheck is content with ${#scripts[@]} scripts"
}

self_test() {
	local top said
	top=$(mktemp -d)
	# shellcheck disable=SC2064 # now, not later: top is local
	trap "rm -rf '$top'" EXIT
	printf '#!/bin/sh\necho sound\n' >"$top/sound"
	check "$top"
	# shellcheck disable=SC2016 # the fault is planted as it is
	printf '#!/bin/sh\nrm $1\n' >"$top/planted"
	if said=$(check "$top"); then
		echo "the planted fault was not found"
		return 1
	fi
	grep -q 'planted line 2' <<<"$said" || { echo "the plant is not named: $said"; return 1; }
	echo "the planted fault was named"
}

if ! command -v shellcheck >/dev/null; then
	echo "skipped: shellcheck is missing: install the package shellcheck"
	exit 77
fi
case ${1:?usage: shellcheck.sh TOP|--self-test} in
--self-test) self_test ;;
*) check "$(realpath "$1")" ;;
esac
