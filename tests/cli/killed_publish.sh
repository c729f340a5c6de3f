#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# publish, killed wherever it changes something: what was published before is
# served as before, and the same command then ends with the bytes of an
# undisturbed run.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

needs strace zstd
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"
: "${KILL_POINTS:=10}"

mkdir -p tree/usr
head -c 200000 /dev/urandom > tree/large
for i in 1 2 3; do
	head -c ${i}000 /dev/urandom > "tree/$i"
done
cfsctl --repo repo init --insecure > /dev/null
old=$(cfsctl --repo repo create-image tree os) || exit 1
old=${old#sha512:}
cfsctl --repo repo publish before > /dev/null 2>&1 || exit 1
head -c 300000 /dev/urandom > tree/larger
head -c 4000 /dev/urandom > tree/4
new=$(cfsctl --repo repo create-image tree os) || exit 1
new=${new#sha512:}
cfsctl --repo repo image-objects "$old" > old.objects
cfsctl --repo repo image-objects "$new" > new.objects
cp -a before once
cfsctl --repo repo publish once > /dev/null 2>&1 || exit 1
cfsctl --repo repo publish alone > /dev/null 2>&1 || exit 1

bytes() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort)
}
bytes once > once.bytes
bytes alone > alone.bytes
serves() { # DIR HEX OBJECTS
	rm -rf got && "$CFS_SRC/tests/tools/export.py" "$1" "$2" got < "$3"
}
command=(cfsctl --repo repo publish out)

update() {
	rm -rf out && cp -a before out
}
updated() {
	serves out "$old" old.objects || return 1
	! grep -q "$new" out/export.json || serves out "$new" new.objects || return 1
	"${command[@]}" > /dev/null 2>&1 && bytes out | cmp - once.bytes &&
		[ ! -e out/.new ]
}
kill_everywhere "publish an update" update updated "${command[@]}"

first() {
	rm -rf out
}
finished() {
	[ ! -e out/export.json ] || serves out "$new" new.objects || return 1
	"${command[@]}" > /dev/null 2>&1 && bytes out | cmp - alone.bytes &&
		[ ! -e out/.new ]
}
kill_everywhere "publish the first time" first finished "${command[@]}"

# Calls that fail.
for call in write:ENOSPC:3 syncfs:EIO:1 renameat:EIO:2 renameat:ENOSPC:5; do
	IFS=: read -r name error when <<< "$call"
	update
	refuse "$name fails with $error" "publish" strace -f -qq -o /dev/null \
		-e trace="$name" -e inject="$name:error=$error:when=$when" "${command[@]}"
	check "  what was there is served, and the next one ends well" updated
done
finish
