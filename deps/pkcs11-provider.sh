#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/pkcs11-provider.sh: OpenSSL's provider for keys in tokens, for the tests.
# Debian 13 has it, and its package is used where it is installed; Debian 12
# has it in backports, from where it is unpacked, not installed.
#
# Usage: deps/pkcs11-provider.sh
# Prints the folder that holds pkcs11.so, for OPENSSL_MODULES.
#
# Environment: DEBIAN_MIRROR, CFS_CACHE: deps/lib.sh
# Cache key:   this script and the release.
# Time:        half a minute, most of it package lists; then 0.05 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"

make_provider() {
	local work=$1 result=$2 module
	apt_private update "$suite"
	mkdir "$work/deb" "$work/root"
	apt_private download "$suite" "$work/deb" pkcs11-provider
	apt_private unpack "$work/deb" "$work/root"
	module=$(find "$work/root" -name pkcs11.so)
	[ -f "$module" ] || deps_die "not one pkcs11.so in pkcs11-provider: '$module'"
	cp "$module" "$result/"
}

installed=$(compgen -G '/usr/lib/*/ossl-modules/pkcs11.so' || :)
if [ -n "$installed" ]; then
	dirname "${installed%%$'\n'*}"
	exit
fi
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
case $codename in
bookworm) suite=bookworm-backports ;;
*) suite=$codename ;;
esac
deps_need apt-get dpkg-deb flock
deps_result pkcs11-provider "$(deps_key -s "$suite" "$0")" make_provider
