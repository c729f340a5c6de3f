#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Limits are the same wherever a tree is written, taken in or read.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

root="/ 0 40755 2 0 0 0 0.0 - - -"
deep() { # LEVELS
	awk -v n="$1" -v root="$root" 'BEGIN {
		print root
		for (i = 0; i < n; i++) {
			path = path "/d"
			print path " 0 40755 2 0 0 0 0.0 - - -"
		}
		print path "/file 0 100644 1 0 0 0 0.0 - - -"
	}'
}
fixture_repo repo --algorithm fsverity-sha256-12

# 4095 directories within each other.
deep 4095 > most.dump
deep 4096 > more.dump
check "mkcomposefs writes as deep a tree" \
	cfsctl mkcomposefs --from-file most.dump most.img
check "composefs-info reads it" quiet cfsctl composefs-info ls most.img
same "whole" "$(tail -n 1 quiet.out | tr / '\n' | grep -c .)" 4096
check "composefs-dump writes it anew" cfsctl composefs-dump most.img again.img
check "import-image takes it" quiet cfsctl --repo repo import-image most < most.img
check "create-image takes its dumpfile" quiet \
	cfsctl --repo repo create-image --no-propagate-usr-to-root \
	--from-dumpfile most.dump same
check "fsck finds no fault with it" quiet cfsctl --repo repo fsck
rule="path: over 4095 directories within each other"
refuse "mkcomposefs writes none that is deeper" "dumpfile line 4097: ...d/d" \
	cfsctl mkcomposefs --from-file more.dump more.img
refuse "and says why" "$rule" cfsctl mkcomposefs --from-file more.dump more.img
refuse "nor does cfsctl" "$rule" cfsctl --no-repo compute-id \
	--no-propagate-usr-to-root --from-dumpfile more.dump
if tools=$("$CFS_SRC/deps/mkcomposefs.sh" 2> log); then
	# Which has no such limit.
	"$tools/bin/mkcomposefs" --from-file more.dump more.img
	refuse "composefs-info does not read it" "over 4095 levels deep" \
		cfsctl composefs-info ls more.img
	refuse "import-image does not take it" "over 4095 levels deep" \
		cfsctl --repo repo import-image more < more.img
	check "fsck has no fault to find" quiet cfsctl --repo repo fsck
fi

# What import-image takes, fsck takes: all of an image is looked at.
printf '%s\n/f 5 100644 1 0 0 0 0.0 - hello -\n' "$root" > small.dump
cfsctl mkcomposefs --from-file small.dump small.img
damaged() { # OFFSET: a byte of it is another
	cp small.img bad.img
	printf '\xff' | dd of=bad.img bs=1 seek="$1" conv=notrunc status=none
	cfsctl --repo repo import-image bad < bad.img
}
refuse "an image with a damaged inode is not imported" \
	"import image from stdin: image: " damaged 1153
refuse "nor one with a damaged superblock" \
	"import image from stdin: image: " damaged 1036
printf '%s\n/f 9 100644 1 0 0 0 0.0 a/b - -\n' "$root" > path.dump
cfsctl mkcomposefs --from-file path.dump path.img
path() { cfsctl --repo repo import-image path < path.img; }
refuse "nor one whose files are no objects" \
	"/f: its backing path is not an object path" path
h=$(printf '0123456789abcdef%.0s' 1 2 3 4 5 6 7 8)
printf '%s\n/f 9 100644 1 0 0 0 0.0 01/%s - %s\n' "$root" "${h#01}" "$h" > sha512.dump
cfsctl --no-repo --hash sha512 compute-id --no-propagate-usr-to-root \
	-o sha512.img --from-dumpfile sha512.dump > log
other() { cfsctl --repo repo import-image other < sha512.img; }
refuse "nor one of the other algorithm" "/f: its object is of sha512, not sha256" other
same "none of them has a name" "$(ls repo/images/refs | tr '\n' ' ')" "most same "

# An xattr that is given twice counts once: the last of them, in its limits
# too.
x() { head -c "$1" /dev/zero | tr '\0' "$2"; }
twice() { # NAME XATTR...
	local name=$1
	shift
	printf '%s\n/f 0 100644 1 0 0 0 0.0 - - - %s\n' "$root" "$*" > "$name.dump"
}
twice order user.a=1 user.b=2 user.a=3 user.c=4 user.b=
twice long "user.a=$(x 20000 a)" "user.a=$(x 20000 b)" "user.a=$(x 20000 c)"
twice shorter "user.a=$(x 30000 a)" user.a=b "user.c=$(x 30000 c)"
twice most "user.a=1" "user.a=$(x 32742 a)"
twice more "user.a=1" "user.a=$(x 32743 a)"
text="user.a=$(x 20000 a) user.a=$(x 20000 b) user.a=$(x 20000 c) user.a="
twice text "$text$(x $((65535 - ${#text})) d)"
twice toolong "$text$(x $((65536 - ${#text})) d)"
for name in order long shorter most text; do
	check "xattrs given twice: $name" \
		cfsctl mkcomposefs --from-file $name.dump $name.img
	[ ! -x "${tools-}/bin/mkcomposefs" ] ||
		same "  as composefs' C has it" \
			"$("$tools/bin/mkcomposefs" --print-digest-only --from-file $name.dump)" \
			"$(cfsctl mkcomposefs --print-digest-only --from-file $name.dump)"
done
same "the last one counts" "$(cfsctl composefs-info dump order.img | sed -n 's/.* - - - //p')" \
	"user.a=3 user.b= user.c=4"
for name in more toolong; do
	refuse "too much of them: $name" "dumpfile line 2: /f: " \
		cfsctl mkcomposefs --from-file $name.dump no.img
	[ ! -x "${tools-}/bin/mkcomposefs" ] ||
		refuse "  as composefs' C has it" "xattr" \
			"$tools/bin/mkcomposefs" --print-digest-only --from-file $name.dump
done
finish
