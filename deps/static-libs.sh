#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/static-libs.sh: the static libraries that the programs are linked from.
# For composefs-setup-root, those that no Debian package has: libkmod.a,
# libmount.a, libblkid.a, and for musl also libkeyutils.a and the kernel's
# headers. For cfsctl libfuse3.a, which Debian 12 has too old; in a folder of its
# own, so that deps/find.sh can prefer the system's.
#
# Usage: [LIBC=musl] [CC=gcc] [AR=ar] deps/static-libs.sh
# Prints the prefix, which has lib/, include/ and sources:
#   include/libkmod.h include/libmount/libmount.h include/blkid/blkid.h
#   libfuse/lib/libfuse3.a libfuse/include/fuse3/fuse_lowlevel.h and what it includes
#   musl: also include/keyutils.h and include/{linux,asm,asm-generic}/
#   another compiler whose folders have no libkeyutils.a: also keyutils
#   sources: SHA-256 and name of each source archive
# Link in this order, after deps/static-stubs.c:
#   -lmount -lblkid -lkmod -lkeyutils
# CC may be a cross compiler, and AR goes with it. The bytes of the libraries do
# not depend on the folder they are made in.
# Sources: Debian's source packages kmod, util-linux, fuse3 (and keyutils) of
# SUITE, the same on every release: kmod has to be >= 31 to pass compressed
# modules to the kernel as they are, and fuse3 >= 3.17 for passthrough.
#
# Environment: LIBC (glibc or musl), CC, AR, SUITE (default trixie);
#              STATIC_CFLAGS (not CFLAGS, which are for the project's sources);
#              DEBIAN_MIRROR, CFS_CACHE, JOBS: see deps/lib.sh
# Cache key:   this script, the configuration, the compiler's version, target
#              and options, STATIC_CFLAGS, SUITE
# Time:        30 s and a download of 20 MB; then 0.1 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"
: "${LIBC:=glibc}" "${SUITE:=trixie}" "${AR:=ar}"
: "${STATIC_CFLAGS:=-Os -ffunction-sections -fdata-sections -fPIE}"
: "${CC:=gcc}"
read -ra ctl_cc <<<"$CC" # cfsctl's: always of glibc
case $LIBC in
glibc) ;;
musl) CC=musl-gcc ;;
*) deps_die "LIBC is glibc or musl, not $LIBC" ;;
esac
read -ra cc <<<"$CC"
read -ra cflags <<<"$STATIC_CFLAGS"

# Prints the target as the compiler calls it. "gcc -m32" has the multiarch name
# of the other target and the machine of its own; some compilers have no
# multiarch name.
target() {
	local name
	name=$("${cc[@]}" -print-multiarch 2>/dev/null || :)
	[ -n "$name" ] || name=$("${cc[@]}" -dumpmachine)
	echo "$name"
}

# Succeeds when the compiler finds no libkeyutils.a of its target.
lacks_keyutils() {
	[ "$("${cc[@]}" -print-file-name=libkeyutils.a)" = libkeyutils.a ]
}

# unpack WORK PACKAGE: the upstream source with Debian's patches, by hand, so
# that neither dpkg-dev nor the .dsc is needed.
unpack() {
	local dir=$1/$2 patch
	mkdir "$dir"
	tar -x -C "$dir" --strip-components=1 -f "$1/dl/$2"_*.orig.tar.[gx]z
	compgen -G "$1/dl/$2_*.debian.tar.*" >/dev/null || return 0
	tar -x -C "$dir" -f "$1/dl/$2"_*.debian.tar.*
	[ -e "$dir/debian/patches/series" ] || return 0
	while read -r patch _; do
		case $patch in '' | '#'*) continue ;; esac
		patch -d "$dir" -s -p1 -N <"$dir/debian/patches/$patch"
	done <"$dir/debian/patches/series"
}

