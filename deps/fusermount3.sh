#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/fusermount3.sh: Debian's fusermount3, with which users mount FUSE, for the
# tests. An installed one is used; otherwise the package is unpacked, without the
# set-user-ID bit that it would have.
#
# Usage: deps/fusermount3.sh
# Prints the directory that contains fusermount3.
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: deps/lib.sh
# Cache key:   this script and the release.
# Time:        seconds; 0.05 s when cached

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

make_fusermount() {
	local work=$1 result=$2 program
	apt_private update "$suite"
	mkdir "$work/deb" "$work/root"
	apt_private download "$suite" "$work/deb" fuse3
	apt_private unpack "$work/deb" "$work/root"
	program=$(find "$work/root" -name fusermount3 -type f)
	[ -f "$program" ] || deps_die "not one fusermount3 in fuse3: '$program'"
	install -m 755 "$program" "$result/fusermount3"
	"$result/fusermount3" --version >/dev/null ||
		deps_die "fusermount3 of $suite does not run"
}

if command -v fusermount3 >/dev/null; then
	dirname "$(command -v fusermount3)"
	exit
fi
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
deps_need apt-get dpkg-deb flock
deps_result fusermount3 "$(deps_key -s "$suite" "$0")" make_fusermount
