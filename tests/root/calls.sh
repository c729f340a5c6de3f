#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# How many system calls mounting takes, from the first look at the disk to the last
# attachment: what docs/BENCHMARKS.md says, and no more.
. "${CFS_SRC:?run by tests/run}/tests/root/host-lib"
command -v strace > /dev/null || skip "no strace"

host_repo
host_image first || exit 1
mkdir -p "$state/etc/upper" "$state/etc/work"
trace="strace -o $TMPDIR/trace"

calls() { # those that log, and are left out, write or open /dev/kmsg
	awk '/openat2\(|open_tree\(/ && !from { from = NR }
	from && (/^write\(/ || /kmsg/) { said++ }
	/^move_mount\(/ { to = NR - said }
	END { print to - from + 1 }' "$TMPDIR/trace"
}
few() { # NAME MAX
	local n
	n=$(calls)
	[ "$n" -gt 20 ] && [ "$n" -le "$2" ]
	report $? "$1 takes at most $2 system calls: $n"
}

printf '[probe]\nenable = false\n[etc]\nmount = "none"\n[var]\nmount = "none"\n' > "$conf"
boot
booted "the root alone is mounted"
few "it" 25
printf '[probe]\nenable = false\n' > "$conf"
boot
booted "the root is mounted with its state"
few "it" 45
finish
