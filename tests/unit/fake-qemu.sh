#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Stands in for QEMU in test-target: descriptor 3 is the channel, 4 the console, 5 the initrd,
# 6 the guests' consoles.
# ZCB_FAKE says how it behaves; ZCB_FAKE_NOTE names a file for what the test wants to know.

note()
{
	printf '%s\n' "$*" >>"$ZCB_FAKE_NOTE"
}

line()
{
	printf '[    1.000000] %s\r\n' "$*" >&4
}

note "pid $$"
note "open: $(readlink /proc/$$/fd/*)"
note "initrd $(tr -d '\0' </proc/self/fd/5)"
note noted
line 'Linux version 6.12.94+deb13-amd64'

case "$ZCB_FAKE" in
clean)
	printf 'hello\n' >&3
	read -r answer <&3
	note "answer $answer"
	line 'reboot: Power down'
	;;
panic)
	line 'Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100'
	;;
panic-then-hang)
	line 'Kernel panic - not syncing: and no reboot'
	sleep 1000
	;;
oops)
	line 'BUG: kernel NULL pointer dereference, address: 0000000000000010'
	line 'Oops: Oops: 0000 [#1] PREEMPT SMP'
	printf 'WARNING: of user space\n' >&4
	printf 'hello\n' >&3
	;;
runner-ended)
	line 'zcb-init: runner ended: killed by signal 11'
	line 'reboot: Power down'
	;;
slow)
	printf 'hello\n' >&3
	exec 3>&-
	sleep 0.5
	[ "$ZCB_FAKE_END" = panic ] && line 'Kernel panic - not syncing: late'
	;;
probe)
	printf '%s\n' "$ZCB_FAKE_ANSWER" >&3
	;;
exit-1)
	echo 'qemu-system-x86_64: warning: something harmless' >&2
	echo 'qemu-system-x86_64: -m 1P: cannot set up guest memory' >&2
	exit 1
	;;
killed)
	echo 'qemu-system-x86_64: ../util/error.c: assertion failed' >&2
	kill -SEGV $$
	;;
told-to-end)
	trap 'echo "qemu-system-x86_64: terminating on signal 15 from pid 7 (slurmstepd)" >&2; exit 0' TERM
	printf 'hello\n' >&3
	sleep 1000 &
	wait
	;;
stuck)
	# Like QEMU, it does not end in the middle of its dump.
	trap : TERM
	echo 'KVM internal error. Suberror: 1' >&2
	echo 'extra data[0]: 0x0000000000000001' >&2
	sleep 1000 &
	wait
	;;
hang)
	sleep 1000
	;;
deaf)
	trap '' TERM
	while :; do sleep 1; done
	;;
child)
	sleep 1000 &
	note "child $!"
	exit 0
	;;
flood)
	head -c 8000000 /dev/zero | tr '\0' 'x' >&4
	line 'Kernel panic - not syncing: behind the flood'
	;;
guest-flood)
	printf '\033]0;hostile\007\377\n' >&6
	head -c 8000000 /dev/zero | tr '\0' 'x' >&6
	printf 'Kernel panic - not syncing: of the guest\n' >&6
	;;
esac
exit 0
