#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the report of a failed boot advises follows from what failed: each of
# these ends a step that others end for other reasons.
. "${CFS_SRC:?run by tests/run}/tests/root/host-lib"

host_repo
host_image first
secure=${cmdline/\?/}

advises() { # NAME STATUS SAID CURE: no other cure, and none when CURE is empty
	local bad=0
	[ "$status" = "$2" ] && grep -qF -e "$3" "$TMPDIR/err" || bad=1
	if [ -n "$4" ]; then
		[ "$(grep -c 'cure:' "$TMPDIR/err")" = 1 ] &&
			grep 'cure:' "$TMPDIR/err" | grep -qF -e "$4" || bad=1
	else
		! grep -q 'cure:' "$TMPDIR/err" || bad=1
	fi
	report $bad "$1"
	[ $bad = 0 ] || tell
}
# disk_in FILE: an ext4 of the machine's own, with what $disk has.
disk_in() {
	truncate -s 60M "$1" && mkfs.ext4 -q -b 4096 -m 0 "$1" && mkdir -p mnt &&
		mount -o loop "$1" mnt && cp -a "$disk/." mnt/ && umount mnt
}
# boot_from FILE OPTIONS [KARGS]: as boot, from an image of a file system.
boot_from() {
	reset
	mount -o "loop,$2" "$1" "$sysroot"
	composefs-setup-root --sysroot "$sysroot" --config "$conf" \
		--cmdline "$cmdline ${3-}" > "$TMPDIR/out" 2> "$TMPDIR/err" < /dev/null
	status=$?
}

# The host's kernel need not have fs-verity: then it says why there is none.
cmdline=$secure boot
advises "no fs-verity: nothing is said of damage" 6 "fs-verity" ""

echo 'boot.allow-insecure = false' > "$conf"
boot
advises "an insecure argument that is forbidden" 4 "boot.allow-insecure" 'without the "?"'
: > "$conf"

good=$cmdline
cmdline="$good init=/usr/bin/nothere"
boot
advises "a misspelt init=" 10 "has no /usr/bin/nothere, which init= on the kernel command line names" \
	"correct init= of the boot entry"
cmdline=$good

host_image nopro '/^.proc /d'
boot
advises "an image without /proc" 10 "the image has no directory /proc" "build the image"
host_image noos '/os-release/d'
boot
advises "an image without os-release" 10 "no os-release, so it is no operating system's root" "build the image"
boot --check
advises "which --check says as well" 10 "no os-release, so it is no operating system's root" "build the image"
same "and of which nothing follows" "$(grep -c 'next:' "$TMPDIR/err")" 0
host_image noini '/^.usr.sbin.init /d'
boot
advises "an image without an init" 10 "the image has no /sbin/init" "build the image"

# A disk that does not answer, as far as the signal goes.
host_image first
trace="strace -o /dev/null -e inject=fsopen:signal=SIGALRM:when=1" boot
advises "no end in time" 1 "no end after 90 seconds" ""
check "nothing is attached" test ! -e "$sysroot/usr"

host_image lost
gone=$(sed -n 's|^/usr/sbin/init .* \([0-9a-f]*/[0-9a-f]*\) - .*|\1|p' "$TMPDIR/dump")
mv "$repo/objects/$gone" kept
boot
advises "an object that is missing" 10 "/sbin/init: its object is missing from the repository" "cfsctl fsck"
mv kept "$repo/objects/$gone"

host_image state
rm -rf "${state:?}"
boot
advises "no state: the message has the way out" 9 'let [state] missing = "transient" do without' ""

host_image first
disk_in full.img || { echo "ok - disks # SKIP no ext4 in a loop device"; finish; exit; }
boot_from full.img ro
advises "a read-only disk: the message has the way out" 9 "add rw to the kernel command line" ""
reset
mount -o loop full.img mnt
for size in 64K 4K; do
	dd if=/dev/zero of=mnt/fill.$size bs=$size status=none 2> /dev/null
done
umount mnt
boot_from full.img rw
advises "a full disk" 9 "No space left on device" "free space on the physical root"

reset
finish
