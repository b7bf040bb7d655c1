#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# symbols.sh LIBRARY...: no two objects of the program's libraries define the same symbol. The linker takes the first
# that it meets, and says nothing of the other.
set -euo pipefail

twice=$(nm --defined-only --extern-only "$@" | awk '$2 ~ /^[TDBRVW]$/ { print $3 }' | sort | uniq -d)
count=$(nm --defined-only --extern-only "$@" | awk '$2 == "T"' | wc -l)
if [ -n "$twice" ]; then
	printf 'defined more than once: %s\n' "$twice"
	exit 1
fi
if ((count < 100)); then
	echo "only $count functions are defined in $*: are they the libraries?"
	exit 1
fi
echo "$count functions, each defined once"
