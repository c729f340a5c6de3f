#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/skopeo.sh: skopeo of another Debian release, unpacked with the libraries it
# needs and not installed: skopeo 1.9 of Debian 12 and 1.18 of Debian 13 write
# manifests, and talk to registries, in different ways.
#
# Usage: deps/skopeo.sh
# Prints the result folder:
#   bin/skopeo   wrapper
#   root/        the unpacked packages
#
# Environment: SUITE (default trixie); DEBIAN_MIRROR, CFS_CACHE: see deps/lib.sh
# Cache key:   this script and the suite
# Time:        half a minute and a download of 13 MB; then 0.05 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"
: "${SUITE:=trixie}"

make_skopeo() {
	local work=$1 result=$2 suite=$3 loader
	apt_private update "$suite"
	mkdir "$work/deb" "$result/root" "$result/bin"
	apt_private download "$suite" "$work/deb" skopeo libc6 libgpgme11t64 \
		libassuan9 libgpg-error0 libsqlite3-0
	apt_private unpack "$work/deb" "$result/root"
	loader=$(find "$result/root" -name 'ld-linux-*.so*' | head -n 1)
	[ -n "$loader" ] || deps_die "libc6 of $suite has no loader"
	cat >"$result/bin/skopeo" <<-END
		#!/bin/sh
		here=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")
		lib=\$(printf ':%s' "\$here"/root/usr/lib/*-linux-gnu)
		exec "\$here/${loader#"$result"/}" --library-path "\${lib#:}" \\
			"\$here/root/usr/bin/skopeo" "\$@"
	END
	chmod +x "$result/bin/skopeo"
	"$result/bin/skopeo" --version >/dev/null ||
		deps_die "skopeo of $suite does not run"
}

deps_need apt-get dpkg-deb flock
deps_result skopeo "$(deps_key -s "$SUITE" "$0")" make_skopeo "$SUITE"
