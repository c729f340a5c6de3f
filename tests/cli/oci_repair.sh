#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci fsck --repair: whatever part of an image is missing or damaged comes back as
# it was, byte for byte, from a layout, a registry's like, a repository, a
# directory or what the repository has itself; what cannot be mended is told, and
# nothing gets worse.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@"
}
oci() {
	timeout 60 cfsctl --repo repo oci "$@"
}
again() {
	rm -rf repo
	cp -a good repo
}
mends() { # NAME [OPTION...]: and all is as it was
	local name=$1
	shift
	oci fsck --repair "$@" > text
	same "$name: mended" "$?" 0
	same "  to the end" "$(tail -n 1 text)" "${last:-oci images: 2/2 ok}"
	check "  byte for byte" diff -r --no-dereference good repo
	check "  and a check finds nothing" quiet oci fsck --read-data
}
of() { # STREAM: the file that it leads to, below repo
	local link
	link=$(readlink "good/streams/$1")
	echo "${link#../}"
}

mkdir -p tree/usr/bin tree/boot/efi tree/sysroot tree/etc
head -c 300000 /dev/urandom > tree/usr/bin/large
head -c 1500000 /dev/urandom > tree/usr/bin/long
head -c 2000 /dev/urandom > tree/etc/small
tar --sort=name --owner=0 --group=0 -C tree -cf base.tar usr boot sysroot
tar --sort=name --owner=0 --group=0 -C tree -cf etc.tar etc
cp tree/etc/small tree/etc/second
tar --sort=name --owner=0 --group=0 -C tree -cf more.tar etc
image lay one --gzip base.tar etc.tar > one.digest
image lay two base.tar more.tar > two.digest
echo signature > sig
image lay - --artifact application/vnd.example.sig --subject one sig > sig.digest
cfsctl --repo good init --insecure > init.out
cfsctl --repo good oci pull --bootable oci:lay:one x > pull.out || exit 1
cfsctl --repo good oci pull oci:lay:two y > pull.out || exit 1
cfsctl --repo good gc > gc.out
one=$(cat one.digest) artifact=$(cat sig.digest)
config=$(cfsctl --repo good oci inspect x --manifest |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["config"]["digest"])')
base=sha256:$(sha256sum < base.tar | cut -c-64)
boot=$(cfsctl --repo good oci compute-id --bootable x)
plain=$(cfsctl --repo good oci compute-id x)
file() { # DIGEST: the object's path
	echo "objects/${1:0:2}/${1:2}"
}
large=$(cfsctl --repo good image-objects "$plain" | sed 's/.*://' |
	while read -r o; do
		cmp -s "good/$(file "$o")" tree/usr/bin/large && file "$o"
	done)
from="--from oci:lay"

again
check "nothing is wrong, nothing is done" eval 'oci fsck --repair > text'
check "  and that is said" grep -qx 'oci mended: 0' text
check "  nothing is written" diff -r --no-dereference good repo
refuse "sources without --repair" "--from needs --repair" oci fsck $from
rm "repo/$large"
refuse "a source that is none" "No such" oci fsck --repair --from oci:none

