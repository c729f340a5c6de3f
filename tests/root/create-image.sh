#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Repositories on the file systems that builders meet, and mounting from them.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

[ "$(id -u)" = 0 ] || skip "needs root"
mounted=
trap 'for m in $mounted; do umount -R "$m" 2> /dev/null; done' EXIT
on() { # MOUNTPOINT ARGUMENT...: mounts it until the end
	mkdir -p "$1"
	mount "${@:2}" "$1" || return 1
	mounted="$1 $mounted"
}

fixture_rootfs root
head -c 2000000 /dev/urandom > root/usr/lib/long
want=$(cfsctl --no-repo compute-id root)

works_on() { # DIR
	fixture_repo "$1/repo" || return 1
	[ "$(cfsctl --repo "$1/repo" create-image root image)" = \
		"sha512:$want" ] || return 1
	cfsctl --repo "$1/repo" image-objects image > /dev/null &&
		[ -z "$(find "$1/repo" -name '.tmp-*')" ]
}

on "$PWD/tmpfs" -t tmpfs none && check "a repository on tmpfs" works_on tmpfs
mkdir -p tmpfs/lower tmpfs/upper tmpfs/work
if on "$PWD/overlay" -t overlay none -o \
	"lowerdir=tmpfs/lower,upperdir=tmpfs/upper,workdir=tmpfs/work"; then
	check "a repository on overlayfs" works_on overlay
	cp -a root overlay/root
	same "a tree on overlayfs" \
		"$(cfsctl --no-repo compute-id overlay/root)" "$want"
fi
truncate -s 64M ext4.img
if mkfs.ext4 -q ext4.img && on "$PWD/ext4" -o loop ext4.img; then
	check "a repository on ext4 without fs-verity" works_on ext4
fi
truncate -s 320M xfs.img
if mkfs.xfs -q xfs.img 2> /dev/null && on "$PWD/xfs" -o loop xfs.img; then
	check "a repository on xfs" works_on xfs
fi

# Blocks are shared where that is possible: with a tree on the same one.
if mountpoint -q xfs; then
	cp -a root xfs/root
	rm -rf xfs/repo
	fixture_repo xfs/repo
	strace -f -o clone -e trace=ioctl,copy_file_range \
		cfsctl --repo xfs/repo create-image xfs/root > /dev/null
	check "a long file shares its blocks" grep -q 'FICLONE.* = 0$' clone
	check "  and is right" cfsctl --repo xfs/repo fsck
fi

ln -s "$BIN/cfsctl" mkcomposefs
# A full disk, by short files and by a long one: no name for what is not whole.
full() { # KB TREE
	on "$PWD/full" -t tmpfs -o "size=${1}k" none
	fixture_repo full/repo
	for threads in 1 3; do
		refuse "a full disk is told" 'No space left' cfsctl \
			--repo full/repo create-image --threads $threads "$2" x
		check "  there is no image" test -z \
			"$(find full/repo -path '*images/*' ! -type d)"
		check "  nothing that is not whole" cfsctl --repo full/repo fsck
		check "  nothing left over" \
			test -z "$(find full/repo -name '.tmp-*')"
	done
	refuse "  mkcomposefs says so too" 'No space left' \
		./mkcomposefs --digest-store=full "$2" full.img
	umount full
}
mkdir -p short/usr
for i in $(seq 300); do
	head -c 9000 /dev/urandom > short/usr/$i
done
full 1024 short
full 1536 root
check "with room for it it is an image" test "$(mkdir more &&
	fixture_repo more/repo && cfsctl --repo more/repo create-image short)"

# An image alone: there is room for two blocks, and it has more.
on "$PWD/tiny" -t tmpfs -o size=12k none
printf older > tiny/old.img
for name in new old; do
	refuse "a full disk: cfsctl -o, $name" 'No space left' \
		cfsctl --no-repo --erofs-version 1 compute-id -o tiny/$name.img root
	refuse "a full disk: mkcomposefs, $name" 'No space left' \
		./mkcomposefs root tiny/$name.img
	refuse "a full disk: mkcomposefs - > $name" 'No space left' \
		sh -c "exec ./mkcomposefs root - >> tiny/fill.$name"
	rm -f tiny/fill.$name
