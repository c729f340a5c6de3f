#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What is no dumpfile, and output that cannot be written: one line of words, an
# exit status, and never a part of an image under its name.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

cfs() { cfsctl --no-repo --hash sha256 "$@"; }
ln -s "$BIN/cfsctl" mkcomposefs
ln -s "$BIN/cfsctl" composefs-info
ln -s "$BIN/cfsctl" composefs-dump
root='/ 0 40755 2 0 0 0 0.0 - - -'
zeros=$(printf '0%.0s' $(seq 62))

# As cfsctl reads: from stdin, from a file, into an image, as a dumpfile, into
# a repository.
cfsctl --repo repo --hash sha256 init --insecure > /dev/null
no_image() { [ -z "$(find repo -path 'repo/[io]*' ! -type d)" ]; }
refused() { # WORDS LINE...
	local words="dumpfile $1"
	shift
	printf "$(printf '%s\\n' "$@")" > bad.dump
	printf 'older' > old.img
	for how in 'compute-id --from-dumpfile -' \
		'compute-id --from-dumpfile bad.dump' \
		'compute-id --from-dumpfile bad.dump -o new.img' \
		'compute-id --from-dumpfile bad.dump -o old.img' \
		'--erofs-version 2 compute-id --from-dumpfile -' \
		'create-dumpfile --from-dumpfile bad.dump'; do
		cfs $how < bad.dump > out 2> err
		[ $? = 1 ] && [ ! -s out ] && [ ! -e new.img ] &&
			[ "$(cat old.img)" = older ] &&
			[ "$(wc -l < err)" = 1 ] &&
			grep -qF "$words" err && continue
		echo "  $how: $(cat out err)"
		return 1
	done
	! cfsctl --repo repo create-image --from-dumpfile bad.dump x \
		> out 2> err && [ ! -s out ] && grep -qF "$words" err &&
		no_image
}
while IFS='|' read -r words lines; do
	eval "check 'refused: $words' refused '$words' $lines"
done << 'END'
line 1: /f: path: the first entry must be /|'/f 0 100644 1 0 0 0 0.0 - - -'
line 2: path: empty path|"$root" ''
line 2: /a/b: path: no line before it makes its directory|"$root" '/a/b 0 100644 1 0 0 0 0.0 - - -'
line 3: /a occurs twice|"$root" '/a 0 100644 1 0 0 0 0.0 - - -' '/a 0 40755 2 0 0 0 0.0 - - -'
line 2: /a: 5 fields, 11 are needed|"$root" '/a 0 100644 1 0'
line 2: /a: size is not a number of base 10|"$root" '/a -1 100644 1 0 0 0 0.0 - - -'
line 2: /a: rdev is over 4294967295|"$root" '/a 0 20644 1 0 0 4294967296 0.0 - - -'
line 2: /a: content of 3 bytes and a size of 2|"$root" '/a 2 100644 1 0 0 0 0.0 - abc -'
line 2: /a: digest must have 64 or 128 hex digits, not 4|"$root" '/a 2 100644 1 0 0 0 0.0 a/b - abcd'
line 2: /a: payload: /x: there is no hardlink target|"$root" '/a 0 @100644 1 0 0 0 0.0 /x - -'
line 2: /a: xattr 1: without =|"$root" '/a 0 100644 1 0 0 0 0.0 - - - user.a'
END

# Beyond what an image can hold: found when the tree is known as a whole.
usr='/usr 0 40755 2 0 0 0 0.0 - - -'
printf '%s\n' "$root" "$usr" "/f 9007199254740993 100644 1 0 0 0 0.0 00/$zeros - -" > big.dump
printf older > old.img
refuse "a size beyond the format" '/f: file size 9007199254740993' \
	cfs compute-id --from-dumpfile big.dump -o new.img
refuse "  leaves an older image" '/f: file size' \
	cfs compute-id --from-dumpfile big.dump -o old.img
refuse "  in mkcomposefs too" '/f: file size' \
	./mkcomposefs --from-file big.dump old.img
