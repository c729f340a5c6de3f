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
	cfs diff linked.img linked.img
cfsctl --repo repo init --insecure --algorithm fsverity-sha256-12 > /dev/null
check "can be imported" cfsctl --repo repo import-image w < linked.img
check "and pass fsck" cfsctl --repo repo fsck > log

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
