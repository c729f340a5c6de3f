#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# systemd.sh in the Debian that this one is not, that is, with its systemd.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	[ "$(id -u)" = 0 ] || skip "only root can unpack another Debian"
	suite=bookworm
	[ "$(. /etc/os-release && echo "$VERSION_CODENAME")" != bookworm ] || suite=trixie
	tree=$("$CFS_SRC/deps/suite.sh" $suite)/tree || skip "no $suite to be had"
	[ -x "$tree/lib/systemd/systemd" ] || skip "no systemd in $tree"
	TREE=$tree exec "$CFS_SRC/tests/vm/uml" -m 768M -e TREE "$self"
fi

mkdir mnt
for type in erofs overlay; do
	mount -t $type none mnt 2> /dev/null # the kernel loads its module
done
mkdir -p /suite/over /suite/root
root=/suite/root
mount -t tmpfs suite /suite/over
mkdir /suite/over/upper /suite/over/work
mount -t overlay -o "lowerdir=$TREE,upperdir=/suite/over/upper,workdir=/suite/over/work" \
	suite $root || exit 1
for folder in run tmp; do
	mount -t tmpfs -o mode=1777 suite $root/$folder
done
for folder in /proc /sys /dev "$CFS_SRC" "$O" "$BIN" "$TMPDIR"; do
	mkdir -p "$root$folder"
	mount --rbind "$folder" "$root$folder"
done
# shellcheck disable=SC2016
exec chroot $root bash -c 'cd "$TMPDIR" && exec "$CFS_SRC/tests/uml/systemd.sh"'
