#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A dumpfile into an image costs no more instructions than it did: against
# Debian's mkcomposefs, and as the input grows.  Instructions are counted, for
# they are the same on a busy machine; callgrind hides AVX-512 and SHA-NI from
# the program, so nothing that hashes is counted.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

# Of the peer's instructions, in thousandths: what was measured and a tenth.
# Raise it only with a reason in the commit.
bar_os=127
bar_reverse=107
shapes="os flat reverse hardlinks deep"

count() { # RESULT COMMAND...
	local result=$1
	shift
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 |
		sed -n 's/.*Collected : //p' > "$result"
}
# Two at a time, the longest first.
for shape in $shapes; do
	for n in 20000 5000; do
		python3 "$CFS_SRC/tests/bench/shapes.py" $shape $n > $shape.$n
	done
done
ln -s "$BIN/cfsctl" mkcomposefs
peer=$("$CFS_SRC/tests/bench/peer" mkcomposefs 2> log) || peer=
ours() {
	local shape n
	for shape in $shapes; do
		for n in 20000 5000; do
			count ours.$shape.$n ./mkcomposefs --from-file $shape.$n $shape.$n.img
		done
	done
}
ours &
for shape in os reverse; do
	[ -z "$peer" ] || count peer.$shape.20000 $peer --from-file $shape.20000 peer.$shape.img
done
wait

below() { # SHAPE BAR: thousandths of the peer's
	local ours peers
	ours=$(cat "ours.$1.20000") && peers=$(cat "peer.$1.20000") || return 1
	cmp "$1.20000.img" "peer.$1.img" || return 1
	echo "$1: $ours instructions, mkcomposefs $peers: $((ours * 1000 / peers)) of at most $2 thousandths"
	[ $((ours * 1000)) -le $((peers * $2)) ]
}
if [ -n "$peer" ]; then
	check "instructions of a system's dumpfile, against mkcomposefs" below os $bar_os
	check "instructions of names in reverse order, against mkcomposefs" below reverse $bar_reverse
else
	echo "no mkcomposefs to compare with: $(tail -n 1 log)"
fi

# Four times the entries: an exponent of at most 1.1 is a factor of 4.6.
grows_linearly() {
	local few many
	few=$(cat "ours.$1.5000") && many=$(cat "ours.$1.20000") || return 1
	echo "$1: $few instructions for 5000 entries, $many for 20000"
	[ $((many * 10)) -le $((few * 46)) ]
}

# No shape is a trap: each costs what a system does, or less.
no_dearer() {
	[ "$(cat "ours.$1.20000")" -le $(($(cat ours.os.20000) * 11 / 10)) ]
}
for shape in flat reverse hardlinks deep; do
	check "instructions of $shape are no more than a system's" no_dearer $shape
done
for shape in $shapes; do
	check "instructions grow with the entries: $shape" grows_linearly $shape
done
finish
