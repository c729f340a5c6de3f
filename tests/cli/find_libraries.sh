#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# deps/find.sh, which make asks for libraries: what it finds, and how it names
# what it does not find.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

unset CC AR CPPFLAGS LIBC STATIC_PREFIX PKG_CONFIG
unset MAKEFLAGS MFLAGS MAKELEVEL
find_libraries() { "$CFS_SRC/deps/find.sh" > found; }
setting() { sed -n "s/^$1 := //p" found; }

libs=$(sed -n 's/^STATIC_PREFIX := //p' "$O/deps.mk")
[ -n "$libs" ] || skip "built with the system's static libraries"
[ -e "$libs/libfuse" ] || skip "built with static libraries of the caller's own"
export STATIC_PREFIX=$libs
check "libraries are found" find_libraries
same "the folder that was given" "$(setting STATIC_PREFIX)" "$libs"
check "the static ones by name" grep -qxF 'STATIC_LIBS := -lmount -lblkid -lkmod -lkeyutils' found

mkdir -p empty lib/lib
STATIC_PREFIX=$PWD/lib refuse "a folder without them" \
	"its lib folder must hold libmount.a, libblkid.a and libkmod.a" find_libraries

CC=$PWD/no-compiler refuse "no compiler" "no compiler $PWD/no-compiler" find_libraries

# A compiler that finds no headers but those in the folder "empty". pkg-config may
# know folders of the system that others do not have to be told.
export CC="gcc -nostdinc -isystem $PWD/empty"
PKG_CONFIG=false refuse "no headers: named, with their packages" \
	"<pcre2.h>: libpcre2-dev in Debian, pcre2-devel in Fedora" find_libraries
same "each once" "$(grep -c '^  <' stderr.*)" 11
for header in openssl/evp.h keyutils.h ext2fs/ext2fs.h et/com_err.h pcre2.h curl/curl.h \
	zlib.h zstd.h lzma.h linux/fsverity.h; do
	mkdir -p "empty/$(dirname $header)"
	: > empty/$header
done
refuse "one header that is missing" "<bzlib.h>: libbz2-dev in Debian, bzip2-devel in Fedora" \
	find_libraries
same "and it alone" "$(grep -c '^  <' stderr.*)" 1

# The folder is known to pkg-config, or named by the caller.
mkdir bz2
: > bz2/bzlib.h
CPPFLAGS=-I$PWD/bz2 check "found in a folder of CPPFLAGS" find_libraries
cat > pkg-config << 'S'
#!/bin/sh
case "$*" in
'--cflags-only-I bzip2') echo "-I$HERE/bz2" ;;
'--libs-only-L bzip2') echo "-L$HERE/bz2" ;;
*) exit 1 ;;
esac
S
chmod +x pkg-config
HERE=$PWD PKG_CONFIG=$PWD/pkg-config check "found by pkg-config" find_libraries
same "with its folder of headers" "$(setting DEPS_CFLAGS)" \
	"-isystem $libs/libfuse/include -isystem $PWD/bz2"
same "and of libraries" "$(setting DEPS_LDFLAGS)" "-L$PWD/bz2"
unset CC

# libfuse: the folder's own, the system's if it is recent and complete, the built one.
built=$libs/libfuse
mkdir -p system/lib system/include given
cp -r "$built/include/fuse3" system/include/
cp "$built/lib/libfuse3.a" system/lib/
cat > pkg-config << 'S'
#!/bin/sh
case "$*" in
'--modversion fuse3 >= 3.17') [ ! -e too-old ] && echo 3.99.1 ;;
'--variable=includedir fuse3') echo "$PWD/system/include" ;;
'--variable=libdir fuse3') echo "$PWD/system/lib" ;;
'--libs fuse3 >= 3.17') [ ! -e too-old ] && echo -lfuse3 ;;
*) exit 1 ;;
esac
S
export PKG_CONFIG=$PWD/pkg-config
fuse() { # WHAT ARCHIVE VERSION: the choice
	check "libfuse: $1" find_libraries
	same "  its archive" "$(setting FUSE_LIBS)" "$2"
	same "  is said" "$(setting FUSE_FROM | cut -d' ' -f1)" "$3"
}
own=$(sed -n 's/^#define FUSE_[A-Z]*_VERSION //p' "$built/include/fuse3/libfuse_config.h" |
	xargs | tr ' ' .)
fuse "the system's" "$PWD/system/lib/libfuse3.a" 3.99.1
same "  with its headers" "$(setting DEPS_CFLAGS)" "-isystem $PWD/system/include"
: > too-old
fuse "the system's is too old" "$built/lib/libfuse3.a" "$own"
same "  with the built one's headers" "$(setting DEPS_CFLAGS)" "-isystem $built/include"
rm too-old
echo 'int io_uring_x(void); void *fuse_session_new_versioned(void); void *fuse_session_new_versioned(void) { return io_uring_x() ? "" : 0; }' > uring.c
gcc -fPIE -c uring.c && rm system/lib/libfuse3.a && ar rcs system/lib/libfuse3.a uring.o
fuse "the system's needs other libraries" "$built/lib/libfuse3.a" "$own"
rm system/lib/libfuse3.a
fuse "the system has no archive" "$built/lib/libfuse3.a" "$own"
cp "$built/lib/libfuse3.a" system/lib/
cp -rs "$libs/." given/
ln -s "$built/lib/libfuse3.a" given/lib/
ln -s "$built/include/fuse3" given/include/
STATIC_PREFIX=$PWD/given fuse "that of the folder that was given" \
	"$PWD/given/lib/libfuse3.a" "$own"
unset PKG_CONFIG

# Without apt-get there are no sources: the system's own archives.
without_packages
unset STATIC_PREFIX
PATH=$PWD/plain PKG_CONFIG=false refuse "no archives, and no apt-get" \
	"run make STATIC_PREFIX=DIR" find_libraries
cat > pkg-config << S
#!/bin/sh
[ "\$*" != '--static --libs mount blkid libkmod libkeyutils' ] ||
	echo -L$libs/lib -lmount -lblkid -lkmod -lkeyutils -lc
S
PATH=$PWD/plain PKG_CONFIG=$PWD/pkg-config check "archives found by pkg-config" find_libraries
same "which are linked as it says" "$(setting STATIC_LIBS)" \
	"-L$libs/lib -lmount -lblkid -lkmod -lkeyutils -lc"
same "from no folder of ours" "$(setting STATIC_PREFIX)" ""

# make installs nothing: what does is deps/packages.sh.
mkdir package-tools
for tool in apt-get apt dpkg dpkg-query; do
	printf '#!/bin/sh\necho "$0 $*" >> %s/called\nexit 1\n' "$PWD" > package-tools/$tool
done
chmod +x package-tools/*
PATH=$PWD/package-tools:$PATH check "make asks no package tool" \
	make -s -C "$CFS_SRC" O="$PWD/out" STATIC_PREFIX="$libs" "${PWD#"$CFS_SRC"/}/out/flags"
check "not one" test ! -e called
make -n -C "$CFS_SRC" O="$PWD/out" deps > commands 2>&1
check "make deps does" grep -q 'deps/packages.sh build check' commands
finish