# archive LIB OBJECTS-FOLDER INCLUDE-FLAGS... -- SOURCE...
archive() {
	local lib=$1 obj=$2 flags=()
	shift 2
	while [ "$1" != -- ]; do
		flags+=("$1")
		shift
	done
	shift
	mkdir "$obj"
	printf '%s\n' "$@" | OBJ=$obj xargs -P "$JOBS" -I{} sh -c '
		src=$1; shift; exec "$@" -c "$src" -o "$OBJ/$(basename "$src" .c).o"
		' sh {} "${cc[@]}" "${cflags[@]}" -w "${flags[@]}"
	"$AR" rcsD "$lib" "$obj"/*.o
}

make_kmod() {
	local work=$1 result=$2 file sources=()
	unpack "$work" kmod
	for file in "$work"/kmod/shared/*.c "$work"/kmod/libkmod/libkmod*.c; do
		case $file in
		*-file-zstd.c | *-file-xz.c | *-file-zlib.c) ;; # see kmod-config.h
		*) sources+=("$file") ;;
		esac
	done
	archive "$result/lib/libkmod.a" "$work/kmod.o" \
		-include "$deps_dir/kmod-config.h" \
		-I"$work/kmod" -I"$work/kmod/libkmod" -- "${sources[@]}"
	cp "$work/kmod/libkmod/libkmod.h" "$result/include/"
}

# Without the high-level interface, and what only it needs.
make_fuse() {
	local work=$1 result=$2/libfuse src=$1/fuse3 file sources=()
	local version major minor hotfix
	local cc=("${ctl_cc[@]}")
	unpack "$work" fuse3
	for file in buffer compat fuse_log fuse_loop fuse_loop_mt fuse_lowlevel \
		fuse_opt fuse_signals mount mount_util util; do
		sources+=("$src/lib/$file.c")
	done
	# the table of requests names it, for sessions of CUSE, which are part of
	# the high-level interface
	echo 'void cuse_lowlevel_init(void) { __builtin_trap(); }' >"$src/cuse.c"
	sources+=("$src/cuse.c")
	mkdir -p "$result/include/fuse3" "$result/lib"
	cp "$src"/include/*.h "$result/include/fuse3/"
	version=$(grep -o -m 1 "version: '[0-9.]*'" "$src/meson.build" | tr -cd 0-9.)
	IFS=. read -r major minor hotfix <<<"$version"
	cat >"$result/include/fuse3/libfuse_config.h" <<-END
		#pragma once
		#define FUSE_MAJOR_VERSION $major
		#define FUSE_MINOR_VERSION $minor
		#define FUSE_HOTFIX_VERSION $hotfix
		#define FUSE_RC_VERSION
	END
	cp "$deps_dir/fuse-config.h" "$src/lib/fuse_config.h"
	archive "$result/lib/libfuse3.a" "$work/fuse.o" -D_GNU_SOURCE \
		-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -DHAVE_CONFIG_H \
		-DFUSE_USE_VERSION=317 -DFUSERMOUNT_DIR='"/usr/bin"' \
		-I"$src/lib" -I"$result/include/fuse3" -- "${sources[@]}"
}

make_util_linux() {
	local work=$1 result=$2 src=$1/util-linux name host=()
	local without=(selinux udev cryptsetup systemd econf ncurses ncursesw
		tinfo readline btrfs libz python)
	local disable=(all-programs shared nls asciidoc poman bash-completion
		gtk-doc)
	unpack "$work" util-linux
	# Debian's patches touch configure.ac: equal time stamps keep make from
	# wanting to run autoconf
	find "$src" -exec touch -h -r "$src/configure" {} +
	[[ $(target) == "$(uname -m)"-* ]] || host=(--host="$(target)")
	cd "$src"
	./configure -q "${host[@]}" --enable-libblkid --enable-libmount --enable-static \
		--with-pic "${without[@]/#/--without-}" \
		"${disable[@]/#/--disable-}" CC="$CC" AR="$AR" \
		CFLAGS="${cflags[*]}"
	nice -n 10 make -s -j "$JOBS" libblkid.la libmount.la
	cd "$OLDPWD"
	mkdir "$result/include/libmount" "$result/include/blkid"
	for name in libmount libblkid; do
		cp "$src/.libs/$name.a" "$result/lib/"
	done
	cp "$src/libmount/src/libmount.h" "$result/include/libmount/"
	cp "$src/libblkid/src/blkid.h" "$result/include/blkid/"
}

make_keyutils() {
	local work=$1 result=$2 src=$1/keyutils
	unpack "$work" keyutils
	archive "$result/lib/libkeyutils.a" "$work/keyutils.o" -I"$src" \
		-DPKGBUILD='"static"' -DPKGVERSION='"static"' \
		-DAPIVERSION='"static"' -- "$src/keyutils.c"
	cp "$src/keyutils.h" "$result/include/"
}

# musl-gcc looks only below musl's own include folder, which has no kernel
# headers.
copy_kernel_headers() {
	local result=$1 arch
	arch=$(target)
	cp -rL /usr/include/linux /usr/include/asm-generic "$result/include/"
	cp -rL "/usr/include/$arch/asm" "$result/include/asm"
}

make_libs() {
	local work=$1 result=$2 packages=(kmod util-linux fuse3)
	if [ "$LIBC" = musl ] || lacks_keyutils; then
		packages+=(keyutils)
	fi
	mkdir "$result/lib" "$result/include" "$work/dl"
	apt_private update "$SUITE" deb-src
	apt_private source "$SUITE" "$work/dl" "${packages[@]}"
	(cd "$work/dl" && sha256sum ./*.tar.* | sed 's|\./||') >"$result/sources"
	cflags+=(-ffile-prefix-map="$work=.")
	if [ "$LIBC" = musl ]; then
		copy_kernel_headers "$result"
		cflags+=(-idirafter "$result/include")
	fi
	[ "${#packages[@]}" = 3 ] ||
		deps_quiet "$work/keyutils.log" make_keyutils "$work" "$result"
	deps_quiet "$work/kmod.log" make_kmod "$work" "$result"
	deps_quiet "$work/fuse.log" make_fuse "$work" "$result"
	deps_quiet "$work/util-linux.log" make_util_linux "$work" "$result"
}

deps_need "${cc[0]}" "$AR" make pkg-config patch xz apt-get flock
version=$("${cc[@]}" --version)
version=${version%%$'\n'*}
deps_result "static-libs-$LIBC" "$(deps_key -s "${cc[*]:1}" -s "$STATIC_CFLAGS" \
	-s "$SUITE" -s "${version#* } $(target)" \
	"$0" "$deps_dir/kmod-config.h" "$deps_dir/fuse-config.h")" make_libs
