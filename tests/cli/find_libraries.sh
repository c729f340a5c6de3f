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
export STATIC_PREFIX=$libs
check "libraries are found" find_libraries
same "the folder that was given" "$(setting STATIC_PREFIX)" "$libs"
check "the static ones by name" grep -qxF 'STATIC_LIBS := -lmount -lblkid -lkmod -lkeyutils' found

mkdir -p empty lib/lib
STATIC_PREFIX=$PWD/lib refuse "a folder without them" \
	"its lib folder must hold libmount.a, libblkid.a and libkmod.a" find_libraries

CC=$PWD/no-compiler refuse "no compiler" "no compiler $PWD/no-compiler" find_libraries

# A compiler that finds no headers but those in the folder "empty".
export CC="gcc -nostdinc -isystem $PWD/empty"
refuse "no headers: named, with their packages" \
	"<pcre2.h>: libpcre2-dev in Debian, pcre2-devel in Fedora" find_libraries
same "each once" "$(grep -c '^  <' stderr.*)" 10
for header in openssl/evp.h keyutils.h ext2fs/ext2fs.h et/com_err.h pcre2.h \
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
same "with its folder of headers" "$(setting DEPS_CFLAGS)" "-isystem $PWD/bz2"
same "and of libraries" "$(setting DEPS_LDFLAGS)" "-L$PWD/bz2"
unset CC

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
