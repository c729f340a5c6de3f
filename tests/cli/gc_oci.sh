#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# gc of OCI images: what their tags keep, and what goes with them.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

cfs() { cfsctl --repo repo "$@"; }
json() { # EXPRESSION: of the document d on stdin
	python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}
files() { find repo/objects repo/images repo/streams ! -type d | wc -l; }

xz -dc "$CFS_SRC/tests/data/oci/layouts.tar.xz" | tar -xf - || exit 1
layouts=$(dirname "$(find . -path '*/multi-layer/oci-layout' | head -n 1)")
layouts=${layouts%/*}
cfsctl --repo repo init --insecure > /dev/null

# Each layout that can be pulled, twice: what was stored before an image had
# its EROFS images is garbage.
n=0
for layout in "$layouts"/*; do
	name=${layout##*/}
	cfs oci pull "oci:$layout" "$name" > /dev/null 2>&1 || continue
	cfs oci pull --bootable "oci:$layout" "boot/$name" > /dev/null 2>&1
	n=$((n + 1))
done
check "layouts are pulled" test $n -gt 40
cfs gc > /dev/null
cfs gc -n --json > dry
same "then there is nothing more to remove" \
	"$(json 'd["result"]["objects_removed"]' < dry)" 0
tags=$(json '" ".join(r["name"] for r in d["roots"])' < dry)
images=$(for t in $tags; do cfs oci inspect "$t" |
	json '"\n".join(i for i in (d["composefs_erofs"], d["composefs_boot_erofs"]) if i)'
done | sort -u)
bad=
for image in $images; do
	cfs image-objects "$image" > objects || bad="$bad $image"
	while read -r o; do
		o=${o#*:}
		[ -e "repo/objects/${o:0:2}/${o:2}" ] || bad="$bad $image"
	done < objects
done
same "every EROFS image of a tag has its objects" "$bad" ""
check "and everything is whole" quiet cfs fsck

# A dry run foretells what the removal of a tag frees.
for tag in multi-layer whiteouts boot-plain; do
	for t in $tag boot/$tag; do
		cfs gc -n --json > dry
		want=$(json "next((r['would_free_objects'], r['would_free_bytes'])
for r in d['roots'] if r['name'] == '$t')" < dry 2> /dev/null) || continue
		cfs oci untag "$t" > /dev/null
		same "$t frees what was foretold" \
			"$(cfs gc --json | json "(d['result']['objects_removed'], d['result']['objects_bytes'])")" \
			"$want"
	done
done
check "what is left is whole" quiet cfs fsck
cfs gc -n > text
check "a tag is printed as it is called" grep -q '│ boot/boot-selinux  *┆ oci' text

# Why a layer is kept.
layer=$(basename "$(find repo/streams -name 'oci-layer-*' | sort | head -n 1)")
id=$(readlink "repo/streams/$layer")
cfs gc --why "${id#../}" > text
check "the way to a layer has its image" \
	grep -q '^  oci .*: streams/oci-manifest-.* > streams/.*' text
check "  and ends with it" grep -q "> streams/$layer\$" text

for t in $(cfs oci images --json | json '" ".join(i["name"] for i in d["images"])'); do
	cfs oci untag "$t" > /dev/null
done
cfs gc > /dev/null
same "without tags nothing is left" "$(files)" 0

# Artifacts about an image come and go with it.
mkdir tree
mkdir tree/usr
echo file > tree/usr/file
tar -cf tree.tar -C tree usr
echo signature > sig
image() { python3 -B "$CFS_SRC/tests/oci/image.py" "$@"; }
image lay one tree.tar > /dev/null
sig=$(image lay - --artifact application/vnd.example.sig --subject one sig)
cfs oci pull oci:lay:one x > /dev/null
cfs gc > /dev/null
same "an artifact about a tagged image is kept" \
	"$(cfs oci inspect x | json 'd["referrers"]')" "['$sig']"
cfs oci tag "$sig" artifact > /dev/null
cfs oci untag x > /dev/null
cfs gc > /dev/null
same "without the image it is not about anything" \
	"$(find repo/streams/refs -path '*referrers*')" ""
check "  but may have a tag of its own" quiet cfs oci inspect artifact
cfs oci untag artifact > /dev/null
cfs gc > /dev/null
same "  and then goes with that" "$(files)" 0
finish
