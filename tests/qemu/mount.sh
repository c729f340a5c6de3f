#!/bin/bash
# The same program on Debian's kernels: each mounts by what it has, verified
# all the same, or says what it lacks.  See tests/uml/mount.sh.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/mount-disk.sh"
mount_disk tree || exit 1
# Layout 1 hides the names of its objects: older kernels can show it too.
"$O/tests/tools/dump2image" -n 1 tree/dump tree/image1 || exit 1
mkdir tree/empty
mkfs.ext4 -q -O verity -b 4096 -d tree disk 16M || exit 1
cat > guest <<'END'
disk=/dev/vda
. /mount-guest.sh
helper() { # NAME OPTIONS IMAGE: by mount.composefs
	if cfsctl mount.composefs -o "basedir=disk/objects$2" "$3" root 2> err; then
		echo "$1: $(cd root && echo $(cfsmount -r bare good inline missing plain wrong): *)"
		umount root
	else
		echo "$1: $(cat err)"
	fi
	! ls -d /run/.mount* 2> /dev/null || echo "$1: left a place"
}
helper helper "" disk/image1
helper try ,tryverity disk/image1
helper verity ,verity disk/image1
helper try2 ,tryverity disk/image
helper several :disk/empty disk/image1
mount -t tmpfs none memory
mkdir memory/upper memory/work
helper above ,upperdir=memory/upper,workdir=memory/work disk/image1
umount memory
for i in 1 2 3 4 5 6 7 8 9; do
	cat /sys/block/loop*/loop/backing_file 2> /dev/null | grep -q disk/image || break
	sleep 0.2
done
[ "$i" != 9 ] || echo "helper: left a loop device"
! mount | grep /way/root
END

boot() { # SUITE
	"$CFS_SRC/tests/vm/qemu" -k "$1" -d disk \
		-b "$O/tests/tools/cfsmount" -b cfsctl -b "$(command -v fsverity)" \
		-f "$CFS_SRC/tests/mount-guest.sh=/mount-guest.sh" guest > said
	same "$1: the guest ended well" $? 0
	same "$1: nothing is left behind" "$(grep left said)" ""
}
said() { sed -n "s/^$1: //p" said; }
says() { said "$1" | grep -qF -e "$2"; }
held="EIO 0 0 ENOENT EIO EIO"
any="0 0 0 ENOENT 0 0"

boot bookworm
for way in auto string legacy loop upper; do
	check "6.1, $way: has no verified boot and says from when on" says $way \
		"no data-only layers and no verity=: Linux 6.6 is needed"
done
check "6.1 without verity: lacks data-only layers" says insecure \
	"no data-only layers: Linux 6.5 is needed"
names="bare good inline missing plain wrong"
old="0 0 0 EIO 0 0" # what is not there is no such file from 6.5 on
same "6.1, mount.composefs: with the names hidden" "$(said helper)" "$old: $names"
same "6.1, mount.composefs: tryverity" "$(said try)" "$old: $names"
same "6.1, mount.composefs: several basedirs" "$(said several)" "$old: $names"
same "6.1, mount.composefs: below an upper layer" "$(said above)" "$old: $names"
check "6.1, mount.composefs: verity" says verity \
	"no data-only layers and no verity=: Linux 6.6 is needed"
check "6.1, mount.composefs: layout 2 would show the names" says try2 \
	"no data-only layers: Linux 6.5 is needed"

boot trixie
same "6.12: files and strings" "$(said auto)" "file string: $held"
same "6.12: one string" "$(said legacy)" "file legacy: $held"
same "6.12: a loop device" "$(said loop)" "loop string: $held"
same "6.12: its control device made" "$(said mknod)" "loop string: $held"
same "6.12: without verity any object will do" "$(said insecure)" \
	"file string: $any"
same "6.12: below an upper layer" "$(said upper)" "file string: $held"
same "6.12, mount.composefs" "$(said helper)" "$any: $names"
same "6.12, mount.composefs: tryverity" "$(said try)" "$held: $names"
same "6.12, mount.composefs: verity" "$(said verity)" "$held: $names"
same "6.12, mount.composefs: layout 2" "$(said try2)" "$held: $names"
same "6.12, mount.composefs: several basedirs" "$(said several)" "$any: $names"
same "6.12, mount.composefs: below an upper layer" "$(said above)" "$any: $names"

boot sid
same "7.2: files and descriptors" "$(said auto)" "file fd: $held"
same "7.2: strings" "$(said string)" "file string: $held"
same "7.2: one string" "$(said legacy)" "file legacy: $held"
same "7.2: a loop device" "$(said loop)" "loop fd: $held"
same "7.2: without verity any object will do" "$(said insecure)" \
	"file fd: $any"
same "7.2: below an upper layer" "$(said upper)" "file fd: $held"
same "7.2, mount.composefs" "$(said helper)" "$any: $names"
same "7.2, mount.composefs: verity" "$(said verity)" "$held: $names"
same "7.2, mount.composefs: several basedirs" "$(said several)" "$any: $names"
same "7.2, mount.composefs: below an upper layer" "$(said above)" "$any: $names"
finish
