#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A physical root on btrfs, which has device numbers of its own, and on a
# subvolume of one.
. "${CFS_SRC:?run by tests/run}/tests/root/host-lib"
command -v mkfs.btrfs > /dev/null || skip "no mkfs.btrfs: install btrfs-progs"

host_repo
host_image first
truncate -s 300M btrfs.img
mkfs.btrfs -q btrfs.img > mkfs.log 2>&1 && mkdir mnt && mount -o loop btrfs.img mnt ||
	skip "this kernel has no btrfs"
device=$(findmnt -nro SOURCE mnt)
block=/dev/block/$(stat -c %Hr:%Lr "$device")
btrfs -q subvolume create mnt/@
cp -a "$disk/." mnt/
cp -a "$disk/." mnt/@/

boot_on() { # MOUNT-OPTIONS
	reset
	mount -o "$1" "$device" "$sysroot"
	composefs-setup-root --sysroot "$sysroot" --config "$conf" \
		--cmdline "$cmdline" > "$TMPDIR/out" 2> "$TMPDIR/err" < /dev/null
	status=$?
}
boot_on rw
booted "an image on btrfs boots"
same "the link names its one disk" "$(readlink /run/systemd/volatile-root)" "$block"
check "/etc can be written" touch "$sysroot/etc/x"
boot_on subvol=@
booted "an image on a subvolume boots"
same "the link names the same disk" "$(readlink /run/systemd/volatile-root)" "$block"
same "what was written to the other is not here" "$(ls "$sysroot/etc/x" 2> /dev/null)" ""

# Which of two disks is behind it cannot be said.
truncate -s 300M second.img
second=$(losetup -f --show second.img) && btrfs -q device add -f "$second" mnt > add.log 2>&1
if [ $? = 0 ]; then
	boot_on rw
	booted "an image on two disks boots"
	same "without a link" "$(readlink /run/systemd/volatile-root)" ""
else
	echo "ok - two disks # SKIP cannot add a device here"
fi
reset
umount -l mnt
[ -z "$second" ] || losetup -d "$second"
finish
