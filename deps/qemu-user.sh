#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/qemu-user.sh: runs programs of other processors under this kernel, for
# the tests. QEMU has to be 10 or later: older ones do not know openat2(). Debian
# 13 has it, and its package is used where it is installed; elsewhere Debian
# 13's is unpacked, a set of static programs.
#
# Usage: deps/qemu-user.sh
# Prints the folder of qemu-aarch64, qemu-i386, qemu-s390x.
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: deps/lib.sh
# Cache key:   this script
# Time:        10 s and a download of 70 MB; then 0.05 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

make_qemu() {
	local work=$1 result=$2
	apt_private update trixie
	mkdir "$work/deb" "$work/root"
	apt_private download trixie "$work/deb" qemu-user
	apt_private unpack "$work/deb" "$work/root"
	cp "$work"/root/usr/bin/qemu-{aarch64,i386,s390x} "$result/"
}

version=$(qemu-s390x --version 2>/dev/null | sed -n 's/.*version \([0-9]*\)\..*/\1/p' || :)
if [ "${version:-0}" -ge 10 ]; then
	dirname "$(command -v qemu-s390x)"
	exit
fi
deps_need apt-get dpkg-deb flock
deps_result qemu-user "$(deps_key "$0")" make_qemu
