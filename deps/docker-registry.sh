#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/docker-registry.sh: provides Debian's docker-registry to the tests. An
# installed one is used; otherwise the package is only unpacked, because
# installing it would start a server on port 5000.
#
# Usage: deps/docker-registry.sh
# Prints the directory that contains docker-registry.
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: deps/lib.sh
# Cache key:   this script and the release.
# Time:        seconds, with a download of 5 MB; 0.05 s when cached

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

make_registry() {
	local work=$1 result=$2
	apt_private update "$suite"
	mkdir "$work/deb" "$work/root"
	apt_private download "$suite" "$work/deb" docker-registry
	apt_private unpack "$work/deb" "$work/root"
	cp "$work/root/usr/bin/docker-registry" "$result/"
	"$result/docker-registry" --version >/dev/null ||
		deps_die "docker-registry of $suite does not run"
}

if command -v docker-registry >/dev/null; then
	dirname "$(command -v docker-registry)"
	exit
fi
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
deps_need apt-get dpkg-deb flock
deps_result docker-registry "$(deps_key -s "$suite" "$0")" make_registry
