#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/systemd-boot.sh: what a Debian needs in it to be started by systemd-boot and
# to be called good afterwards: systemd-bless-boot, its generator, and bootctl.
#
# Usage: deps/systemd-boot.sh
# Prints the result folder:
#   root/   the packages systemd-boot and systemd-boot-tools, unpacked, to be copied
#           onto the tree of deps/rootfs.sh trixie; no documentation
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: see deps/lib.sh
# Cache key:   this script, and the version of systemd in that tree
# Time:        3 s and a download of 0.2 MB; then 0.05 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

unpack() {
	local work=$1 result=$2
	apt_private update trixie
	mkdir "$work/deb" "$result/root"
	apt_private download trixie "$work/deb" systemd-boot systemd-boot-tools
	apt_private unpack "$work/deb" "$result/root"
	# hooks of kernel packages, which a sealed tree does not have
	rm -rf "${result:?}"/root/{etc,usr/share}
}

deps_need apt-get dpkg-deb flock
rootfs=$("$deps_dir/rootfs.sh" trixie)
deps_result systemd-boot \
	"$(deps_key -s "$(grep '^systemd ' "$rootfs/packages")" "$0")" unpack