same "  whole" "$(cat old.img)" older
check "  and makes no new one" test ! -e new.img

# Output that cannot be written, or that nobody reads.
for i in $(seq 3000); do
	printf '/%05d 9 100644 1 0 0 0 0.0 %02x/%s - %02x%s\n' \
		"$i" $((i % 256)) "$zeros" $((i % 256)) "$zeros"
done | cat <(printf '%s\n' "$root" "$usr") - > good.dump
check "a good dumpfile makes an image" cfs compute-id --from-dumpfile good.dump -o good.img > id
failing() { # NAME COMMAND...: fails, says so, once on a full disk, once unread
	local name=$1
	shift
	check "$name: a full disk" sh -c \
		'! "$@" > /dev/full 2> err && grep -Eq "No space left|stdout failed" err' - "$@"
	# The reader is gone before the first word.
	check "$name: a closed pipe" bash -c '
		(until_unread; exec timeout 20 "$@") 2> err | exec true
		[ "${PIPESTATUS[0]}" != 0 ] && [ "${PIPESTATUS[0]}" -lt 124 ] &&
			grep -Eq "Broken pipe|stdout failed" err' - "$@"
	check "$name: no stdout" sh -c \
		'! "$@" >&- 2> err && grep -Eq "Bad file desc|stdout failed" err' - "$@"
}
failing create-dumpfile cfsctl --no-repo create-dumpfile --from-dumpfile good.dump
failing compute-id cfsctl --no-repo compute-id --from-dumpfile good.dump
failing "composefs-info dump" ./composefs-info dump good.img
failing "composefs-info ls" ./composefs-info ls good.img
failing "composefs-info objects" ./composefs-info objects good.img
failing "mkcomposefs" ./mkcomposefs --from-file good.dump -
failing "mkcomposefs --print-digest-only" \
	./mkcomposefs --from-file --print-digest-only good.dump
failing "diff" cfsctl --no-repo diff good.dump big.dump

refuse "-o /dev/full" 'No space left' \
	cfs compute-id --from-dumpfile good.dump -o /dev/full

# Short writes: a file may be of 8 KiB, no more.
short() { # COMMAND...
	printf older > old.img
	! (trap '' XFSZ; ulimit -f 8; "$@") > out 2> err &&
		grep -q 'File too large' err &&
		[ "$(cat old.img)" = older ] && [ ! -e new.img ] &&
		[ -z "$(find . -name '.tmp-*')" ]
}
check "a short write of -o" \
	short cfsctl --no-repo compute-id --from-dumpfile good.dump -o new.img
check "  of one that is there" \
	short cfsctl --no-repo compute-id --from-dumpfile good.dump -o old.img
check "a short write of mkcomposefs" \
	short ./mkcomposefs --from-file good.dump new.img
check "  of one that is there" \
	short ./mkcomposefs --from-file good.dump old.img
# A repository wants the objects; this one needs none.
for i in $(seq 300); do
	echo "/$i 4 100644 1 0 0 0 0.0 - $((1000 + i)) -"
done | cat <(printf '%s\n' "$root" "$usr") - > inline.dump
check "a short write of create-image" \
	short cfsctl --repo repo create-image --from-dumpfile inline.dump new
check "  leaves no image" no_image
check "  which can be made then" \
	cfsctl --repo repo create-image --from-dumpfile inline.dump new > id

# Input that ends early or fails.
refuse "a directory for a dumpfile" 'Is a directory' \
	cfs compute-id --from-dumpfile .
refuse "a dumpfile that is not there" 'No such file' \
	cfs compute-id --from-dumpfile nowhere
refuse "stdin that is closed" 'Bad file descriptor' \
	sh -c 'exec cfsctl --no-repo compute-id --from-dumpfile - <&-'
check "names of a stranger are not for the terminal" sh -c '
	printf "%s\n" "$1" "/a 0 @100644 1 0 0 0 0.0 /\\x1b[2J - -" |
		cfsctl --no-repo compute-id --from-dumpfile - 2> err
	grep -q "payload: /?\[2J: there is no" err' - "$root"
finish
