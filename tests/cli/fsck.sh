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
o=$object
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
	\"streams_corrupted\": 0, \"images_checked\": 1,
	\"images_corrupted\": 0, \"broken_links\": 0,
	\"missing_objects\": 0, \"errors\": [], \"findings\": []}, j"'
cp -a repo good
again() {
	rm -rf repo
	cp -a good repo
}

rm -f "repo/$object"
echo corrupt > "repo/$object"
finds "an object with other bytes is found" "object-digest-mismatch: $object"
counted objects_corrupted 1
same "--metadata-only does not look" "$(fsck --metadata-only)" "meta.json: ok
objects: not checked
streams: 0/0 ok
images: 1/1 ok
status: ok"
fsck > text 2> /dev/null
check "the image and the file that it is in are named" grep -qF \
	"fsck: image-damaged-object: images/$id: ${o}: /usr/bin/hello (a/image)" text
check "and what can be done" grep -q 'create-image. of the same tree' text
check "all of it as JSON, too" sh -c 'cfsctl --repo repo fsck --json | python3 -c "
import json, sys
f = json.load(sys.stdin)[\"findings\"]
assert [x[\"code\"] for x in f] == [\"object-digest-mismatch\",
	\"image-damaged-object\"], f
assert f[0][\"path\"] == sys.argv[1] and f[0][\"object\"] == \"sha512:\" + sys.argv[2], f
assert len(f[0][\"measured\"]) == 135 and f[0][\"warning\"] is False, f
assert f[1][\"path\"] == \"images/\" + sys.argv[3], f
assert f[1][\"object\"] == \"sha512:\" + sys.argv[2] and f[1][\"files_total\"] == 1, f
assert f[1][\"files\"] == [\"/usr/bin/hello\"], f
assert f[1][\"names\"] == [\"a/image\"], f
assert \"create-image\" in f[1][\"cure\"], f" "$1" "$2" "$3"' - \
	"$object" "$o" "$id"
check "create-image of the same tree heals" cfsctl --repo repo create-image \
	root a/image
same "  so that nothing is left to find" "$(fsck | tail -n 1)" "status: ok"
again
rm "repo/$object"
finds "a missing object is found" \
	"image-missing-object: images/$id: $o: /usr/bin/hello (a/image)"
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
ln -s "../$object" "repo/images/$o"
finds "an image that is none is found" "image-invalid: images/$o"
again
: > repo/images/file
finds "a file among the links is found" "entry-not-symlink: images/file"
again
mkdir -p repo/streams/refs
mkfifo repo/streams/refs/fifo
finds "  and a FIFO among the names" "unexpected-file-type: streams/refs/fifo"
again
mkdir -p repo/streams/refs
ln -s ../objects/00/nothing repo/streams/broken
ln -s ../gone repo/streams/refs/broken
finds "a broken stream is found" "broken-symlink: streams/broken"
counted broken_links 2
counted streams_checked 1
counted streams_corrupted 1
ln -sfn "../$object" repo/streams/broken
finds "an object that is no stream is found" "stream-open-failed: streams/broken"
rm repo/streams/broken
ln -sfn "../../$object" repo/streams/refs/broken
finds "a name that leads past streams is found" \
	"broken-symlink: streams/refs/broken: it does not lead to a stream"
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

# One that others may enter is well, but not quite.
again
chmod 755 repo
check "a repository that is open to others is no failure" sh -c \
	'cfsctl --repo repo fsck > text'
check "  but a warning" grep -q 'open-to-others: .: other users' text
check "  with the remedy" grep -q 'chmod 700' text
check "  in JSON, too" sh -c 'cfsctl --repo repo fsck --json | python3 -c "
import json, sys
j = json.load(sys.stdin)
assert j[\"ok\"] and not j[\"errors\"], j
assert [(f[\"code\"], f[\"warning\"]) for f in j[\"findings\"]] == [
	(\"open-to-others\", True)], j"'

# Broken metadata does not keep the rest from being checked.
again
echo '{"version": 1' > repo/meta.json
rm "repo/$object"
finds "broken metadata is found" "metadata-parse-failed: meta.json: "
check "  and counted as an error" grep -qx 'meta.json: error' text
check "  and what else there is, too" grep -q image-missing-object text
again
rm repo/meta.json
mkfifo repo/meta.json
finds "metadata that is a FIFO is found" "metadata-parse-failed: meta.json: "

# Names that others have made are shown and do nothing else, wherever they are;
# each is a finding and not the end.
again
o2=$(printf 'objects/ab/\033[2J\033[1;31mFAKE\n  - status: ok')
mkdir -p repo/objects/ab repo/streams/refs repo/signatures
: > "repo/$o2"
for bad in "$(printf 'a\033[2Jb')" "$(printf 'c\nstatus: ok')" \
	"$(printf 'd\233e')" "$(printf 'f\302\233g')" \
	"$(printf 'h\342\200\256i')" "$(printf 'j\377k')"; do
	ln -s "../objects/00/$bad" "repo/streams/$bad"
	ln -s "$bad" "repo/streams/refs/$bad"
	ln -s "$bad" "repo/images/$bad"
	ln -s "../$id" "repo/images/refs/good$bad"
	ln -s "$bad" "repo/images/refs/$bad"
	: > "repo/signatures/$bad"
	: > "repo/objects/$bad"
done
rm "repo/$object"
shown() { # FILE: only text, in lines that begin as ours
	python3 - "$1" << 'X'
import sys
text = open(sys.argv[1], 'rb').read().decode()
for c in text:
    assert c == '\n' or c >= ' ' and not '\x7f' <= c <= '\x9f', repr(c)
    assert c not in '\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'
heads = ('meta.json:', 'objects:', 'streams:', 'images:', 'broken symlinks:',
         'missing objects:', 'status: ', '  - ', 'what can be done:')
for line in text.splitlines():
    assert line.startswith(heads), line
assert text.count('\nstatus: ') == 1 and 'status: ok\n' not in text
X
}
refuse "hostile names are findings" 'integrity check failed' sh -c \
	'cfsctl --repo repo fsck > text'
check "  which a terminal only shows" shown text
same "  one each" "$(grep -c '^  - fsck' text)" 38
check "  as JSON" sh -c 'cfsctl --repo repo fsck --json > json && python3 -c "
import json
t = open(\"json\").read()
assert len(json.loads(t)[\"errors\"]) == 38
assert all(c == chr(10) or c.isprintable() for c in t)"'
cfsctl --repo repo images > table
check "and as names in a table, too" sh -c 'python3 -c "
t = open(\"table\").read()
assert all(c == chr(10) or c.isprintable() for c in t), t
assert len(t.splitlines()) == 2 * 8 + 1, t"'
check "  whose columns stand" sh -c 'python3 -c "
assert len({len(l) for l in open(\"table\").read().splitlines()}) == 1"'

# A report that is not read to its end, longer than a pipe holds: the lock is free.
fixture_repo long
mkdir -p long/objects/00
(cd long/objects/00 && for n in {1..900}; do : > "junk-$(printf %0100d "$n")"; done)
mkfifo report
cfsctl --repo long fsck > report 2> /dev/null &
exec 9< report
head -c 1 <&9 > /dev/null
check "a slow reader keeps no one from the repository" flock -xn long true
exec 9<&-
wait

if [ -x "${CFSCTL_PEER-}" ]; then
	again
	rm "repo/images/$id"
	cfsctl --insecure --repo repo fsck > ours 2> /dev/null
	"$CFSCTL_PEER" --insecure --repo repo fsck > theirs 2> /dev/null
	check "fsck says what upstream says, and more" python3 -c '
ours = open("ours").read().splitlines()
for line in open("theirs").read().splitlines():
    assert any(o.startswith(line) for o in ours), line'
	cfsctl --insecure --repo repo fsck --json > ours
	"$CFSCTL_PEER" --insecure --repo repo fsck --json > theirs
	check "also in JSON" python3 -c '
import json
ours, theirs = json.load(open("ours")), json.load(open("theirs"))
for key, value in theirs.items():
    if key == "errors":
        assert len(value) == len(ours[key])
        assert all(o.startswith(t) for o, t in zip(ours[key], value))
    else:
        assert ours[key] == value, key'
fi
finish
