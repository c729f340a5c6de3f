#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Whiteouts: the files by which a layer of an overlay says that a name of the
# layers below it is deleted.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

mkdir upper && mknod upper/probe c 0 0 2> log || skip "no whiteouts: $(cat log)"
rm upper/probe
cfs() { cfsctl --no-repo --hash sha256 "$@"; }
ours() { cfsctl mkcomposefs "$@"; }

# Overlayfs makes every whiteout of a file system a name of one inode.
mkdir upper/d
mknod upper/a c 0 0
ln upper/a upper/b
ln upper/a upper/d/c
find upper -exec touch -hd @1234567890 {} +
same "the whiteouts are one inode" "$(stat -c %h upper/a)" 3

# The same tree with an inode for each.
mkdir -p apart/d
for f in a b d/c; do mknod apart/$f c 0 0; done
find apart -exec touch -hd @1234567890 {} +

id() { cfs --erofs-version "$1" compute-id --no-propagate-usr-to-root "${@:2}"; }
for version in 0 1 2; do
	apart=$(id $version apart)
	same "version $version: as whiteouts of their own" \
		"$(id $version upper)" "$apart"
	cfs create-dumpfile --no-propagate-usr-to-root upper > upper.dump
	same "version $version: also from the dumpfile of them" \
		"$(id $version --from-dumpfile upper.dump)" "$apart"
done
same "the dumpfile has no hard link" "$(grep -c @ upper.dump)" 0
same "and three whiteouts" "$(grep -c ' 0 20[0-7]* 1 ' upper.dump)" 3

# Whoever writes such dumpfiles, with and without the right NLINK.
cat > linked.dump <<'END'
/ 0 40755 3 0 0 0 0.0 - - -
/a 0 20000 3 0 0 0 0.0 - - -
/b 0 @20000 3 0 0 0 0.0 /a - -
/d 0 40755 2 0 0 0 0.0 - - -
/d/c 0 @20000 - - - - 0.0 /a - -
END
cat > single.dump <<'END'
/ 0 40755 3 0 0 0 0.0 - - -
/a 0 20000 1 0 0 0 0.0 - - -
/b 0 20000 1 0 0 0 0.0 - - -
/d 0 40755 2 0 0 0 0.0 - - -
/d/c 0 20000 1 0 0 0 0.0 - - -
END
for version in 0 1 2; do
	same "version $version: linked in a dumpfile" \
		"$(id $version --from-dumpfile linked.dump)" \
		"$(id $version --from-dumpfile single.dump)"
done

# What mkcomposefs makes of linked ones is one inode, and is read everywhere.
check "mkcomposefs makes an image of it" ours --from-file linked.dump linked.img
check "which has a link" grep -q '^/b 0 @20000 3 .* /a - -$' \
	<<< "$(cfsctl composefs-info dump linked.img)"
check "can be written anew" cfsctl composefs-dump linked.img again.img
check "to the same bytes" cmp linked.img again.img
check "is no other image than its tree's" \
	quiet cfs diff linked.img linked.img
cfsctl --repo repo init --insecure --algorithm fsverity-sha256-12 > /dev/null
check "can be imported" quiet cfsctl --repo repo import-image w < linked.img
check "and pass fsck" quiet cfsctl --repo repo fsck

# A layer that was made opaque and then, or by other means, got whiteouts: not
# all formats keep what the layer says.
mkdir -p layer/d layer/e
echo new > layer/d/new
mknod layer/d/gone c 0 0
mknod layer/e/gone c 0 0
opaque=1
setfattr -n trusted.overlay.opaque -v y layer/d 2> log || opaque=
asis="--no-propagate-usr-to-root"
said() { # OPTION...: what compute-id says on stderr
	cfs "$@" 2>&1 > /dev/null
}
check "format 0 warns of whiteouts" grep -qx "warning: /d/gone (and 1 more): a mounted \
image of format 0 shows whiteouts as empty files .*; use --erofs-version 1" \
	<<< "$(said --erofs-version 0 compute-id $asis layer)"
check "format 2 warns of whiteouts" grep -qx "warning: /d/gone (and 1 more): a mounted \
image of format 2 shows whiteouts as files that cannot be opened.*" \
	<<< "$(said --erofs-version 2 compute-id $asis layer)"
same "a tree without any makes no format warn" \
	"$(mkdir plain; for v in 0 1 2; do said --erofs-version $v compute-id $asis plain; done)" ""
same "format 1 has no fault with whiteouts" "$(said compute-id $asis upper)" ""
same "mkcomposefs is as silent as the C program" "$(ours --print-digest-only layer 2>&1 > /dev/null)" ""
if [ "$opaque" ]; then
	warning="warning: /d: format 1 does not keep an opaque directory"
	check "format 1 warns of an opaque directory with whiteouts" \
		grep -q "^$warning" <<< "$(said compute-id $asis layer)"
	check "so does create-image" grep -q "^$warning" \
		<<< "$(cfsctl --repo repo create-image $asis layer layer 2>&1 > /dev/null)"
	rm layer/d/gone
	same "without whiteouts it is kept" "$(said compute-id $asis layer)" ""
	check "dropping xattrs is said" grep -q \
		"^warning: xattr trusted.overlay.opaque is dropped" \
		<<< "$(mkdir layer/usr; said compute-id layer)"
	mknod layer/d/gone c 0 0
fi

# A tree is no other than the one its own image gives back.
for version in 0 1 2; do
	cfs --erofs-version $version compute-id $asis -o own.img layer > /dev/null 2>&1
	check "version $version: no difference from its own image" quiet \
		cfs diff $asis layer own.img
	check "version $version: nor the other way" quiet \
		cfs diff $asis own.img layer
	[ $version != 1 ] || [ -z "$opaque" ] ||
		check "version 1: what was not compared is said" \
			grep -q "^images have attributes of their own on" quiet.out
done
# With attributes that look like marks on any file.
random_trees() { # FROM TO
	local seed version
	for seed in $(seq "$1" "$2"); do
		"$O/tests/tools/gendump" "$seed" | grep -v ' @' |
			sed 's/ trusted\.overlay\.origin=[^ ]*/ trusted.overlay.opaque=y/
				s/ user\.overlay\.impure=/ user.overlay.whiteouts=/' > random.dump
		for version in 0 1 2; do
			cfs --erofs-version $version compute-id -o own.img $asis \
				--from-dumpfile random.dump > /dev/null 2>&1 &&
				cfs diff random.dump own.img > log && continue
			echo "gendump $seed, version $version"
			head log
			return 1
		done
	done
}
check "random trees have no difference from their images" random_trees 1 12

if tools=$("$CFS_SRC/deps/mkcomposefs.sh" 2> log); then
	peer=$tools/bin/mkcomposefs
	for options in --max-version=0 --min-version=1 --use-epoch; do
		same "a directory as composefs' C does it: $options" \
			"$(ours $options --print-digest-only upper)" \
			"$($peer $options --print-digest-only upper)"
		same "and a dumpfile: $options" \
			"$(ours $options --from-file --print-digest-only linked.dump)" \
			"$($peer $options --from-file --print-digest-only linked.dump)"
	done
	same "and what composefs-info says of it" \
		"$(cfsctl composefs-info dump linked.img)" \
		"$("$tools/bin/composefs-info" dump linked.img)"
	same "cfsctl's image is mkcomposefs' of the directory" \
		"$(id 1 upper)" "$($peer --min-version=1 --print-digest-only upper)"
fi
finish
