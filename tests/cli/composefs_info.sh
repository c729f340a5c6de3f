#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# composefs-info: what it prints, and what it refuses.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

mkdir bin
ln -s "$BIN/cfsctl" bin/mkcomposefs
ln -s "$BIN/cfsctl" bin/composefs-info
export PATH=$TMPDIR/bin:$PATH
vectors=$CFS_SRC/tests/data/erofs
here=$O/tests/tools

fails() { # WORDS ARGUMENT...: exit status 1 and this on stderr
	local words=$1 status
	shift
	composefs-info "$@" > out 2> err < /dev/null
	status=$?
	[ $status = 1 ] && grep -qF -e "$words" err && ! grep -q Def out && return
	echo "  exit status $status, stderr:"
	sed 's/^/  /' err
	return 1
}
says() { # WORDS ARGUMENT...
	check "'$1': ${*:2}" fails "$@"
}

usage="usage: composefs-info [--basedir=path] [ls|objects|dump|missing-objects|measure-file] IMAGES..."
says "No command specified"
says "$usage"
says "composefs-info: Unknown command 'x'" x
says "composefs-info: Unknown command ''" ""
for command in ls dump objects missing-objects; do
	says "No image path specified" $command
	says "$usage" $command
	says "composefs-info: Failed to open 'none': No such file or directory" $command none
	says "composefs-info: Failed to load '/etc/passwd': " $command /etc/passwd
	says "composefs-info: Failed to load '/': " $command /
done
says "No files specified" measure-file
says "unrecognized option '--bogus'" --bogus ls x
says "$usage" --bogus ls x
says "requires an argument" ls --filter
says "composefs-info: Filter must be a single name: a/b" --filter=a/b ls x
check "and no word of success" sh -c '! grep -q Success err'
says "composefs-info: Can't open basedir \`none\`: No such file" --basedir=none objects x

mkcomposefs --from-file "$vectors/09-hardlinks.dump" links.img
tab=$(printf '\t')
same "ls" "$(composefs-info ls links.img)" "/a/$tab
/a/deep/$tab
/a/deep/t
/b/$tab
/b/l
/l
/s$tab-> tgt
/t"
same "dump" "$(composefs-info dump links.img)" \
	"/ 4096 40755 4 0 0 0 1000.0 - - -
/a 43 40755 3 0 0 0 1000.0 - - -
/a/deep 40 40755 2 0 0 0 1000.0 - - -
/a/deep/t 5 100644 3 0 0 0 1000.0 - hello -
/b 40 40755 2 0 0 0 1000.0 - - -
/b/l 5 @100644 3 0 0 0 1000.0 /a/deep/t hello -
/l 5 @100644 3 0 0 0 1000.0 /a/deep/t hello -
/s 3 120777 2 0 0 0 1000.0 tgt - -
/t 3 @120777 2 0 0 0 1000.0 /s - -"
same "--filter keeps what is below a name" "$(composefs-info --filter=b dump links.img)" \
	"/ 4096 40755 4 0 0 0 1000.0 - - -
/b 40 40755 2 0 0 0 1000.0 - - -
/b/l 5 100644 3 0 0 0 1000.0 - hello -"
same "of several" "$(composefs-info --filter=b ls --filter=s links.img)" "/b/$tab
/b/l
/s$tab-> tgt"
same "or of none" "$(composefs-info ls links.img --filter=none)" ""

a=aa/$(printf '%062d' 1) b=bb/$(printf '%062d' 2) c=cc/$(printf '%062d' 3)
printf '%s\n' '/ 0 40755 2 0 0 0 1.0 - - -' \
	"/x 9 100644 1 0 0 0 1.0 $b - -" \
	"/y 9 100644 1 0 0 0 1.0 $a - -" \
	"/z 9 100644 1 0 0 0 1.0 $b - -" > one.dump
