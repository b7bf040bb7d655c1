#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sanitize.sh asan|tsan [TEST…]: builds in build-asan or build-tsan and runs the tests
# there that need no VM: the suites unit and report.
# asan is AddressSanitizer, LeakSanitizer and UBSan together; tsan is ThreadSanitizer.
set -euo pipefail

case ${1:-} in
asan) sanitizers=address,undefined ;;
tsan) sanitizers=thread ;;
*)
	echo "usage: sanitize.sh asan|tsan [TEST…]" >&2
	exit 2
	;;
esac
setup=$1
shift
top=$(cd "$(dirname "$0")/.." && pwd)
build=$top/build-$setup

if [ ! -f "$build/build.ninja" ]; then
	meson setup "$build" "$top" -Db_sanitize="$sanitizers" -Db_lundef=false \
		-Dbuildtype=debugoptimized -Dwerror=true
fi
meson compile -C "$build"
exec meson test -C "$build" --no-rebuild --suite unit --suite report --setup "$setup" --print-errorlogs "$@"
