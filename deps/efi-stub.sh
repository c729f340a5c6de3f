#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/efi-stub.sh: systemd's programs that start a kernel from firmware, of any
# Debian suite, unpacked and not installed.
#
# Usage: deps/efi-stub.sh SUITE[:ARCH]     bookworm (252), trixie (257), ...
# Prints the result folder, which has linuxx64.efi.stub and systemd-bootx64.efi, or
# those of ARCH.
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: see deps/lib.sh
# Cache key:   this script and its argument. Not the version: delete the result
#              to follow the suite.
# Time:        5 s and a download of 0.2 MB; then 0.02 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

make_stub() {
	local work=$1 result=$2 suite=$3
	apt_private update "$suite"
	mkdir "$work/deb" "$work/root"
	apt_private download "$suite" "$work/deb" systemd-boot-efi
	apt_private unpack "$work/deb" "$work/root"
	cp "$work"/root/usr/lib/systemd/boot/efi/linux*.efi.stub \
		"$work"/root/usr/lib/systemd/boot/efi/systemd-boot*.efi "$result"
	chmod 644 "$result"/*
}

[[ ${1-} =~ ^[a-z]+(:[a-z0-9]+)?$ ]] || {
	echo "Usage: $deps_me SUITE[:ARCH]" >&2
	exit 2
}
deps_need apt-get dpkg-deb flock
deps_result "efi-stub-${1/:/-}" "$(deps_key -s "$1" "$0")" make_stub "$1"
