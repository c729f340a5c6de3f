#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/secure-boot.sh: firmware for QEMU that does Secure Boot, and a program that
# puts keys into its variables; unpacked and not installed.
#
# Usage: deps/secure-boot.sh
# Prints the result folder:
#   code.fd  vars.fd    OVMF, and its variables without any key
#   fw-vars             virt-fw-vars, for the system's Python
#
# Environment: SUITE (default trixie); DEBIAN_MIRROR, CFS_CACHE: deps/lib.sh
# Cache key:   this script and the suite. Not the versions: delete the result to
#              follow the suite.
# Time:        3 to 10 s and a download of 6 MB; then 0.05 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"
: "${SUITE:=trixie}"

fetch() {
	local work=$1 result=$2 root=$1/root
	apt_private update "$SUITE"
	mkdir "$work/deb" "$root"
	apt_private download "$SUITE" "$work/deb" ovmf python3-virt-firmware
	apt_private unpack "$work/deb" "$root"
	cp "$root/usr/share/OVMF/OVMF_CODE_4M.secboot.fd" "$result/code.fd"
	cp "$root/usr/share/OVMF/OVMF_VARS_4M.fd" "$result/vars.fd"
	cp -r "$root/usr/lib/python3/dist-packages" "$result/python"
	# Python as Debian has it, since the libraries are packages.
	cat >"$result/fw-vars" <<-'END'
		#!/bin/sh
		PYTHONPATH=${0%/*}/python exec /usr/bin/python3 -B -m virt.firmware.vars "$@"
	END
	chmod 755 "$result/fw-vars"
}

deps_need apt-get dpkg-deb flock
deps_result secure-boot "$(deps_key -s "$SUITE" "$0")" fetch
