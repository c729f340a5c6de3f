#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
# In a guest whose $disk is an ext4 of mount_disk's (tests/mount-disk.sh):
# turns fs-verity on and says what this kernel does in each way.  For any sh.
mkdir -p /way/disk /way/root
mount -t ext4 "$disk" /way/disk || exit 2
cd /way || exit 2
while read -r object; do
	fsverity enable --hash-alg=sha256 "disk/$object" || exit 2
done < disk/enable
# What was in use stays usable: begin anew.
umount disk && mount -t ext4 "$disk" disk || exit 2

try() { # NAME OPTION...
	name=$1
	shift
	if how=$(cfsmount "$@" disk/image disk/objects root 2> err); then
		cd root
		echo "$name: $how: $(echo $(cfsmount -r bare good inline missing plain wrong))"
		cd ..
		umount root
	else
		echo "$name: $(cat err)"
	fi
	[ ! -e root.scratch ] || echo "$name: left root.scratch"
	# A loop device goes a moment after its last user.
	for i in 1 2 3 4 5 6 7 8 9; do
		cat /sys/block/loop*/loop/backing_file 2> /dev/null |
			grep -q disk/image || break
		sleep 0.2
	done
	[ "$i" != 9 ] || echo "$name: left a loop device"
}
try auto -v
try string -v -a string
try legacy -v -a legacy
try loop -v -l
# Some initramfs has no udev and no devtmpfs.
rm /dev/loop-control
try mknod -v -l
try insecure
mkdir memory
mount -t tmpfs none memory
mkdir memory/upper memory/work
try upper -v -u memory/upper -w memory/work
umount memory
! grep /way/root /proc/self/mountinfo
