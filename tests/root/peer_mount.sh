#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# OCI images that cfsctl of composefs-rs, which $CFSCTL_PEER names, has pulled are
# mounted here, and the reverse, with the same files.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

[ -x "${CFSCTL_PEER-}" ] || skip "needs CFSCTL_PEER=cfsctl of composefs-rs"
grep -q erofs /proc/filesystems && grep -q overlay /proc/filesystems ||
	skip "this kernel has no erofs or no overlay"
peer() { "$CFSCTL_PEER" --insecure "$@"; }
ours() { cfsctl --insecure "$@"; }
export RUST_BACKTRACE=0

# Every file with its bytes, metadata and xattrs.
files() {
	(cd mnt && find . -printf '%p %y %m %U %G %T@ %n %l\n' | sort &&
		find . -type f -print0 | sort -z | xargs -0r sha256sum &&
		getfattr -Rhd -m - . 2> /dev/null)
}
# Prints the files of the image $3 in the repository $2, mounted by $1; more
# arguments are options.
seen() {
	"$1" --repo "$2" oci mount "${@:4}" "$3" mnt || return
	files
	umount mnt
}
tar -xJf "$CFS_SRC/tests/data/oci/layouts.tar.xz"
mkdir mnt
for v in 1 2; do
	ours --repo ours$v init --erofs-version $v > /dev/null
	peer --repo theirs$v init --erofs-version $v > /dev/null
	for layout in single hardlinks xattrs whiteouts boot-plain; do
		option=
		[ $layout != boot-plain ] || option=--bootable
		ours --repo ours$v oci pull $option "oci:layouts/$layout:t" \
			$layout > /dev/null
		peer --repo theirs$v oci pull $option "oci:layouts/$layout:t" \
			$layout > /dev/null
		want=$(seen ours ours$v $layout $option)
		check "$layout is mounted, format $v" test -n "$want"
		same "  by theirs" "$(seen peer ours$v $layout $option)" "$want"
		same "  and theirs by ours" \
			"$(seen ours theirs$v $layout $option)" "$want"
	done
done
finish
