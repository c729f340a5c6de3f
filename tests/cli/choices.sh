#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Where composefs' C and Rust differ, or are wrong, what is ours: each choice
# with a test that names it, against Debian's mkcomposefs 1.0.8.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

tools=$("$CFS_SRC/deps/mkcomposefs.sh" 2> log) || skip "no mkcomposefs: $(tail -n 1 log)"
peer() { timeout 5 "$tools/bin/mkcomposefs" --from-file "$@"; }
ln -s "$BIN/cfsctl" mkcomposefs
ln -s "$BIN/cfsctl" composefs-info
ours() { ./mkcomposefs --from-file "$@"; }
cfs() { cfsctl --no-repo --hash sha256 --erofs-version "$1" compute-id \
	--no-propagate-usr-to-root --from-dumpfile "$2" -o "$3" > /dev/null; }

root='/ 0 40755 2 0 0 0 0.0 - - -'
a=$(printf 'a%.0s' $(seq 62))
write() { printf '%s\n' "$root" "$@" > in.dump; }

same_bytes() {
	local how
	for how in '--max-version=0' '--min-version=1' ''; do
		peer $how in.dump theirs.img && ours $how in.dump ours.img &&
			cmp theirs.img ours.img || { echo "  mkcomposefs $how"; return 1; }
	done
}
agree() { # NAME LINE...: the same bytes in every version
	local name=$1
	shift
	write "$@"
	check "$name: as mkcomposefs" same_bytes
}
takes_and_refuses() {
	peer in.dump theirs.img 2> /dev/null || { echo "  mkcomposefs refuses it"; return 1; }
	! ours in.dump ours.img 2> err || { echo "  taken"; return 1; }
	grep -qF "$1" err || { cat err; return 1; }
	[ ! -e ours.img ]
}
stricter() { # NAME WORDS LINE...: mkcomposefs takes it, ours does not
	local name=$1 words=$2
	shift 2
	write "$@"
	rm -f ours.img
	check "$name: refused" takes_and_refuses "$words"
}
both_refuse() { # NAME WORDS LINE...
	local name=$1 words=$2
	shift 2
	write "$@"
	! peer in.dump theirs.img 2> /dev/null
	check "$name: refused by both" test $? = 0
	refuse "  by words" "$words" ours in.dump ours.img
}
line_of() { ./composefs-info dump ours.img | grep "^$1 "; }

# Faults of the C tools.
stricter "a hardlink to a directory" 'a hardlink to a directory' \
	'/d 0 40755 2 0 0 0 0.0 - - -' '/l 0 @100644 1 0 0 0 0.0 /d - -'
stricter "a hardlink to the root" 'a hardlink to a directory' \
	'/l 0 @100644 1 0 0 0 0.0 / - -'
both_refuse "a way into a circle of hardlinks" 'hardlinks form a circle' \
	'/0 0 @100644 1 0 0 0 0.0 /a - -' '/a 0 @100644 1 0 0 0 0.0 /b - -' \
	'/b 0 @100644 1 0 0 0 0.0 /a - -'
agree "a backing path of 3 bytes" '/f 9 100644 1 0 0 0 0.0 abc - -' \
	'/g 9 100644 1 0 0 0 0.0 defghij - -'
same "  and is read as it was" "$(line_of /f | cut -d' ' -f9)" abc
agree "an xattr of neither name nor value at the end" \
	'/f 0 100644 1 0 0 0 0.0 - - - system.posix_acl_access='
same "  and is read" "$(line_of /f | cut -d' ' -f12)" system.posix_acl_access=
stricter "a gid that is no number, of a user" 'gid is not a number' \
	'/f 0 100644 1 7 x 0 0.0 - - -'
stricter "a device number likewise" 'rdev is not a number' \
	'/f 0 20644 1 7 0 x 0.0 - - -'
stricter "a digest that is too short" 'digest must have 64 or 128 hex digits, not 4' \
	"/f 9 100644 1 0 0 0 0.0 aa/$a - abcd"
stricter "a device number of 33 bits" 'rdev is over 4294967295' \
	'/c 0 20644 1 0 0 4294967296 0.0 - - -'
stricter "a size whose chunks cannot be counted" 'size 18446744073709551615' \
	'/f 18446744073709551615 100644 1 0 0 0 0.0 - - -'
agree "a user's xattr of a mark's name" \
	'/d 0 40755 2 0 0 0 0.0 - - - trusted.overlay.whiteouts=abc' \
	'/d/w 0 20644 1 0 0 0 0.0 - - -'
write "/d 0 40755 2 0 0 0 0.0 - - - user.overlay.whiteouts=$(printf %0300d 0)" \
	'/d/w 0 20644 1 0 0 0 0.0 - - -'
! peer in.dump theirs.img 2> /dev/null
check "a long one: mkcomposefs fails" test $? = 0
check "  ours replaces it" ours in.dump ours.img
same "  by the mark" "$(line_of /d | grep -o user.overlay.whiteouts=.*)" \
	"$(printf '%s\n' "$root" '/d 0 40755 2 0 0 0 0.0 - - -' '/d/w 0 20644 1 0 0 0 0.0 - - -' > plain.dump
	ours plain.dump ours.img; line_of /d | grep -o user.overlay.whiteouts=.*)"
