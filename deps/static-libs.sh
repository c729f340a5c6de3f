#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/static-libs.sh: the static libraries for composefs-setup-root that no
# Debian package has: libkmod.a, libmount.a, libblkid.a, and for musl also
# libkeyutils.a and the kernel's headers.
#
# Usage: [LIBC=musl] [CC=gcc] deps/static-libs.sh
# Prints the prefix, which has lib/ and include/:
#   include/libkmod.h include/libmount/libmount.h include/blkid/blkid.h
#   musl: also include/keyutils.h and include/{linux,asm,asm-generic}/
# Link in this order, after deps/static-stubs.c:
#   -lmount -lblkid -lkmod -lkeyutils
# Sources: Debian's source packages kmod, util-linux (and keyutils) of SUITE,
# the same on every release: kmod has to be >= 31 to pass compressed modules to
# the kernel as they are.
#
# Environment: LIBC (glibc or musl), CC, CFLAGS, SUITE (default trixie);
#              DEBIAN_MIRROR, CFS_CACHE, JOBS: see deps/lib.sh
# Cache key:   this script, the configuration, compiler version, CFLAGS, SUITE
# Time:        30 s and a download of 20 MB; then 0.1 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"
: "${LIBC:=glibc}" "${SUITE:=trixie}"
: "${CFLAGS:=-Os -ffunction-sections -fdata-sections -fPIE}"
case $LIBC in
glibc) : "${CC:=gcc}" ;;
musl) CC=musl-gcc ;;
*) deps_die "LIBC is glibc or musl, not $LIBC" ;;
esac
read -ra cflags <<<"$CFLAGS"

# unpack WORK PACKAGE: the upstream source with Debian's patches, by hand, so
# that neither dpkg-dev nor the .dsc is needed.
unpack() {
	local dir=$1/$2 patch
	mkdir "$dir"
	tar -x -C "$dir" --strip-components=1 -f "$1/dl/$2"_*.orig.tar.*
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
		' sh {} "$CC" "${cflags[@]}" -w "${flags[@]}"
	ar rcsD "$lib" "$obj"/*.o
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

make_util_linux() {
	local work=$1 result=$2 src=$1/util-linux name
	local without=(selinux udev cryptsetup systemd econf ncurses ncursesw
		tinfo readline btrfs libz python)
	local disable=(all-programs shared nls asciidoc poman bash-completion
		gtk-doc)
	unpack "$work" util-linux
	# Debian's patches touch configure.ac: equal time stamps keep make from
	# wanting to run autoconf
	find "$src" -exec touch -h -r "$src/configure" {} +
	cd "$src"
	./configure -q --enable-libblkid --enable-libmount --enable-static \
		--with-pic "${without[@]/#/--without-}" \
		"${disable[@]/#/--disable-}" CC="$CC" CFLAGS="$CFLAGS"
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
	arch=$(gcc -print-multiarch)
	cp -rL /usr/include/linux /usr/include/asm-generic "$result/include/"
	cp -rL "/usr/include/$arch/asm" "$result/include/asm"
}

make_libs() {
	local work=$1 result=$2 packages=(kmod util-linux)
	[ "$LIBC" = glibc ] || packages+=(keyutils)
	mkdir "$result/lib" "$result/include" "$work/dl"
	apt_private update "$SUITE" deb-src
	apt_private source "$SUITE" "$work/dl" "${packages[@]}"
	if [ "$LIBC" = musl ]; then
		copy_kernel_headers "$result"
		CFLAGS="$CFLAGS -idirafter $result/include"
		cflags+=(-idirafter "$result/include")
		deps_quiet "$work/keyutils.log" make_keyutils "$work" "$result"
	fi
	deps_quiet "$work/kmod.log" make_kmod "$work" "$result"
	deps_quiet "$work/util-linux.log" make_util_linux "$work" "$result"
}

deps_need "$CC" make ar pkg-config patch xz apt-get flock
deps_result "static-libs-$LIBC" "$(deps_key -s "$CFLAGS" -s "$SUITE" \
	-s "$("$CC" -dumpfullversion -dumpmachine)" \
	"$0" "$deps_dir/kmod-config.h")" make_libs
