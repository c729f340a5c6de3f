#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# gc of a repository with OCI images, killed wherever it removes something, and
# beside pulls, copies, tags and other collections: what has a tag is whole, and
# no tag is lost.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@"
}
cfs() { cfsctl --repo repo "$@"; }
everything() { (cd "$1" && find . ! -type d -printf '%P %l\n' | sort); }

# Three images: all share one layer, two have an artifact, each has files of its own.
mkdir -p tree/usr/bin tree/boot tree/sysroot
head -c 70000 /dev/urandom > tree/usr/bin/one
head -c 1500000 /dev/urandom > tree/usr/bin/two
tar --sort=name -C tree -cf base.tar usr boot sysroot
echo signature > sig
for name in kept lost other; do
	mkdir -p $name/etc
	head -c 90000 /dev/urandom > $name/etc/$name
	tar --sort=name -C $name -cf $name.tar etc
	image lay $name --gzip base.tar $name.tar > $name.digest
	[ $name = other ] ||
		image lay - --artifact application/vnd.example.sig \
			--subject $name sig > /dev/null
done
id() { cfsctl --no-repo oci compute-id "oci:lay:$1"; }
kept=$(id kept) lost=$(id lost) other=$(id other)

cfsctl --repo want init --insecure > /dev/null
cfsctl --repo want oci pull --bootable oci:lay:kept kept > /dev/null || exit 1
cp -a want full
cfsctl --repo full oci pull --bootable --keep-blobs oci:lay:lost lost > /dev/null &&
	cfsctl --repo full oci untag lost > /dev/null || exit 1
cfsctl --repo want gc > /dev/null

whole() { # TAG DIGEST: all that the tag leads to is what it should be
	[ "$(cfs oci compute-id "$1")" = "$2" ] && cfs mount --check "$2" &&
		cfs oci fsck "$1" --metadata-only > fsck.out
}
fresh() {
	rm -rf repo && cp -a full repo
}
finishes() {
	whole kept "$kept" && cfs gc > /dev/null &&
		[ "$(everything repo)" = "$(everything want)" ] &&
		[ -z "$(find repo -name '.tmp-*')" ] && cfs oci fsck > /dev/null
}
traced=0
if command -v strace > /dev/null && strace -qq -o /dev/null true 2> /dev/null
then
	traced=1
	kill_everywhere "gc" fresh finishes cfsctl --repo repo gc
	# The image that lost its tag comes again, after a collection that ended
	# anywhere.
	comes_again() {
		cfs oci pull --bootable oci:lay:lost lost > /dev/null &&
			whole lost "$lost" && whole kept "$kept" &&
			cfs oci fsck > /dev/null
	}
	KILL_POINTS=6
	kill_everywhere "gc before a pull" fresh comes_again cfsctl --repo repo gc
fi

# All at once, some times.
fresh
bad=
for round in 1 2 3 4 5 6; do
	cfs gc > gc.1 2>&1 &
	cfs oci pull --bootable oci:lay:lost "lost/$round" > pull.1 2>&1 &
	cfs oci pull oci:lay:other "other/$round" > pull.2 2>&1 &
	cfs gc > gc.2 2>&1 &
	cfs oci copy kept --from full --name "copy/$round" > copy.1 2>&1 &
	cfs oci tag "$(cat kept.digest)" "tag/$round" > tag.1 2>&1 &
	cfs oci images > images.1 2>&1 &
	cfs gc -n > gc.3 2>&1 &
	for job in $(jobs -p); do
		wait "$job" || bad="$bad $round"
	done
	[ "$bad" = "" ] || { tail -n 2 gc.? pull.? copy.1 tag.1 images.1; break; }
	for tag in kept "copy/$round" "tag/$round"; do
		whole "$tag" "$kept" || bad="$bad $round:$tag"
	done
	whole "lost/$round" "$lost" || bad="$bad $round:lost"
	whole "other/$round" "$other" || bad="$bad $round:other"
	# Each other round begins with images that have no tag.
	[ $((round % 2)) = 0 ] && continue
	for tag in "lost/$round" "other/$round"; do
		cfs oci untag "$tag" > /dev/null || bad="$bad $round:untag"
	done
done
same "two pulls, a copy, a tag and collections at once succeed, and are whole" \
	"$bad" ""
same "no tag was lost" "$(cfs oci images --json |
	python3 -c 'import json, sys
print(" ".join(i["name"] for i in json.load(sys.stdin)["images"]))')" \
	"copy/1 copy/2 copy/3 copy/4 copy/5 copy/6 kept lost/2 lost/4 lost/6 \
other/2 other/4 other/6 tag/1 tag/2 tag/3 tag/4 tag/5 tag/6"
check "and nothing is damaged" quiet cfs oci fsck --read-data

# Pulls of one image, killed at one object after the other, beside collections.
fresh
bad= killed=0
for n in 1 2 3 4 5 6 7 8; do
	[ "$traced" = 1 ] || break
	cfs gc > gc.1 2>&1 &
	kill_at linkat $n cfsctl --repo repo oci pull --threads 1 --bootable \
		oci:lay:lost "killed/$n" && killed=$((killed + 1))
	wait $! || bad="$bad $n:gc"
	! cfs oci inspect "killed/$n" > /dev/null 2>&1 ||
		whole "killed/$n" "$lost" || bad="$bad $n:tagged"
	whole kept "$kept" || bad="$bad $n:kept"
done
if [ "$traced" = 1 ]; then
	same "killed pulls beside collections leave what is whole" "$bad" ""
	check "  which were killed, $killed times" test $killed -gt 2
	for n in 1 2 3 4 5 6 7 8; do
		cfs oci untag "killed/$n" > /dev/null 2>&1
	done
	cfs gc > /dev/null
	same "  and nothing else" "$(everything repo)" "$(everything want)"
fi
finish
