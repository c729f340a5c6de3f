#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Where the sources and what is made of them can be: a path that make or the
# shell would take for something else is refused, in words.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
unset MAKEFLAGS MFLAGS MAKELEVEL O

build() { # FOLDER [SETTING]: with all that this goal reads
	mkdir -p "$1" && cp "$CFS_SRC/Makefile" "$CFS_SRC/tcb.mk" "$1" || exit 1
	(cd "$1" && shift && make -s clean "$@")
}
for c in '%' "'" '"' '(' ')' ';' '&' '|' '<' '>' '`' '$' \\ ':'; do
	refuse "a path with $c" "has a character that make cannot take ($c): move the sources" \
		build "a${c}b"
done
refuse "a path with a space" "'$PWD/a b' has a character that make cannot take (space)" \
	build "a b"
for c in '#' '~' '=' ',' '@' '+' '[' '{' '*' é; do
	check "a path with $c can be built in" build "a${c}b"
done
refuse "a folder to build in that has a space" "(space): set O to" build plain O='a b'
refuse "one with a colon" "(:): set O to" build plain O="$PWD/a:b"
check "another one" build plain O=../elsewhere
finish
