#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What an entry of a layer costs, in instructions, which are the same on a busy
# machine, and in memory; and that no layer is a trap.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

tar2dump=$O/tests/tools/tar2dump
# What was measured and a tenth.  An entry here has a PAX header of its own, so
# two headers and some records are read for it.  Raise it only with a reason in
# the commit.
bar_read=3920
bar_merge=5790
bar_bytes=160

few=2000 many=8000
layers() { # SHAPE N: their files
	case $1 in
	hidden | removed) echo "$1.$2.low $1.$2.high" ;;
	*) echo "$1.$2" ;;
	esac
}
count() { # RESULT OPTION SHAPE N
	# shellcheck disable=SC2046 # one word or two
	valgrind --tool=callgrind --callgrind-out-file=/dev/null \
		"$tar2dump" -n "$2" $(layers "$3" "$4") 2>&1 |
		sed -n 's/.*Collected : //p' > "$1"
}
shapes="os links replaced deep alike hidden removed"
for shape in $shapes; do
	for n in $few $many; do
		# shellcheck disable=SC2046 # one word or two
		python3 -B "$CFS_SRC/tests/tar/shapes.py" $shape $n $(layers $shape $n)
		count merge.$shape.$n -m $shape $n
	done
done
for n in $few $many; do
	count read.os.$n -r os $n
done

an_entry() { # WHAT BAR
	local a b each
	a=$(cat "$1.os.$few") && b=$(cat "$1.os.$many") || return 1
	each=$(((b - a) / (many - few)))
	echo "$1: $each instructions an entry, of at most $2"
	[ "$each" -gt 500 ] && [ "$each" -le "$2" ]
}
check "instructions to read an entry" an_entry read $bar_read
check "instructions to read and merge an entry" an_entry merge $bar_merge

# Four times the entries: an exponent of at most 1.1 is a factor of 4.6.
grows_linearly() {
	local a b
	a=$(cat "merge.$1.$few") && b=$(cat "merge.$1.$many") || return 1
	echo "$1: $a instructions for $few entries, $b for $many"
	[ "$a" -gt $((few * 500)) ] && [ $((b * 10)) -le $((a * 46)) ]
}
for shape in $shapes; do
	check "instructions grow with the entries: $shape" grows_linearly $shape
done

memory() { # N: kilobytes that its layer takes
	python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
		"$tar2dump" -n -m "links.$1"
}
bytes_an_entry() {
	local a b
	for n in 50000 150000; do
		python3 -B "$CFS_SRC/tests/tar/shapes.py" links $n links.$n
	done
	a=$(memory 50000) && b=$(memory 150000) || return 1
	echo "$((b - a)) KiB for 100000 entries more"
	[ "$b" -gt "$a" ] && [ $(((b - a) * 1024)) -le $((bar_bytes * 100000)) ]
}
check "memory of an entry" bytes_an_entry
finish
