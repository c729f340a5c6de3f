#!/bin/bash
# Images and objects with real fs-verity: what verity=require lets through.
# bare good inline missing plain wrong, in this order, in each way to mount.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/mount-disk.sh"
if [ "${CFS_GUEST-}" = uml ]; then
	PATH=$O/tests/tools:$PATH
	disk=/dev/ubda
	. "${CFS_SRC:?run by tests/run}/tests/mount-guest.sh"
	exit
fi
mount_disk tree || exit 1
mkfs.ext4 -q -O verity -b 4096 -d tree disk 16M || exit 1
"$CFS_SRC/tests/vm/uml" -d disk "$CFS_SRC/tests/uml/mount.sh" > said
same "the guest ended well" $? 0
same "nothing is left behind" "$(grep left said)" ""
said() { sed -n "s/^$1: //p" said; }
held="EIO 0 0 ENOENT EIO EIO"
same "by what is best" "$(said auto)" "file fd: $held"
same "by strings" "$(said string)" "file string: $held"
same "by one string" "$(said legacy)" "file legacy: $held"
same "through a loop device" "$(said loop)" "loop fd: $held"
same "whose control device has to be made" "$(said mknod)" "loop fd: $held"
same "without verity any object will do" "$(said insecure)" \
	"file fd: 0 0 0 ENOENT 0 0"
same "below an upper layer objects are checked as well" "$(said upper)" \
	"file fd: $held"
finish
