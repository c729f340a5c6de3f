#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/rootfs.sh: a minimal Debian root file system with systemd, udev, kmod and
# dracut (no kernel), as a tar.
#
# Usage: deps/rootfs.sh [SUITE]      bookworm, trixie (default) or sid
# Prints the result folder:
#   root.tar    owners and extended attributes as installed; no documentation,
#               no translations, no package lists
#   packages    "name version" of each package in it, sorted
# The default is trixie on every release: its dracut 106 and systemd 257 belong
# with kernel 6.12, and a tree to be sealed need not be the one of the builder.
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: see deps/lib.sh
# Cache key:   this script (which has the list of packages) and the suite
# Time:        25 to 80 s and a download of 60 MB; then 0.03 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

packages=(systemd systemd-sysv udev kmod dracut-core cpio zstd xz-utils)

make_root() {
	local work=$1 result=$2 suite=$3 mirror mode=unshare
	mirror=$(apt_private_mirror)
	[ "$(id -u)" != 0 ] || mode=root
	mkdir "$work/tmp"
	chmod 1777 "$work/tmp"
	local IFS=,
	TMPDIR=$work/tmp deps_quiet "$work/log" nice -n 10 mmdebstrap \
		--mode="$mode" --variant=minbase --skip=check/qemu \
		--include="${packages[*]}" \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--aptopt='Acquire::Languages "none"' \
		--customize-hook="chroot \"\$1\" dpkg-query -W >'$work/packages'" \
		--format=tar "$suite" "$work/root.tar" "$mirror"
	tr '\t' ' ' <"$work/packages" | sort >"$result/packages"
	mv "$work/root.tar" "$result/root.tar"
}

suite=${1:-trixie}
case $suite in
bookworm | trixie | sid) ;;
*)
	echo "Usage: $deps_me [bookworm|trixie|sid]" >&2
	exit 2
	;;
esac
deps_need mmdebstrap apt-get flock
deps_result "rootfs-$suite" "$(deps_key -s "$suite" "$0")" make_root "$suite"
