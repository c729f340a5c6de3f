#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# gc in the system's repository keeps what /boot can boot, unasked. In a root
# directory of its own, which has /sysroot and /boot.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/fixture.sh"

mkdir -p root/{boot/loader/entries,sysroot,tmp} tree/{etc,usr}
for dir in lib lib64 usr proc; do
	if [ -L "/$dir" ]; then
		cp -a "/$dir" root/ || exit 1
	elif [ -d "/$dir" ]; then
		mkdir "root/$dir" && mount --bind "/$dir" "root/$dir" || exit 1
	fi
done
cp "$BIN/cfsctl" root/cfsctl
repo=root/sysroot/composefs
fixture_repo $repo
for i in 0 1; do
	echo $i > tree/etc/name
	id[i]=$(cfsctl --repo $repo create-image tree | sed 's/.*://')
done
gc() { chroot root /cfsctl "$@" gc; }
has() { [ -e "$repo/images/$1" ]; }
entry=root/boot/loader/entries/a.conf
printf 'linux /vmlinuz\noptions composefs.digest=v1-sha512-12:%s\n' "${id[0]}" > $entry
: > root/boot/loader/entries/broken.conf
check "gc in the system's repository" eval 'gc > out 2> err'
check "  keeps what an entry of /boot boots" has "${id[0]}"
check "  and nothing else" eval '! has "${id[1]}"'
check "  an entry that cannot be read is a warning" grep -q \
	'^warning: /boot/loader/entries/broken.conf: ' err
rm root/boot/loader/entries/*
check "without entries" quiet gc
check "  it is not kept" eval '! has "${id[0]}"'
rmdir root/boot/loader/entries
same "a /boot that has no entries is none" "$(gc 2>&1)" "Objects: 0 removed (0 bytes)"
finish