printf '%s\n' '/ 0 40755 2 0 0 0 1.0 - - -' \
	"/x 9 100644 1 0 0 0 1.0 $c - -" "/y 9 100644 1 0 0 0 1.0 $a - -" > two.dump
mkcomposefs --from-file one.dump one.img
mkcomposefs --from-file two.dump two.img
same "objects, each once and in order" "$(composefs-info objects one.img two.img)" "$a
$b
$c"
same "what a filter lets through" "$(composefs-info --filter=x objects one.img two.img)" "$b
$c"
mkdir -p store/aa
: > "store/$a"
same "missing ones" "$(composefs-info --basedir=store missing-objects one.img two.img)" "$b
$c"
same "without a place all are missing, whatever stdin is" \
	"$(composefs-info missing-objects two.img < store)" "$a
$c"
ls_two="/x$tab@ $c
/y$tab@ $a"
same "an image that is not there ends it" "$(composefs-info ls two.img none one.img 2> err)" "$ls_two"
check "and is told" grep -q "Failed to open 'none'" err

same "measure-file" "$(composefs-info measure-file "$vectors/02-simple.dump" one.img)" \
	"$(fsverity digest --compact "$vectors/02-simple.dump" one.img | cut -d ' ' -f 1)"
check "an empty file too" test "$(composefs-info measure-file /dev/null)" = \
	3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95
says "failed to measure '/': " measure-file /
says "composefs-info: Failed to open 'none': " measure-file none

# What stands in the image is what is read back.
for dump in "$vectors"/*.dump; do
	name=$(basename "$dump" .dump)
	for version in 0 1; do
		mkcomposefs --min-version=$version --from-file "$dump" v.img 2> /dev/null || continue
		composefs-info dump v.img > back.dump
		check "$name, version $version, survives" sh -c \
			"mkcomposefs --min-version=$version --from-file back.dump - | cmp - v.img"
	done
done
"$here/dump2image" -n 2 "$vectors/08-whiteouts.dump" two.img
same "whiteouts of version 2 are entries" \
	"$(composefs-info ls two.img | grep -c '/[wxz]')" 3

# Where upstream's reader is wrong: a redirect whose value is a multiple of 4
# bytes long, and a last attribute of no name and no value.
printf '%s\n' '/ 0 40755 2 0 0 0 1.0 - - -' '/f 9 100644 1 0 0 0 1.0 abc - -' \
	'/g 0 100644 1 0 0 0 1.0 - - - system.posix_acl_access=' > x.dump
mkcomposefs --from-file x.dump x.img
same "a backing path of three bytes" "$(composefs-info objects x.img)" abc
printf '%s\n' '/ 0 40755 2 0 0 0 0.0 - - -' \
	'/f 5 100644 1 0 0 0 0.0 a/b\nc\x1b[2J\x20d - -' | mkcomposefs --from-file - two.img
same "a backing path that would be two lines is one" \
	"$(composefs-info missing-objects two.img)" 'a/b\nc\x1b[2J\x20d'

check "an attribute without name and value" sh -c \
	'composefs-info dump x.img | grep -qx "/g .* system.posix_acl_access="'

check "output that cannot be written is a failure" sh -c \
	'! composefs-info dump links.img > /dev/full 2> err && grep -q "write to stdout" err'

# Bytes nobody vouches for: an error or a listing, never a crash.
mkcomposefs --from-file "$vectors/08-whiteouts.dump" good.img
size=$(stat -c %s good.img)
survives() {
	local at status
	for at in $(seq 1024 13 3000) $(seq 8192 97 "$size"); do
		cp good.img bad.img
		printf '\377' | dd of=bad.img bs=1 seek="$at" conv=notrunc status=none
		composefs-info dump bad.img > out 2> err
		status=$?
		[ $status -le 1 ] || { echo "  byte $at: exit status $status"; return 1; }
	done
}
check "damaged images" survives
head -c 4096 good.img > short.img
says "composefs-info: Failed to load 'short.img': " dump short.img
finish
