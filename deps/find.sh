#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/find.sh: finds the libraries that the programs are compiled with. It
# installs nothing: a missing library is reported with its usual packages.
#
# Usage: [CC=gcc] [AR=ar] [CPPFLAGS=...] [LIBC=musl] [STATIC_PREFIX=DIR] deps/find.sh
# Prints settings for make:
#   DEPS_CFLAGS    include folders that the compiler does not search by default
#   DEPS_LDFLAGS   library folders likewise, for the tests
#   STATIC_PREFIX  the folder of composefs-setup-root's static libraries: the
#                  one given, or that of deps/static-libs.sh; empty on a system
#                  without apt-get, where the system's own are used
#   STATIC_LIBS    the options that link the static libraries
#   FUSE_LIBS      what links cfsctl with libfuse, 3.17 or later; see below
#   FUSE_FROM      the same in words: its version, and whose it is
#   KEYUTILS_LIB   the option that links cfsctl with libkeyutils: statically if
#                  there is an archive
#
# Environment: PKG_CONFIG (default pkg-config; not used when compiling for
#              another machine, whose packages it does not know)

# cfsctl serves FUSE mounts itself and should load nothing for it, so libfuse is
# linked statically. The first of these is taken:
#   1. lib/libfuse3.a in the STATIC_PREFIX that was given
#   2. the system's archive, if pkg-config knows libfuse 3.17 or later and the
#      archive can be linked without further libraries, as for io_uring
#   3. libfuse/ in STATIC_PREFIX, which deps/static-libs.sh builds
#   4. the system's shared library

set -euo pipefail
export LC_ALL=C
: "${CC:=gcc}" "${LIBC:=glibc}" "${STATIC_PREFIX:=}" "${PKG_CONFIG:=pkg-config}"
: "${CPPFLAGS:=}"
here=$(cd "$(dirname "$0")" && pwd)
read -ra cc <<<"$CC"
read -ra flags <<<"$CPPFLAGS"

# header, library as pkg-config calls it, package in Debian, in Fedora
needed='
openssl/evp.h     libcrypto   libssl-dev           openssl-devel
keyutils.h        libkeyutils libkeyutils-dev      keyutils-libs-devel
ext2fs/ext2fs.h   ext2fs      libext2fs-dev        e2fsprogs-devel
et/com_err.h      com_err     comerr-dev           libcom_err-devel
pcre2.h           libpcre2-8  libpcre2-dev         pcre2-devel
zlib.h            zlib        zlib1g-dev           zlib-devel
zstd.h            libzstd     libzstd-dev          libzstd-devel
lzma.h            liblzma     liblzma-dev          xz-devel
bzlib.h           bzip2       libbz2-dev           bzip2-devel
curl/curl.h       libcurl     libcurl4-openssl-dev libcurl-devel
linux/fsverity.h  -           linux-libc-dev       kernel-headers'

# is_native: succeeds unless the compiler is for another machine.
is_native() {
	local target
	target=$("${cc[@]}" -dumpmachine)
	[ "${target%%-*}" = "$(uname -m)" ]
}

pkg() {
	command -v "$PKG_CONFIG" >/dev/null || return 1
	is_native || return 1
	"$PKG_CONFIG" "$@" 2>/dev/null
}

# each_pkg OPTION: prints pkg-config's answers for all libraries it knows.
each_pkg() {
	local lib
	while read -r _ lib _; do
		case $lib in '' | -) continue ;; esac
		pkg "$1" "$lib" || :
	done <<<"$needed" | xargs -r printf '%s\n' | awk '!seen[$0]++' | xargs
}

# missing [FLAG...]: prints the rows of $needed whose header the compiler does
# not find.
missing() {
	local header
	while read -r header _; do
		[ -z "$header" ] ||
			printf '#if !__has_include(<%s>)\n"%s"\n#endif\n' "$header" "$header"
	done <<<"$needed" | "${cc[@]}" "${flags[@]}" "$@" -E -P -x c - |
		sed -n 's/^"\(.*\)"$/\1/p' | while read -r header; do
		grep "^$header " <<<"$needed"
	done
}

# archives DIR: succeeds if the folder holds the three static libraries that
# only composefs-setup-root is linked with.
archives() {
	local lib
	for lib in mount blkid kmod; do
		[ -e "$1/lib$lib.a" ] || return 1
	done
}

command -v "${cc[0]}" >/dev/null || {
	echo "deps/find.sh: no compiler ${cc[0]}: install gcc (Debian: make deps), or" \
		"name another by CC=" >&2
	exit 1
}
cflags='' ldflags=''
prefix=(${STATIC_PREFIX:+-isystem "$STATIC_PREFIX/include"})
gone=$(missing "${prefix[@]}")
if [ -n "$gone" ]; then
	cflags=$(each_pkg --cflags-only-I | sed 's/-I/-isystem /g')
	ldflags=$(each_pkg --libs-only-L)
	read -ra found <<<"$cflags"
	gone=$(missing "${found[@]}" "${prefix[@]}")
