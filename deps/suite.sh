#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/suite.sh: a Debian of another release, in which the programs can be
# compiled and the tests of `make check-fast` run. tests/suite runs them there.
#
# Usage: deps/suite.sh bookworm|trixie|sid
# Prints the result folder:
#   tree/   the root file system, owned as in Debian: needs root
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: see deps/lib.sh
# Cache key:   this script, deps/packages.sh and the suite
# Time:        2 minutes and a download of 350 MB; then 0.03 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

# deps/packages.sh is what installs the packages, so it is tested on each
# release as well.
make_suite() {
	local work=$1 result=$2 suite=$3 mirror
	mirror=$(apt_private_mirror)
	mkdir "$work/tmp"
	chmod 1777 "$work/tmp"
	TMPDIR=$work/tmp deps_quiet "$work/log" nice -n 10 mmdebstrap \
		--mode=root --variant=minbase --skip=check/qemu \
		--include=make,debian-archive-keyring \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--aptopt='Acquire::Languages "none"' \
		--customize-hook="copy-in '$deps_dir/packages.sh' /" \
		--customize-hook='chroot "$1" /packages.sh build check' \
		--customize-hook='rm "$1/packages.sh"' \
		--format=directory "$suite" "$result/tree" "$mirror"
}

suite=${1:-}
case $suite in
bookworm | trixie | sid) ;;
*)
	echo "Usage: $deps_me bookworm|trixie|sid" >&2
	exit 2
	;;
esac
[ "$(id -u)" = 0 ] ||
	deps_die "needs root, to unpack a Debian with its owners and to chroot into it"
deps_need mmdebstrap apt-get flock
deps_result "suite-$suite" \
	"$(deps_key -s "$suite" "$0" "$deps_dir/packages.sh")" make_suite "$suite"
