#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The same sources, compiler and flags make the same bytes, wherever the sources,
# the build folder and the static libraries lie; and without a package manager.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

unset MAKEFLAGS MFLAGS MAKELEVEL
command -v make > /dev/null || skip "no make"
prefix() { sed -n 's/^STATIC_PREFIX := //p' "$1/deps.mk" 2> /dev/null; }
libs=$(prefix "$O")
[ -n "$libs" ] || skip "built with static libraries of other origin"

# A copy, in another folder, of all that make reads.
mkdir -p away/from/home
tar -C "$CFS_SRC" -cf - Makefile tcb.mk deps $(sed -n 's/^\([a-z-]*\):.*/\1/p' \
	"$CFS_SRC/tests/lint/rooms" | while read -r room; do
	[ ! -d "$CFS_SRC/$room" ] || [ "$room" = tests ] || echo "$room"
done) | tar -C away/from/home -xf - || exit 1

# Libraries of another cache, kept there. It reads the same package lists.
cache=${CFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/composefs-seal}
other=$cache/elsewhere
mkdir -p "$other"
ln -sfn ../apt "$other/apt"
remake() { # OPTION...: in the copy
	CFS_CACHE=$other make -s -C away/from/home O="$TMPDIR/out" "$@" > log 2>&1 ||
		{ tail log; return 1; }
}
remake "$TMPDIR/out/deps.mk"
again=$(prefix out)
if ! cmp -s "$libs/sources" "$again/sources"; then
	# the archive has moved on since one of them was made
	rm -rf "${other:?}/static-libs-glibc"
	remake "$TMPDIR/out/deps.mk"
	again=$(prefix out)
fi
same "another folder has other static libraries" "${again%/*}" "$other/static-libs-glibc"
if cmp -s "$libs/sources" "$again/sources"; then
	check "static libraries have the same bytes" diff -r "$libs" "$again"
else
	echo "ok - # SKIP the static libraries are of older sources than there are now"
	mkdir prefix
	cp -r "$libs/." prefix/
	again=$PWD/prefix
fi

flags() { # FOLDER SOURCES STATIC_PREFIX: what it was built with
	sed "s|$3|STATIC|g; s|$2|SOURCES|g; s| -Werror||g" "$1/flags"
}
remake STATIC_PREFIX="$again" "$TMPDIR/out/flags"
if [ "$(flags out "$PWD/away/from/home" "$again")" = "$(flags "$O" "$CFS_SRC" "$libs")" ]; then
	without_packages
	PATH=$PWD/plain check "without apt and dpkg, the programs can be built from the copy" \
		remake STATIC_PREFIX="$again" all
	for program in cfsctl composefs-setup-root; do
		check "$program has the same bytes" cmp "$BIN/$program" "out/bin/$program"
		same "$program names no folder of this machine" \
			"$(strings "$BIN/$program" | grep -cF -e "$CFS_SRC" -e "$cache")" 0
	done
else
	echo "ok - # SKIP the programs were built with other flags than make's own"
fi

# Flags for our own sources are nothing to the libraries of others.
for flags in CFLAGS=-O0 LDFLAGS=-s "CPPFLAGS=-DX -DY" SAN=1 SUITE=sid; do
	check "$flags: the same static libraries" remake "$flags" "$TMPDIR/out/deps.mk"
	same "$flags: none are built" "$(prefix out)$(grep -c made log)" "${other}/static-libs-glibc/${libs##*/}0"
done
finish
