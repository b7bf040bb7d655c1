#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# vmm-symbols.sh OBJECT: what is preloaded into QEMU shows it no symbol, and needs the C library alone.
set -euo pipefail

object=$1
shown=$(nm --dynamic --defined-only "$object")
needed=$(objdump -p "$object" | awk '$1 == "NEEDED" && $2 !~ /^(libc\.so\.6|ld-linux-x86-64\.so\.2)$/ { print $2 }')
if [ -n "$shown$needed" ]; then
	printf '%s shows: %s\nand needs: %s\n' "$object" "$shown" "$needed"
	exit 1
fi
nm --dynamic --undefined-only "$object" | grep -q ' sendmsg' || {
	echo "$object has no sendmsg(): is it the agent, and is nm telling the truth?"
	exit 1
}
