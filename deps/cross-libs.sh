#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/cross-libs.sh: the libraries that the programs and tests are compiled
# with, of another architecture, unpacked and not installed. The C library comes
# with the cross compiler (deps/packages.sh cross).
#
# Usage: deps/cross-libs.sh i386|arm64|s390x|...    (Debian's name for it)
# Prints the result folder:
#   include/  headers      lib/  libraries, static and shared
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: see deps/lib.sh
# Cache key:   this script, deps/packages.sh, the architecture and this release
# Time:        10 s and a download of 20 MB; then 0.03 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

# Prints the libraries that deps/packages.sh installs to build with, as far as
# the architecture has them, and those that their development files are for.
packages() {
	local p
	for p in $("$deps_dir/packages.sh" -l build); do
		case $p in
		libc6-dev | linux-libc-dev | libkeyutils-dev) continue ;;
		*-dev) ;;
		*) continue ;;
		esac
		apt_private_run "$from" apt-cache show "$p" >/dev/null 2>&1 ||
			continue
		echo "$p"
		apt_private depends "$from" "$p" | grep -e ^lib -e ^zlib |
			grep -v ^libc6 || :
	done | sort -u
}

make_libs() {
	local work=$1 result=$2 names lib
	apt_private update "$from"
	mapfile -t names < <(packages)
	mkdir "$work/deb" "$work/root" "$result/include"
	apt_private download "$from" "$work/deb" "${names[@]}"
	apt_private unpack "$work/deb" "$work/root"
	cp -r "$work/root/usr/include/." "$result/include/"
	lib=$(compgen -G "$work/root/usr/lib/*-linux-gnu*")
	[ -d "$lib" ] || deps_die "not one library folder: '$lib'"
	# headers of this architecture are beside those of all
	cp -r "$result/include/${lib##*/}/." "$result/include/"
	rm -r "${result:?}/include/${lib##*/}"
	cp -r "$lib" "$result/lib"
	lib=$work/root/lib/${lib##*/}
	[ ! -d "$lib" ] || cp -r "$lib/." "$result/lib/"
	# all of them side by side here
	for lib in "$result"/lib/*.so; do
		[ ! -L "$lib" ] || ln -sf "$(basename "$(readlink "$lib")")" "$lib"
	done
}

arch=${1:?Usage: deps/cross-libs.sh ARCHITECTURE}
from=$(. /etc/os-release && echo "$VERSION_CODENAME"):$arch
deps_need apt-get dpkg-deb flock
deps_result "cross-libs-$arch" \
	"$(deps_key -s "$from" "$0" "$deps_dir/packages.sh")" make_libs