done
same "  what was there is whole, and there is no more" \
	"$(ls -A tiny; cat tiny/old.img)" "old.img
older"
umount tiny

# Read-only: said before anything is tried.
fixture_repo plain
cfsctl --repo plain create-image root image > /dev/null
mkdir ro
mount --bind plain ro && mount -o remount,ro,bind ro && mounted="$PWD/ro $mounted"
refuse "a read-only repository is not written to" 'repository ro: not writable' \
	cfsctl --repo ro create-image root
check "but read" cfsctl --repo ro images

# A user's repository.
mkdir user
chmod 1777 user
chmod 755 root
check "without root a repository is made" \
	as_nobody cfsctl --repo user/repo init --insecure
same "and filled" "$(as_nobody cfsctl --repo user/repo create-image root)" \
	"sha512:$want"
chmod 755 plain
refuse "what may not be written to is named" 'repository plain: not writable: Permission denied' \
	as_nobody cfsctl --repo plain create-image root

# A root without /proc, of what cfsctl needs and the tree.
if mkdir -p jail/bin jail/tmp && cp "$BIN/cfsctl" jail/bin &&
	ldd "$BIN/cfsctl" | grep -o '/[^ ]*' |
	xargs -I{} cp --parents -L {} jail && cp -a root jail/tree; then
	printf x > jail/tree/usr/x
	setfattr -n user.x -v y jail/tree/usr/x 2> /dev/null
	refuse "without /proc it is said what is missing" \
		"note: /proc is not mounted here" \
		chroot jail /bin/cfsctl --repo /repo init --insecure
	refuse "also by the C programs" "note: /proc is not mounted here" \
		chroot jail /bin/cfsctl mkcomposefs /tree /x/image
fi

# Mounting.
if grep -q erofs /proc/filesystems && grep -q overlay /proc/filesystems; then
	mkdir mnt
	check "an image is mounted" sh -c 'cfsctl --repo plain mount image mnt 2> err'
	mounted="$PWD/mnt $mounted"
	check "which warns that nothing is verified" \
		grep -q '^warning: no file of this mount is verified' err
	same "with its files" "$(sha512sum < mnt/usr/lib/long)" \
		"$(sha512sum < root/usr/lib/long)"
	check "under its digest" grep -q "^composefs:$want $PWD/mnt overlay ro," \
		/proc/mounts
	check "read-only" sh -c '! touch mnt/x 2> /dev/null'
	umount mnt
	mkdir -p upper work
	check "or with an upper layer" cfsctl --repo plain mount --read-write \
		--upperdir upper --workdir work "refs/image" mnt
	echo new > mnt/etc/new
	same "that takes changes" "$(cat upper/etc/new)" new
	umount mnt
	check "or read-only with one" cfsctl --repo plain mount \
		--upperdir upper --workdir work image mnt
	same "whose changes are seen" "$(cat mnt/etc/new)" new
	check "and no more are made" sh -c '! touch mnt/x 2> /dev/null'
	umount mnt
	refuse "an upper layer needs a work directory" workdir \
		cfsctl --repo plain mount --upperdir upper image mnt
	refuse "changes need an upper layer" upperdir \
		cfsctl --repo plain mount --read-write image mnt
	refuse "a mode of FUSE that does not exist" "--fuse" \
		cfsctl --repo plain mount --fuse=fast image mnt
	check "mounting without fs-verity on purpose" sh -c \
		'cfsctl --repo plain --insecure mount image mnt 2> err'
	check "does not warn" test ! -s err
	umount mnt
	refuse "mounting needs root" "mounting needs root; --fuse" \
		as_nobody cfsctl --repo plain mount image mnt
	refuse "root of a user namespace is not enough" \
		"the kernel lets this process mount nothing" \
		unshare -r cfsctl --repo plain mount image mnt
	refuse "a missing mount point is told" nowhere \
		cfsctl --repo plain mount image nowhere
	refuse "so is a missing image" 'image not found: zzz' \
		cfsctl --repo plain mount zzz mnt
	check "nothing is left over" test -z "$(find /run -maxdepth 1 -name '.cfsctl-*')"
fi
finish
