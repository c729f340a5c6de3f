#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Commands that write, on a machine that booted an image: /sysroot, with the
# repository and the state, is read-only there.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

# A machine: this one's programs, and a disk at /sysroot.
mkdir -p m/{bin,usr,lib,lib64,proc,own,work,boot/loader/entries,sysroot} disk
for d in usr bin lib lib64 proc; do
	[ ! -d "/$d" ] || mount --bind "/$d" "m/$d" || exit 1
done
mount --bind "$BIN" m/own && mount -t tmpfs own disk && mkdir -p disk/state/deploy || exit 1
fixture_rootfs m/work/root
cfsctl --repo disk/composefs init --insecure > /dev/null || exit 1
mount --bind disk m/sysroot && mount -o remount,bind,ro m/sysroot || exit 1
on_it() { chroot m "$@"; }
ctl() { on_it /own/cfsctl "$@"; }
sees_read_only() {
	refuse "  nothing else can write there" "Read-only file system" on_it touch /sysroot/x
}

refuse "the disk is read-only" "Read-only file system" on_it touch /sysroot/x
id=$(ctl create-image /work/root os/1)
same "an image is made in its repository" "$?" 0
id=${id#sha512:}
sees_read_only
same "which is on the disk" "$(readlink disk/composefs/images/refs/os/1 | sed 's|.*/||')" "$id"
check "an image is pinned" ctl pin os/1
check "  and let go" ctl unpin os/1
check "fsck reads it" ctl fsck
echo two > m/work/root/two
second=$(ctl create-image /work/root)
second=${second#sha512:}
mkdir -p "disk/state/deploy/$id/var" "disk/state/deploy/$second/var"
echo kernel > m/boot/vmlinuz
for i in "$id" "$second"; do
	printf 'linux /vmlinuz\noptions composefs.digest=v1-sha512-12:%s\n' "$i" \
		> "m/boot/loader/entries/os-${i::4}.conf"
done
check "a deployment is removed" ctl undeploy "$second"
check "  with its state" test ! -e "disk/state/deploy/$second"
check "garbage is collected" ctl gc
check "  of which there is some" test ! -e "disk/composefs/images/$second"
sees_read_only
same "a repository elsewhere is no matter of this" \
	"$(ctl --repo /work/repo init --insecure > /dev/null && ctl --repo /work/repo create-image /work/root > /dev/null; echo $?)" 0

mkdir -p m/work/root/usr/lib/modules/6.1
echo kernel > m/work/root/usr/lib/modules/6.1/vmlinuz
third=$(ctl create-image /work/root)
check "an image is deployed" ctl --insecure deploy "$third"
check "  with its state" test -d "disk/state/deploy/${third#sha512:}/etc/upper"
sees_read_only
echo four > m/work/root/four
fourth=$(ctl create-image /work/root)
check "a boot entry is written" ctl --insecure prepare-boot "$fourth"
check "  with a state" test -d "disk/state/deploy/${fourth#sha512:}"
sees_read_only

# What was made read-only by hand, elsewhere, stays so.
mkdir m/elsewhere && mount --bind disk m/elsewhere && mount -o remount,bind,ro m/elsewhere || exit 1
refuse "another read-only mount stays so" "read-only file system" \
	ctl --repo /elsewhere/composefs create-image /work/root os/2
umount m/elsewhere

# A file system that is read-only itself.
umount m/sysroot
mount -o remount,ro "$PWD/disk" && mount --bind disk m/sysroot || exit 1
refuse "so does a file system" "read-only file system" ctl create-image /work/root os/2
finish
