#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/mkcomposefs.sh: the tools of composefs' C, as Debian has them, unpacked
# with the libraries they need and not installed: to compare with.
#
# Usage: deps/mkcomposefs.sh
# Prints the result folder:
#   bin/mkcomposefs  bin/composefs-info  bin/mount.composefs   wrappers
#   root/                                  the unpacked packages
#
# Environment: SUITE (default sid); DEBIAN_MIRROR, CFS_CACHE: see deps/lib.sh
# Cache key:   this script and the suite. Not the version: delete the result to
#              follow the suite.
# Time:        5 s and a download of 8 MB; then 0.05 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"
: "${SUITE:=sid}"

make_tools() {
	local work=$1 result=$2 suite=$3 tool loader
	apt_private update "$suite"
	mkdir "$work/deb" "$result/root" "$result/bin"
	apt_private download "$suite" "$work/deb" composefs libcomposefs1 libc6 \
		libssl3t64 libzstd1 zlib1g libfuse3-4
	apt_private unpack "$work/deb" "$result/root"
	loader=$(find "$result/root" -name 'ld-linux-*.so*' | head -n 1)
	[ -n "$loader" ] || deps_die "libc6 of $suite has no loader"
	loader=${loader#"$result"/}
	for tool in bin/mkcomposefs bin/composefs-info sbin/mount.composefs; do
		cat >"$result/bin/${tool#*/}" <<-END
			#!/bin/sh
			here=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
			lib=\$(printf ':%s' "\$here"/root/usr/lib/*-linux-gnu "\$here"/root/lib/*-linux-gnu)
			exec "\$here/$loader" --library-path "\${lib#:}" "\$here/root/usr/$tool" "\$@"
		END
		chmod +x "$result/bin/${tool#*/}"
	done
	# it has no --help, and says how it is used
	grep -q Usage <<<"$("$result/bin/mkcomposefs" --help 2>&1 || :)" ||
		deps_die "mkcomposefs of $suite does not run"
}

deps_result mkcomposefs "$(deps_key -s "$SUITE" "$0")" make_tools "$SUITE"
