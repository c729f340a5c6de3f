#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl fsck: the rows of composefs-rs' cli.rs, and every kind of finding.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

fsck() { timeout 20 cfsctl --repo repo fsck "$@"; }
finds() { # NAME KIND: the text says it and fails, the JSON says it
	refuse "$1" 'integrity check failed' sh -c \
		'timeout 20 cfsctl --repo repo fsck > text'
	check "  as $2" grep -qF -e "  - fsck: $2" text
	check "  in JSON, which succeeds" sh -c "
		cfsctl --repo repo fsck --json > json && python3 - '$2' << 'X'
import json, sys
j = json.load(open('json'))
assert j['ok'] is False
assert any(e.startswith('fsck: ' + sys.argv[1]) for e in j['errors'])
X"
}
counted() { # KEY VALUE
	same "  $1 is counted" "$(python3 -c '
import json, sys
print(json.load(open("json"))[sys.argv[1]])' "$1")" "$2"
}

fixture_rootfs root
fixture_repo repo
same "an empty repository is well" "$(fsck)" "meta.json: ok
objects: 0/0 ok
streams: 0/0 ok
images: 0/0 ok
status: ok"
id=$(cfsctl --repo repo create-image root a/image)
id=${id#sha512:}
object=$(cfsctl --repo repo image-objects a/image)
object=${object#sha512:}
object=objects/${object:0:2}/${object:2}
same "a full one is" "$(fsck)" "meta.json: ok
objects: 2/2 ok
streams: 0/0 ok
images: 1/1 ok
status: ok"
check "as JSON too" sh -c 'cfsctl --repo repo fsck --json | python3 -c "
import json, sys
j = json.load(sys.stdin)
assert j == {\"ok\": True, \"has_metadata\": True, \"objects_checked\": 2,
	\"objects_corrupted\": 0, \"streams_checked\": 0,
	\"streams_corrupted\": 0, \"images_checked\": 1, \"images_corrupted\": 0,
	\"broken_links\": 0, \"missing_objects\": 0, \"errors\": []}, j"'
cp -a repo good
again() {
	rm -rf repo
	cp -a good repo
}

rm -f "repo/$object"
echo corrupt > "repo/$object"
finds "an object with other bytes is found" "object-digest-mismatch: $object"
counted objects_corrupted 1
same "--metadata-only does not look" "$(fsck --metadata-only | tail -n 1)" \
	"status: ok"
again
rm "repo/$object"
finds "a missing object is found" "image-missing-object: images/$id"
counted missing_objects 1
again
rm "repo/$object"
mkfifo "repo/$object"
finds "an object that is a FIFO is found" "object-open-failed: $object"
again
: > repo/objects/00-junk
finds "what is no object is found" "object-invalid-name: objects/00-junk"
again
mkdir -p repo/objects/00
: > repo/objects/00/junk
finds "also further down" "object-invalid-name: objects/00/junk"
again
rm "repo/images/$id"
finds "a name without image is found" "broken-symlink: images/refs/a/image"
counted broken_links 1
again
rm "repo/objects/${id:0:2}/${id:2}"
finds "an image without object is found" "broken-symlink: images/$id"
again
ln -sfn "../$object" "repo/images/$id"
finds "an image under another's name is found" "image-open-failed: images/$id"
counted images_corrupted 1
again
o=${object#objects/}
ln -s "../$object" "repo/images/${o/\//}"
finds "an image that is none is found" "image-invalid: images/${o/\//}"
again
: > repo/images/file
finds "a file among the links is found" "entry-not-symlink: images/file"
again
mkdir -p repo/streams/refs
ln -s ../objects/00/nothing repo/streams/broken
ln -s ../gone repo/streams/refs/broken
finds "a broken stream is found" "broken-symlink: streams/broken"
counted broken_links 2
again
ln -sfn /etc/passwd repo/images/refs/a/image
finds "a name that leads out is found" "broken-symlink: images/refs/a/image"
again
: > repo/objects/.tmp-0123
ln -s x repo/images/.tmp-0123
check "what an interrupted program left is none" fsck
rm repo/meta.json
check "an old repository is looked at" fsck
same "  and told" "$(fsck | head -n 1)" "meta.json: absent"
if [ -x "${CFSCTL_PEER-}" ]; then
	again
	rm "repo/images/$id"
	for o in "" --json --metadata-only; do
		same "fsck $o says what upstream says" \
			"$(cfsctl --insecure --repo repo fsck $o 2> /dev/null)" \
			"$("$CFSCTL_PEER" --insecure --repo repo fsck $o 2> /dev/null)"
	done
fi
finish
