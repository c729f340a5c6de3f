#!/bin/bash
# Every way to mount an image that this kernel has, and what stays afterwards:
# nothing.  In a mount namespace of its own.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/mount-disk.sh"
cfsmount=$O/tests/tools/cfsmount
grep -q erofs /proc/filesystems && grep -q overlay /proc/filesystems ||
	skip "this kernel has no erofs or no overlay"

mount_disk disk || exit 1
mkdir root
read_all() { "$cfsmount" -r root/bare root/good root/inline root/missing | tr '\n' ' '; }
loops() { losetup -nO BACK-FILE | grep -c "$TMPDIR/disk/image"; }
# $TMPDIR itself is one, the guard's.
mounts() { grep -c "$TMPDIR/" /proc/self/mountinfo; }
release() { # waits for the loop device, which goes a moment after its user
	umount root || return 1
	for _ in $(seq 2000); do
		[ "$(loops)" != 0 ] || return 0
		sleep 0.1
	done
	return 1
}

modern=$("$cfsmount" disk/image disk/objects root)
case $modern in
"file fd") ;;
*) skip "this kernel mounts by: $modern" ;;
esac
umount root
for l in "" -l; do
	for api in fd string legacy; do
		what="${l:+loop }$api"
		same "$what" "$("$cfsmount" $l -a $api disk/image disk/objects root)" \
			"$([ "$l" ] && echo loop || echo file) $api" ||
			continue
		same "$what: files" "$(read_all)" "0 0 0 ENOENT "
		check "$what: the bytes are the object's" \
			cmp root/good <(yes good | head -c 10000)
		same "$what: its source" "$(findmnt -no SOURCE root)" composefs:test
		check "$what: it is read-only" eval '! touch root/x 2> /dev/null'
		check "$what: no place is left" test ! -e root.scratch
		same "$what: one mount" "$(mounts)" 1
		check "$what: goes with its loop device" release
	done
done

mkdir upper work
same "writable" "$("$cfsmount" -a string -u upper -w work disk/image disk/objects root)" \
	"file string"
echo new > root/inline
same "writes go to the upper layer" "$(cat upper/inline)" new
check "which can be used again" eval 'umount root &&
	"$cfsmount" -u upper -w work disk/image disk/objects root'
same "with what was written" "$(cat root/inline)" new
umount root

# Layouts 0 and 1 may do without ACLs.
for v in 0 1; do
	mount_disk v$v $v || exit 1
	check "layout $v" "$cfsmount" v$v/image v$v/objects root
	same "layout $v: files" "$(read_all)" "0 0 0 ENOENT "
	umount root
done

head -c 4096 /dev/zero > disk/image
refuse "what is no image is refused" "mount erofs: Invalid argument" \
	"$cfsmount" disk/image disk/objects root
: > disk/image
refuse "nothing is refused" "image disk/image: mount erofs" \
	"$cfsmount" disk/image disk/objects root
refuse "through a loop device too" "image disk/image" \
	"$cfsmount" -l disk/image disk/objects root
check "no loop device is left" eval '[ "$(loops)" = 0 ]'
same "no mount is left" "$(mounts)" 0
finish
