#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# must-find.sh PROGRAM TEXT: the program must fail, and say TEXT.
set -uo pipefail

if said=$("$1" 2>&1); then
	echo "$1 found nothing"
	exit 1
fi
if ! grep -qF -- "$2" <<<"$said"; then
	echo "$1 did not say \"$2\": ${said: -400}"
	exit 1
fi
echo "found: $2"