# Each part of an image: gone, overwritten, or something else in its place.
text_of() { # STREAM: the object of the document
	local digest=${1##*sha256:} f
	for f in good/objects/*/*; do
		[ "$(sha256sum < "$f")" != "$digest  -" ] || echo "${f#good/}"
	done
}
damages() { # NAME FILE
	again
	rm "repo/$2"
	mends "$1, removed" $from
	again
	echo damaged > "repo/$2"
	mends "$1, overwritten" $from
	again
	: > "repo/$2"
	mends "$1, empty" $from
	again
	rm "repo/$2"
	mkfifo "repo/$2"
	mends "$1, a FIFO in its place" $from
}
damages "a file's object" "$large"
damages "the stream of a layer" "$(of "oci-layer-$base")"
damages "the stream of the configuration" "$(of "oci-config-$config")"
damages "the configuration" "$(text_of "$config")"
damages "the stream of the manifest" "$(of "oci-manifest-$one")"
damages "the manifest" "$(text_of "$one")"
damages "the EROFS image" "$(file "$plain")"
damages "the EROFS image to boot" "$(file "$boot")"
damages "the blob of an artifact" \
	"$(text_of "sha256:$(sha256sum < sig | cut -c-64)")"
damages "the manifest of an artifact" "$(text_of "$artifact")"
for name in "streams/oci-layer-$base" "streams/oci-manifest-$one" \
	"images/$plain" "images/$boot"; do
	# The name of a layer is only for the next pull.
	case $name in
	*layer*) ;;
	*)
		again
		rm "repo/$name"
		mends "the name ${name%%-sha256*}, removed" $from
		;;
	esac
	again
	ln -sfn ../objects/00/00 "repo/$name"
	mends "the name ${name%%-sha256*}, leading nowhere" $from
done

# All of it.
again
find repo/objects -type f -delete
mends "every object" $from
again
find repo/objects -type f -exec sh -c 'for f; do : > "$f"; done' sh {} +
mends "every object, empty" $from --threads 1
again
find repo/objects -type f -delete
rm -rf repo/streams/oci-*
mends "every object and stream" $from

# Other sources.
cfsctl init --hash sha256 --insecure other > init.out
for tag in one two; do
	cfsctl --repo other oci pull --bootable oci:lay:$tag $tag > pull.out
done
again
find repo/objects -type f -delete
mends "every object from a repository of the other algorithm" --from other
cp -a good twin
again
find repo/objects -type f -delete
mends "every object from a repository like it" --from twin
again
rm "repo/$large"
mends "a file from a directory" --from tree
mkdir empty
again
rm "repo/$large"
rm "repo/$(of "oci-layer-$base")"
mends "several sources, each for its part" --from empty --from tree $from
skopeo_dir() {
	command -v skopeo > /dev/null &&
		skopeo copy --quiet oci:lay:one dir:copied > /dev/null 2>&1
}
if skopeo_dir; then
	again
	rm "repo/$large"
	mends "a layer from dir:" --from dir:copied
fi

# Without a source: what the layers give, and blobs that were kept.
again
rm "repo/$(file "$boot")" "repo/$(file "$plain")" "repo/images/$boot"
mends "EROFS images from the layers"
check "  which is said" grep -q "  - x: EROFS image composefs.image.boot" text
again
ln -sfn ../objects/00/00 "repo/streams/oci-layer-$base"
mends "a name of a layer from the manifest"
again
rm "repo/$large"
refuse "a layer from nowhere" "OCI integrity check failed" \
	eval 'oci fsck --repair > text'
check "  the way is told" grep -q "x: layer $base: .*--from" text
rm -rf repo
cp -a good kept.good
cfsctl --repo kept.good oci pull --keep-blobs --bootable oci:lay:one x > pull.out
cp -a kept.good repo
rm "repo/$large" "repo/$(of "oci-layer-$base")"
check "a layer from its kept blob" eval 'oci fsck --repair > text'
check "  to what it was" diff -r --no-dereference kept.good repo
check "  which is said" grep -q "x: layer $base: from its kept blob" text

# As JSON.
again
rm "repo/$large"
oci fsck --repair $from --json > json
check "JSON lists what was mended" python3 -c '
import json, sys
j = json.load(open("json"))
assert j["ok"] and not j["errors"] and not j["not_mended"], j
assert j["repo"]["mended"] == [sys.argv[1]], j
assert j["mended"] == ["x: layer %s: from oci:lay" % sys.argv[2]], j' \
	"$large" "$base"

# A configuration and a layer are lost, and only the former is to be had: which
# EROFS images there were is not forgotten.
again
cp -a lay half
rm half/blobs/sha256/"$(sha256sum < base.tar | cut -c-64)"
blob=$(cfsctl --repo good oci inspect x --manifest | python3 -c \
	'import json, sys; print(json.load(sys.stdin)["layers"][0]["digest"][7:])')
rm "half/blobs/sha256/$blob" "repo/$(of "oci-config-$config")" "repo/$large"
refuse "a configuration without a layer" "OCI integrity check failed" \
	eval 'oci fsck --repair --from oci:half > text'
mends "  and then with it" $from

# One image alone.
again
rm "repo/$large" "repo/$(of "oci-manifest-$(cat two.digest)")"
refuse "the image that is named" "OCI integrity check failed" \
	oci fsck --repair $from x
check "  is mended" quiet cfsctl --repo repo mount --check "$plain"
refuse "  and the other one is not" "OCI integrity" oci fsck y

# Nothing of a source that is wrong is taken.
wrong() { # NAME WORDS
	again
	rm "bad/blobs/sha256/${base#*:}" # the other image has it as it is
	rm "repo/$large"
	cp -a repo before
	refuse "$1" "OCI integrity check failed" \
		eval 'oci fsck --repair --from oci:bad > text'
	check "  and why" grep -q "$2" text
	check "  nothing is worse" diff -r --no-dereference before repo
	rm -rf before bad
}
cp -a lay bad
printf "damaged!" | dd of="bad/blobs/sha256/$blob" bs=1 seek=100000 conv=notrunc status=none
wrong "a layer that is damaged in the middle" "cannot be taken from oci:bad"
cp -a lay bad
truncate -s 200000 "bad/blobs/sha256/$blob"
wrong "a layer that is cut off" "200000 bytes"
cp -a lay bad
rm "bad/blobs/sha256/$blob"
wrong "a layer that is missing" "missing"

# A layer that is another one, with the name and all objects right.
again
cfsctl --repo repo oci import-layer sha256:$(sha256sum < more.tar | cut -c-64) \
	< more.tar > import.out
ln -sfn "$(readlink "repo/streams/oci-layer-sha256:$(sha256sum < more.tar |
	cut -c-64)")" "repo/streams/oci-layer-$base"
rm "repo/$(of "oci-layer-$base")"
mends "a layer whose name leads to another one" $from


# The EROFS image that a label names, as composefs-rs seals images.
last="oci images: 1/1 ok"
image sealed x --gzip --label "containers.composefs.fsverity=$plain" \
	base.tar etc.tar > sealed.digest
rm -rf repo good
cfsctl --repo good init --insecure --erofs-version 2 > init.out
cfsctl --repo good oci pull oci:sealed:x x > pull.out
again
refuse "the image of a label is missing" "OCI integrity check failed" \
	eval 'oci fsck > text'
same "  which is the finding of composefs-rs" "$(tail -n 1 text)" \
	"  - fsck: seal-image-missing: x: $plain"
check "  and mended" eval 'oci fsck --repair > text'
check "  and made" test -e "repo/images/$plain"
check "  to be kept by gc" eval 'cfsctl --repo repo gc > gc.out &&
	oci fsck > text'
image sealed wrong --label "containers.composefs.fsverity=$(printf '%0128d' 0)" \
	base.tar etc.tar > sealed.digest
oci pull oci:sealed:wrong wrong > pull.out
refuse "a label that no way of making the image gives" \
	"OCI integrity check failed" eval 'oci fsck --repair > text'
check "  is told" grep -q "wrong: EROFS image of the label: the layers do not" text
finish