cp "$CFS_SRC/tests/data/erofs/17-chunk-promoted.dump" in.dump
check "chunks that do not stand behind the inode: the bytes are kept" same_bytes
agree "content of more than a block" \
	"/f 5000 100644 1 0 0 0 0.0 - $(printf 'x%.0s' $(seq 5000)) -"

# Numbers and names are never made to fit.
stricter "a number that wraps" 'uid is not a number' '/f 0 100644 1 -1 0 0 0.0 - - -'
stricter "a number that is cut" 'nlink is over' '/f 0 100644 4294967297 0 0 0 0.0 - - -'
stricter "a size that saturates" 'size is over' \
	'/f 18446744073709551616 10644 1 0 0 0 0.0 - - -'
stricter "a number behind a space" 'mode' "/f 0 $(printf '\t')100644 1 0 0 0 0.0 - - -"
stricter "nanoseconds of more than a second" 'mtime nsec is over' \
	'/f 0 100644 1 0 0 0 0.1000000000 - - -'
stricter "a path that NUL ends" 'NUL in a file name' '/f\x00g 0 100644 1 0 0 0 0.0 - - -'
stricter "a target that NUL ends" 'NUL in a symlink target' '/l 1 120777 1 0 0 0 0.0 a\x00b - -'
stricter "an xattr whose name NUL ends" 'NUL in the name' \
	'/f 0 100644 1 0 0 0 0.0 - - - user.a\x00b=c'

# What changes digests.
agree "links of a file: the field" '/a 0 100644 7 0 0 0 0.0 - - -' \
	'/b 0 @100644 - - - - 0.0 /a - -'
write '/a 0 100644 7 0 0 0 0.0 - - -' '/b 0 @100644 - - - - 0.0 /a - -'
cfs 1 in.dump seven.img
write '/a 0 100644 2 0 0 0 0.0 - - -' '/b 0 @100644 - - - - 0.0 /a - -'
cfs 1 in.dump two.img
check "  to cfsctl: the names" cmp seven.img two.img
agree "a hardlink that sorts before its file" '/b 0 100644 2 0 0 0 0.0 - - -' \
	'/a 0 @100644 - - - - 0.0 /b - -' '/c 0 40755 2 0 0 0 0.0 - - -'
agree "a time before 1970: the earliest" '/a 0 100644 1 0 0 0 -5.0 - - -' \
	'/b 0 100644 1 0 0 0 9.0 - - -'
cfs 1 in.dump unsigned.img
! cmp -s unsigned.img ours.img
check "  to cfsctl: the latest" test $? = 0
agree "whiteouts raise the version" '/w 0 20644 1 0 0 0 0.0 - - -'
same "  to 1" "$(od -An -tu1 -j12 -N1 ours.img | tr -d ' ')" 1
cfs 0 in.dump zero.img
same "  cfsctl makes the one that it is told" "$(od -An -tu1 -j12 -N1 zero.img | tr -d ' ')" 0
many=$(for i in $(seq 200); do printf ' user.%03d=v' "$i"; done)
agree "over 128 shared xattrs" "/a 0 100644 1 0 0 0 0.0 - - -$many" \
	"/b 0 100644 1 0 0 0 0.0 - - -$many"
agree "a backing path that is not the digest's" \
	"/f 9 100644 1 0 0 0 0.0 some/where - aa$a"
same "  is kept" "$(line_of /f | cut -d' ' -f9)" some/where
cfs 1 in.dump ours.img
same "  by cfsctl it is the object's" "$(line_of /f | cut -d' ' -f9)" "aa/$a"
agree "a whiteout that looks like a stub" '/0f 0 20644 1 0 0 0 0.0 - - -'
same "  is read as one" "$(line_of /0f | cut -d' ' -f3)" 20644
agree "a whiteout of two names" \
	'/v 0 20644 1 0 0 0 0.0 - - -' '/w 0 @20644 1 0 0 0 0.0 /v - -'
agree "a whiteout of two links" '/v 0 20644 2 0 0 0 0.0 - - -'
agree "a size of 0 and a digest" "/f 0 100644 1 0 0 0 0.0 aa/$a - aa$a"
printf '%s\n' "$root" '/f 0 100644 1 0 0 0 0.0 - - -' > plain.dump
for version in 1 2; do
	cfs $version in.dump one.img
	cfs $version plain.dump two.img
	check "  is an empty file, version $version" cmp one.img two.img
done
write '/d 0 40755 2 0 0 0 0.0 - - - trusted.overlay.opaque=y'
for version in 0 1 2; do
	cfs $version in.dump one.img
	cfsctl --no-repo diff one.img in.dump > out
	check "a user's opaque mark outlives an image, version $version" test $? = 0
done
both_refuse "a directory twice" '/d occurs twice' \
	'/d 0 40755 2 0 0 0 0.0 - - -' '/d 0 40700 2 0 0 0 0.0 - - -'
both_refuse "a second root" 'a second root' '/ 0 40700 2 0 0 0 0.0 - - -'
finish
