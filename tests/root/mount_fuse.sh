#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# `mount -t fuse.composefs`, also from a line of fstab.  In a mount namespace of
# its own, in which mount(8) finds the helper.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

[ -c /dev/fuse ] && (: < /dev/fuse) 2> /dev/null || skip "there is no /dev/fuse"
trap 'umount -q -l mnt' EXIT

helpers=$(readlink -f /sbin)
mkdir sbin tree mnt
ln -s "$BIN/cfsctl" sbin/mount.fuse.composefs
mount -t overlay none -o "lowerdir=$TMPDIR/sbin:$helpers" "$helpers" ||
	skip "mount(8) cannot be given a helper here"
ln -s "$BIN/cfsctl" mount.fuse.composefs
yes content | head -c 5000 > tree/file
cfsctl --insecure --repo repo init > log 2>&1 &&
	cfsctl --insecure --repo repo create-image --no-propagate-usr-to-root \
		tree img >> log 2>&1 || exit 1

servers() { pgrep -f "mount.fuse.composefs .*$TMPDIR/mnt"; }
options() { findmnt -n -o OPTIONS mnt; }

check "mount -t fuse.composefs" mount -t fuse.composefs \
	-o "repo=$TMPDIR/repo,insecure" img "$TMPDIR/mnt"
check "  has the files" cmp tree/file mnt/file
same "  and the type and source that were given" \
	"$(findmnt -n -o FSTYPE,SOURCE mnt | tr -s ' ')" "fuse.composefs img"
refuse "  it is read-only, although mount(8) says rw" "Read-only" touch mnt/new
check "  it ends with the mount" eval 'umount mnt && gone'

printf '%s\n' "img $TMPDIR/mnt fuse.composefs repo=$TMPDIR/repo,insecure,mode=plain,noexec,nofail,x-test.a 0 0" > fstab
check "a line of fstab" mount -T fstab "$TMPDIR/mnt"
check "  has the files" cmp tree/file mnt/file
check "  and what it says of programs" eval 'options | grep -qw noexec'
check "  set-user-ID programs and devices have no effect in any case" eval \
	'options | grep -qw nosuid && options | grep -qw nodev'
check "all of them" mount -T fstab -a
same "  are mounted once" "$(grep -c " $TMPDIR/mnt " /proc/self/mounts)" 1
check "  it ends with the mount" eval 'umount mnt && gone'

helper() { ./mount.fuse.composefs img "$TMPDIR/mnt" -o "repo=repo,insecure$1" "${@:2}"; }
check "the helper by itself" helper ,mode=plain -v 2> log
same "  says the mode with -v" "$(cat log)" "mode: plain"
check "  it ends with the mount" eval 'umount mnt && gone'
cfsctl --insecure --repo repo create-image --no-propagate-usr-to-root tree \
	'a,b\c,allow_root' >> log 2>&1
check "a name with commas is no list of options" \
	./mount.fuse.composefs 'a,b\c,allow_root' "$TMPDIR/mnt" -o repo=repo,insecure
check "  it ends with the mount" eval 'umount mnt && gone'
mkdir upper work
if helper ",upperdir=upper,workdir=work" 2> log; then
	check "a layer for changes takes some" touch mnt/new
	umount mnt && gone
	helper ",ro,upperdir=upper,workdir=work"
	refuse "  and none with ro" "Read-only" touch mnt/other
	umount mnt
	gone
else
	check "a kernel before 6.15 refuses upperdir" grep -qF "upper directory (needs Linux 6.15): " log
fi
check "-f mounts nothing" helper "" -f
refuse "an unknown option" "Unsupported option nonsense" helper ,nonsense
check "  is ignored with -s" helper ,nonsense -s -f
refuse "an unknown mode" "expected auto, passthrough, overlay or plain" \
	helper ,mode=fast
refuse "half a layer" "upperdir and workdir go together" helper ,upperdir=upper
refuse "another type" "is not fuse.composefs" helper "" -t fuse.other
refuse "another namespace" "-N is not supported" helper "" -N 1
refuse "no mountpoint" "IMAGE and MOUNTPOINT are needed" ./mount.fuse.composefs img
refuse "an image that does not exist" "mount other: " \
	./mount.fuse.composefs other mnt -o repo=repo,insecure
refuse "a repository that does not exist" "mount img: " \
	./mount.fuse.composefs img mnt -o repo=none
check "nothing is mounted" eval '! mountpoint -q mnt && gone'
check "its usage" eval './mount.fuse.composefs -h | grep -q "^usage: mount.fuse"'
finish
