#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# fetch, killed wherever it changes something, or with calls that fail: the image
# has no name before it is whole, what had come is not asked for again, and the
# same command then ends well.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/http.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

needs strace openssl
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"
: "${KILL_POINTS:=6}"

openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=signer \
	-keyout key.pem -out cert.pem 2> /dev/null || exit 1
mkdir -p tree/usr
head -c 200000 /dev/urandom > tree/usr/large
for i in $(seq 8); do
	head -c ${i}00 /dev/urandom > "tree/usr/$i"
done
cfsctl --repo build init --insecure > /dev/null
old=$(cfsctl --repo build create-image tree os) || exit 1
old=${old#sha512:}
cfsctl --repo before init --insecure > /dev/null
quiet cfsctl --repo build publish web 2> err
serve . log
quiet cfsctl --repo before fetch "$url/plain/web" "$old" --name os 2> err || exit 1
head -c 300000 /dev/urandom > tree/usr/larger
seq 100000 > tree/usr/text
for i in $(seq 4); do
	head -c 5${i}0 /dev/urandom > "tree/usr/$i"
done
new=$(cfsctl --repo build create-image tree os) || exit 1
new=${new#sha512:}
quiet cfsctl --repo build sign os --cert cert.pem --key key.pem
quiet cfsctl --repo build sign os --objects=all --cert cert.pem --key key.pem
quiet cfsctl --repo build publish web 2> err

fresh() {
	rm -rf repo && cp -a before repo
}
whole() { # IMAGE
	cfsctl --repo repo mount --check "$1"
}
usable() {
	cfsctl --repo repo fsck > /dev/null && whole os && whole "$old" &&
		{ [ ! -e "repo/images/$new" ] || whole "$new"; }
}
command=(cfsctl --repo repo fetch --parallel 1 "$url/plain/web" os --cert cert.pem)
finishes() {
	usable && "${command[@]}" > /dev/null 2>&1 && usable &&
		[ "$(readlink repo/images/refs/os)" = "../$new" ] &&
		cfsctl --repo repo verify-image os --cert cert.pem > /dev/null &&
		cmp "repo/signatures/$new.pack" "build/signatures/$new.pack" &&
		[ -z "$(find repo -name '.tmp-*')" ]
}
kill_everywhere "fetch" fresh finishes "${command[@]}"

# What had come is not asked for again.
fresh
kill_at syncfs 1 "${command[@]}"
: > log
check "after a kill at the end" finishes
same "no object is asked for again" "$(grep -c 'objects/\|packs/' log)" 0
fresh
kill_at linkat 4 "${command[@]}"
came=$(find repo/objects -type f | wc -l)
before=$(find before/objects -type f | wc -l)
check "after one in the middle" test "$came" -gt "$before"
: > log
check "the rest is" finishes

fails_at() { # CALL ERROR WORDS WHEN
	local n
	for n in $4; do
		fresh
		refuse "$1 fails with $2 (call $n)" "$3" \
			strace -f -qq -o /dev/null -e trace="$1" \
			-e inject="$1:error=$2:when=$n" "${command[@]}"
		check "  and the next one ends well" finishes
	done
}
fails_at pwrite64 ENOSPC 'No space left' '1 3'
fails_at syncfs EIO 'Input/output error' '1'
fails_at linkat EDQUOT 'quota' '2 4'
fails_at symlinkat ENOSPC 'No space left' '1 2'

# Two at a time.
fresh
"${command[@]}" > /dev/null 2>&1 &
"${command[@]}" > /dev/null 2>&1 &
wait %2
same "one of two at once" $? 0
wait %3
same "the other" $? 0
check "and all is well" finishes
finish
