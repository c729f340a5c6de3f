#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# gc, killed wherever it changes something, and beside other programs: what has
# a name stays whole.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

cfs() { cfsctl --repo repo "$@"; }

# Two images that share an object, one of them without a name.
fixture_rootfs tree
head -c 70000 /dev/urandom > tree/usr/lib/shared
cp -a tree other
head -c 70000 /dev/urandom > other/usr/lib/own
fixture_repo full
cfsctl --repo full create-image tree kept > /dev/null
cfsctl --repo full create-image other > /dev/null
mkdir -p full/streams/refs/oci-referrers/sha256:"$(printf '%064d' 0)"
ln -s ../../../oci-manifest-sha256:0 \
	full/streams/refs/oci-referrers/sha256:"$(printf '%064d' 0)"/sha256:0
touch full/.tmp-1
fixture_repo want
cfsctl --repo want create-image tree kept > /dev/null
want=$(cd want && find objects images -type f -o -type l | sort)

fresh() {
	rm -rf repo
	cp -a full repo
}
# The artifact that is about a lost image leads nowhere from the start.
sane() {
	! cfs fsck 2> /dev/null | grep '^  - fsck: ' |
		grep -v oci-referrers
}
# After a kill everything is sane, and another run ends.
finishes() {
	sane && cfs gc > /dev/null && cfs fsck > /dev/null &&
		[ "$(cd repo && find objects images -type f -o -type l | sort)" = \
			"$want" ] &&
		[ -z "$(find repo/streams ! -type d)" ] &&
		[ -z "$(find repo -name '.tmp-*')" ]
}
if command -v strace > /dev/null && strace -qq -o /dev/null true 2> /dev/null
then
	kill_everywhere gc fresh finishes cfsctl --repo repo gc
	for call in unlinkat syncfs; do
		fresh
		refuse "$call fails" "Input/output error" strace -f -qq \
			-o /dev/null -e trace=$call \
			-e inject=$call:error=EIO:when=1 cfsctl --repo repo gc
		check "  and the next run ends" finishes
	done
fi

# Names before objects, with the disk between them: of whatever a power cut
# lets through, no name is without its objects.
if command -v strace > /dev/null && strace -qq -o /dev/null true 2> /dev/null
then
	fresh
	strace -qq -o calls -e trace=unlinkat,syncfs cfsctl --repo repo gc \
		> /dev/null
	same "names are removed, then synced, then objects" "$(sed -n '
		s/^syncfs.*/sync/p
		s/^unlinkat.*"oci-\|^unlinkat.*"sha256:.*/name/p
		s/^unlinkat([0-9]*, "[0-9a-f]\{128\}".*/name/p
		s/^unlinkat([0-9]*, "[0-9a-f]\{126\}".*/object/p' calls |
		sed 's/name.*/name/' | uniq | tr '\n' ' ')" "name sync object "
fi

# Two collections, images that are made, and readers, all at once.
fresh
for i in 1 2 3 4 5 6; do
	cp -a tree "tree$i"
	head -c 70000 /dev/urandom > "tree$i/usr/lib/own"
done
bad=
for i in 1 2 3 4 5 6; do
	cfs gc > "gc.$i" 2>&1 &
	cfs create-image "tree$i" "os/$i" > "create.$i" 2>&1 &
	cfs gc > "gc2.$i" 2>&1 &
	cfs images > /dev/null 2>&1 &
	for job in $(jobs -p); do
		wait "$job" || bad="$bad $i"
	done
done
same "collections beside create-image succeed" "$bad" ""
check "and lose nothing" cfs fsck
same "all names are there" "$(cfs images --json | grep -c '"name"')" 7
cfs gc > /dev/null
same "and nothing else" "$(find repo/images -maxdepth 1 -type l | wc -l)" 7
finish
