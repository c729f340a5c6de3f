#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/debian-kernel.sh: one of Debian's own kernels (the "cloud" build: small,
# virtio, the same options where it matters to us), unpacked and not installed.
#
# Usage: deps/debian-kernel.sh SUITE|VERSION
#   bookworm            6.1   no file-backed EROFS, no overlay verity=
#   bookworm-backports  6.12
#   trixie              6.12  file-backed EROFS, verity=, IPE
#   sid                 7.x   and overlay layers by descriptor
# VERSION is 6.1, 6.12 or 7.2 for bookworm, trixie, sid.
# Prints the result folder:
#   vmlinuz  config  kver   kernel, its configuration, its release string
#   lib/modules/KVER/       modules as Debian ships them (.ko, .ko.xz), with
#                           modules.dep and modules.*.bin by kmod's depmod
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: see deps/lib.sh
# Cache key:   this script and the suite. Not the version: delete the result to
#              follow the suite.
# Time:        3 to 10 s and a download of 35 MB; then 0.05 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

# all_packages SUITE PACKAGE: PACKAGE and those that it is split into: since 7.x
# the image and its modules are packages of their own.
all_packages() {
	local suite=$1 todo=$2 seen='' p
	while [ -n "$todo" ]; do
		p=${todo%% *}
		todo=${todo#"$p"}
		todo=${todo# }
		case " $seen " in *" $p "*) continue ;; esac
		seen="$seen $p"
		for p in $(apt_private depends "$suite" "$p"); do
			case $p in
			linux-[a-z]*-[0-9]*-cloud-amd64) todo="${todo:+$todo }$p" ;;
			esac
		done
	done
	echo "${seen# }"
}

make_kernel() {
	local work=$1 result=$2 suite=$3 packages root=$1/root
	apt_private update "$suite"
	packages=$(all_packages "$suite" linux-image-cloud-amd64)
	packages=${packages#linux-image-cloud-amd64}
	packages=${packages# }
	[ -n "$packages" ] || deps_die "linux-image-cloud-amd64 of $suite is empty"
	deps_say "$suite: $packages"
	mkdir "$work/deb" "$root"
	# shellcheck disable=SC2086 # a list of words
	apt_private download "$suite" "$work/deb" $packages
	apt_private unpack "$work/deb" "$root"

	local image modules
	image=$(compgen -G "$root/boot/vmlinuz-*" || find "$root" -type f -name 'vmlinuz*')
	[ -f "$image" ] || deps_die "not one vmlinuz in $packages: '$image'"
	modules=$(compgen -G "$root/lib/modules/*/kernel" ||
		compgen -G "$root/usr/lib/modules/*/kernel" || :)
	[ -d "$modules" ] || deps_die "not one module folder in $packages: '$modules'"
	modules=${modules%/kernel}
	mkdir -p "$result/lib/modules"
	basename "$modules" >"$result/kver"
	cp "$image" "$result/vmlinuz"
	cp "$(compgen -G "$root/boot/config-*" || echo "$modules/config")" \
		"$result/config"
	rm -f "$modules/build" "$modules/source"
	mv "$modules" "$result/lib/modules/"
	depmod -b "$result" "$(cat "$result/kver")"
	chmod -R u+rwX,go+rX "$result"
}

case ${1:-} in
6.1) suite=bookworm ;;
6.12) suite=trixie ;;
7.2) suite=sid ;;
bookworm | bookworm-backports | trixie | sid) suite=$1 ;;
*)
	echo "Usage: $deps_me bookworm|bookworm-backports|trixie|sid|6.1|6.12|7.2" >&2
	exit 2
	;;
esac
deps_need apt-get dpkg-deb depmod flock
deps_result "debian-kernel-$suite" "$(deps_key -s "$suite" "$0")" make_kernel "$suite"
