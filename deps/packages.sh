#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/packages.sh: installs what is missing of the distribution's packages.
#
# Usage: deps/packages.sh [-l] GROUP...
#   -l      print the names of a group's packages, and install nothing
#   build   compile the programs
#   check   the tests that need no virtual machine
#   vm      build the User-Mode-Linux kernel, run it and QEMU
#   demo    make a Debian root file system, and an OCI image of it
#   cross   compile for other processors
#   compilers  every compiler that is supported
#   packages  build the Debian and RPM packages
# Says nothing when all is there (one dpkg query, 0.02 s). Reads the package
# lists only when there are none, or when a package is not found in them. Waits
# for another apt that holds the lock. Without root it names what to install.
# Removes nothing: where a package that is there stands in the way, it fails.
#
# Known to be right for Debian 12 and 13.
set -eu
export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin" DEBIAN_FRONTEND=noninteractive

release=$(. /etc/os-release && echo "${VERSION_ID:-}")
case $release in
12)
	clang='clang clang-14 clang-format-14 libclang-rt-14-dev'
	compilers='gcc-12 clang-14 lld-14 llvm-14 clang-19 lld-19 llvm-19'
	libfuse='' # 3.14, too old
	;;
*)
	clang='clang clang-format libclang-rt-dev'
	compilers='gcc-14 clang-19 lld-19 llvm-19'
	libfuse=libfuse3-dev
	;;
esac

group() {
	case $1 in
	build) echo gcc libc6-dev make pkg-config patch xz-utils libssl-dev \
		libkeyutils-dev libext2fs-dev comerr-dev libpcre2-dev \
		libzstd-dev libisal-dev zlib1g-dev liblzma-dev libbz2-dev \
		libcurl4-openssl-dev linux-libc-dev $libfuse ;;
	check) echo "$clang" e2fsprogs fsverity keyutils erofs-utils strace attr \
		acl mandoc systemd openssl python3 valgrind musl-tools \
		softhsm2 btrfs-progs libarchive-tools bsdextrautils skopeo git \
		sbsigntool osslsigncode python3-pefile \
		libengine-pkcs11-openssl crun runc uidmap busybox-static \
		python3-jsonschema python3-pip zstd ;;
	vm) echo qemu-system-x86 cpio busybox-static kmod bc flex bison zstd \
		e2fsprogs fsverity keyutils openssl debian-archive-keyring \
		mtools sbsigntool python3-cryptography python3-pefile \
		python3-importlib-resources ovmf ;;
	demo) echo mmdebstrap debian-archive-keyring zstd umoci skopeo ;;
	cross) echo gcc-i686-linux-gnu libc6-dev-i386-cross \
		gcc-aarch64-linux-gnu libc6-dev-arm64-cross \
		gcc-s390x-linux-gnu libc6-dev-s390x-cross ;;
	compilers) echo "$compilers" ;;
	packages) echo build-essential debhelper lintian rpm rpmlint ;;
	*)
		echo "deps/packages.sh: no group '$1' (build check vm demo cross compilers packages)" >&2
		exit 2
		;;
	esac
}

if [ "${1-}" = -l ]; then
	shift
	for g; do group "$g"; done
	exit
fi
[ $# -gt 0 ] || {
	sed -n '/^# Usage/,/^set/s/^# \{0,1\}//p' "$0" | sed '$d' >&2
	exit 2
}
command -v dpkg-query >/dev/null || {
	echo "deps/packages.sh: this is not Debian: install the likes of" \
		"$(for g; do group "$g"; done | xargs) yourself" >&2
	exit 1
}

wanted=$(for g; do group "$g"; done)
# shellcheck disable=SC2086 # a list of words
missing=$(echo $wanted | tr ' ' '\n' | sort -u | {
	cat
	dpkg-query -W -f '+${Package} ${db:Status-Status}\n' $wanted 2>/dev/null || :
} | awk '/^[+].* installed$/ { there[substr($1, 2)] = 1 } /^[^+]/ { want[$1] = 1 }
	END { for (p in want) if (!(p in there)) print p }' | sort | xargs)
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "deps/packages.sh: missing: $missing" >&2
	echo "As root: apt-get install --no-install-recommends $missing" >&2
	exit 1
fi

echo "deps/packages.sh: installing $missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT

apt() {
	apt-get -qq -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=600 \
		-o Acquire::Retries=3 "$@" </dev/null >"$log" 2>&1
}

# Sources that have nothing to do with us may be out of reach: what counts is
# whether the packages can be installed afterwards.
lists() { apt update || :; }

ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || lists
try=1
# shellcheck disable=SC2086
until apt install $missing; do
	if [ $try = 5 ]; then
		cat "$log" >&2
		echo "deps/packages.sh: could not install $missing" >&2
		exit 1
	fi
	# old lists, or an apt that holds the lock of the lists
	grep -q 'Could not get lock' "$log" && sleep 10
	[ $try != 1 ] && sleep 3
	lists
	try=$((try + 1))
done
