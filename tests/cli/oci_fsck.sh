#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci fsck: what it finds in an image and in the repository, as text and JSON.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@"
}
oci() {
	cfsctl --repo repo oci "$@"
}
again() {
	rm -rf repo
	cp -a good repo
}
member() { # EXPRESSION: of the document d that oci fsck prints
	oci fsck --json "${@:2}" |
		python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

mkdir -p tree/usr/bin
head -c 300000 /dev/urandom > tree/usr/bin/large
tar --owner=0 --group=0 --numeric-owner -C tree -cf layer.tar usr
diff_id=sha256:$(sha256sum < layer.tar | cut -c-64)
image lay one --gzip layer.tar > one.digest
one=$(cat one.digest)
cfsctl --repo good init --insecure > init.out
cfsctl --repo good oci pull oci:lay:one x > pull.out || exit 1
again
o=$(cfsctl --repo repo image-objects "$(oci compute-id x)")
object=objects/${o:7:2}/${o:9}

same "an image that is whole" "$(oci fsck --read-data)" "meta.json: ok
objects: $(find repo/objects -type f | wc -l)/$(find repo/objects -type f | wc -l) ok
streams: 3/3 ok
images: 1/1 ok
status: ok
oci images: 1/1 ok"
same "by its digest" "$(oci fsck "@$one" | tail -1)" "oci images: 1/1 ok"
same "as JSON" "$(member '[d["ok"], d["images_checked"], d["errors"], d["repo"]["ok"], d["repo"]["streams_checked"]]')" \
	"[True, 1, [], True, 3]"
refuse "a name that nothing has" "OCI integrity check failed" \
	eval "oci fsck nope > out"
same "  is a finding" "$(tail -3 out)" "oci images: 0/1 ok
oci errors: 1
  - fsck: ref-resolve-failed: nope: OCI reference not found: nope"
same "  and JSON is no failure" "$(member '[d["ok"], d["findings"][0]["code"], d["repo"]["ok"]]' nope)" \
	"[False, 'ref-resolve-failed', True]"

rm "repo/$object"
refuse "an object that is gone" "OCI integrity check failed" eval "oci fsck > out"
check "  is missing in the layer" grep -q "fsck: layer-object-missing: x: $diff_id: ${o#*:}" out
check "  and in the stream" grep -q "fsck: missing-object-ref: streams/oci-layer-$diff_id: ${o#*:}" out
check "fsck --repair takes it from a directory" quiet \
	cfsctl --repo repo fsck --repair --from tree
same "  and all is well" "$(oci fsck | tail -1)" "oci images: 1/1 ok"

# The layer of another image, under this one's diff_id.
again
echo other > tree/usr/bin/other
tar --owner=0 --group=0 --numeric-owner -C tree -cf other.tar usr
other=sha256:$(sha256sum < other.tar | cut -c-64)
cfsctl --repo repo oci import-layer "$other" < other.tar > import.out
python3 - "$(readlink -f "repo/streams/oci-layer-$diff_id")" \
	"$(readlink -f "repo/streams/oci-layer-$other")" << 'X'
import os, shutil, sys
shutil.copyfile(sys.argv[2], sys.argv[1] + ".new")
os.rename(sys.argv[1] + ".new", sys.argv[1])
X
check "a stream in another's place is found" eval \
	"! oci fsck > out 2>&1 && grep -q 'fsck: object-digest-mismatch: objects/' out &&
	grep -q 'fsck: layer-check-failed: x: $diff_id' out"

# Names by which nothing is read, but gc of composefs-rs goes.
again
rm "repo/streams/oci-layer-$diff_id"
oci fsck > out 2>&1
same "a layer without its name fails" "$?" 1
check "  as in composefs-rs" grep -qx "  - fsck: layer-stream-missing: x: $diff_id" out
check "  and gets it back" eval "
	oci fsck --repair > out && diff -r --no-dereference good repo"
again
rm repo/streams/oci-config-*
refuse "so does a configuration" "OCI integrity check failed" eval "oci fsck > out"
check "  which is a finding" grep -q "fsck: config-read-failed: x: Opening stream 'oci-config-" out
check "  and comes back" eval "
	oci fsck --repair > out && diff -r --no-dereference good repo"

again
rm "$(readlink -f "repo/streams/oci-manifest-$one")"
refuse "a manifest that is gone" "OCI integrity check failed" eval "oci fsck > out"
check "  is a finding of the image" grep -q "fsck: manifest-read-failed: x: " out
again
refuse "options that exclude each other" "exclude each other" \
	oci fsck --read-data --metadata-only
finish