fi
if [ -n "$gone" ]; then
	{
		echo "deps/find.sh: missing headers:"
		awk '{ printf "  <%s>: %s in Debian, %s in Fedora\n", $1, $3, $4 }' <<<"$gone"
		echo "Install them (Debian: make deps), or name their folder: CPPFLAGS=-I..."
	} >&2
	exit 1
fi

libs='-lmount -lblkid -lkmod -lkeyutils'
if [ -n "$STATIC_PREFIX" ]; then
	archives "$STATIC_PREFIX/lib" || {
		echo "deps/find.sh: STATIC_PREFIX=$STATIC_PREFIX: its lib folder must hold" \
			"libmount.a, libblkid.a and libkmod.a" >&2
		exit 1
	}
elif command -v apt-get >/dev/null; then
	STATIC_PREFIX=$("$here/static-libs.sh")
elif libs=$(pkg --static --libs mount blkid libkmod libkeyutils) &&
	echo 'int main(void) { return 0; }' | "${cc[@]}" -static -x c - \
		-x none $libs -o /dev/null 2>/dev/null; then
	cflags="$cflags $(pkg --cflags-only-I mount blkid libkmod | sed 's/-I/-isystem /g')"
else
	cat >&2 <<-'EOF'
	deps/find.sh: composefs-setup-root needs static libmount, libblkid, libkmod and
	libkeyutils. pkg-config does not find them (usual packages: util-linux-static,
	kmod-static, keyutils-static), and deps/static-libs.sh cannot fetch their sources
	without apt-get. Configure util-linux and kmod with --enable-static and
	--prefix=DIR, and run make STATIC_PREFIX=DIR.
	EOF
	exit 1
fi

# links_fuse FLAG...: succeeds if a program that uses libfuse can be linked so,
# as cfsctl is.
links_fuse() {
	"${cc[@]}" "${flags[@]}" -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -fPIE -pie \
		-x c - -x none "$@" -lpthread -o /dev/null 2>/dev/null <<-'EOF'
		#define FUSE_USE_VERSION 317
		#include <fuse3/fuse_lowlevel.h>
		int main(void)
		{
			struct fuse_args args = FUSE_ARGS_INIT(0, 0);

			return fuse_session_new(&args, 0, 0, 0) ? 0 : 1;
		}
	EOF
}

# Prints the version that libfuse's headers in a folder state.
fuse_version() {
	sed -n 's/^#define FUSE_\(MAJOR\|MINOR\|HOTFIX\)_VERSION  *//p' \
		"$1/fuse3/libfuse_config.h" | xargs | tr ' ' .
}

fuse='' fuse_include=''
if [ -n "$STATIC_PREFIX" ] && [ -e "$STATIC_PREFIX/lib/libfuse3.a" ]; then
	fuse=$STATIC_PREFIX/lib/libfuse3.a
	fuse_from="$(fuse_version "$STATIC_PREFIX/include") of STATIC_PREFIX"
elif system=$(pkg --modversion 'fuse3 >= 3.17'); then
	# it is included as <fuse3/...>
	include=$(pkg --variable=includedir fuse3)
	[ "$include" = /usr/include ] || fuse_include=$include
	fuse=$(pkg --variable=libdir fuse3)/libfuse3.a
	fuse_from="$system of the system"
	if [ ! -e "$fuse" ] ||
		! links_fuse ${fuse_include:+-isystem "$fuse_include"} "$fuse"; then
		fuse=''
	fi
fi
if [ -z "$fuse" ] && [ -n "$STATIC_PREFIX" ] &&
	[ -e "$STATIC_PREFIX/libfuse/lib/libfuse3.a" ]; then
	fuse_include=$STATIC_PREFIX/libfuse/include
	fuse=$STATIC_PREFIX/libfuse/lib/libfuse3.a
	fuse_from="$(fuse_version "$fuse_include") of deps/static-libs.sh"
elif [ -z "$fuse" ] && fuse=$(pkg --libs 'fuse3 >= 3.17'); then
	fuse_from="$fuse_from, shared"
elif [ -z "$fuse" ]; then
	cat >&2 <<-'EOF'
	deps/find.sh: cfsctl needs libfuse 3.17 or later, which pkg-config does not
	find (usual packages: libfuse3-dev in Debian 13, fuse3-devel in Fedora), or a
	libfuse3.a in the lib folder of STATIC_PREFIX.
	EOF
	exit 1
fi
[ -z "$fuse_include" ] || cflags="-isystem $fuse_include $cflags"

keyutils=-l:libkeyutils.a
[ -e "$STATIC_PREFIX/lib/libkeyutils.a" ] ||
	[ "$("${cc[@]}" -print-file-name=libkeyutils.a)" != libkeyutils.a ] ||
	[ -e "$(pkg --variable=libdir libkeyutils)/libkeyutils.a" ] ||
	keyutils=-lkeyutils

printf '%s := %s\n' DEPS_CFLAGS "$(xargs <<<"$cflags")" \
	DEPS_LDFLAGS "$ldflags" \
	STATIC_PREFIX "$STATIC_PREFIX" STATIC_LIBS "$(xargs <<<"$libs")" \
	FUSE_LIBS "$fuse" FUSE_FROM "$fuse_from" KEYUTILS_LIB "$keyutils"
