#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# composefs-dump: an image read and written again.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

ln -s "$BIN/cfsctl" composefs-dump
here=$O/tests/tools

"$here/dump2image" -n auto "$CFS_SRC/tests/data/erofs/02-simple.dump" a.img

again() { # IMAGE
	./composefs-dump "$1" again.img && cmp "$1" again.img
}
check "an image comes out as it was" again a.img
check "the same as a word of cfsctl" cfsctl composefs-dump a.img b.img
check "with the same bytes" cmp a.img b.img
check "to stdout" cmp a.img <(./composefs-dump a.img -)
refuse "no source" "No source path specified" ./composefs-dump
refuse "no destination" "No destination path specified" ./composefs-dump a.img
refuse "too much" "Too many arguments" ./composefs-dump a b c
refuse "usage is told" "usage: composefs-dump SRC DEST" ./composefs-dump
refuse "no such image" "Failed to open 'none': No such file" \
	./composefs-dump none b.img
refuse "no image" "Failed to load '/etc/passwd': " \
	./composefs-dump /etc/passwd b.img
refuse "a full disk" "Failed to write '/dev/full': No space left on device" \
	./composefs-dump a.img /dev/full
"$here/dump2image" -n 2 "$CFS_SRC/tests/data/erofs/02-simple.dump" two.img
refuse "version 2" "version 2" ./composefs-dump two.img two-again.img
check "and writes nothing" test ! -e two-again.img
finish
