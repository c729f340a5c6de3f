#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Names that lead elsewhere, and repositories that somebody else has prepared:
# refused, without hanging and without touching anything outside.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

cfs() { timeout 20 cfsctl --repo repo "$@"; }
fixture_rootfs root
fixture_repo repo
id=$(cfs create-image root image)
id=${id#sha512:}
object=objects/${id:0:2}/${id:2}
cp -a repo good

again() {
	rm -rf repo outside
	cp -a good repo
	mkdir outside
}
untouched() { [ -z "$(ls -A outside)" ]; }

for name in '' / /etc/x ../x ../../x a/../../x a//b a/ . .. a/. .tmp-x; do
	refuse "name '$name' is refused" name cfs create-image root "$name"
	refuse "name '$name' is not read either" "" cfs image-objects "refs/$name"
done
refuse "a name of 256 bytes is refused" 255 \
	cfs create-image root "$(printf 'a%.0s' $(seq 256))"
check "nothing was written beside" test ! -e x -a ! -e ../x -a ! -e repo/x

again
rm "repo/images/$id"
ln -s /etc/passwd "repo/images/$id"
refuse "an image that leads out is refused" leaves cfs image-objects image
again
rm "repo/$object"
mkfifo "repo/$object"
refuse "an image that is a FIFO is refused" 'regular file' \
	cfs image-objects image
check "and replaced by the next build" cfs create-image root
check "which works" cfs image-objects image
again
rm "repo/$object"
echo junk > "repo/$object"
refuse "an image with other bytes is refused" digest \
	cfs composefs-digest-karg image
refuse "wherever it is read" digest cfs dump-files image /
again
: > "repo/$object"
refuse "an empty image is refused" empty cfs image-objects image
again
rm "repo/$object"
refuse "a missing object is told" missing cfs image-objects image
again
other=$(cfs --erofs-version 2 create-image root)
other=${other#sha512:}
ln -sfn "../objects/${other:0:2}/${other:2}" "repo/images/$id"
refuse "an image under another's name is refused" digest \
	cfs composefs-digest-karg "$id"
again
ln -sfn /etc/passwd repo/images/refs/image
refuse "a name that leads elsewhere is refused" 'does not name an image' \
	cfs image-objects image
check "and not listed" sh -c '! cfsctl --repo repo images | grep -qw image'
again
rm repo/images/refs/image
mkfifo repo/images/refs/image
refuse "a name that is a FIFO is refused" 'does not name an image' \
	cfs image-objects image
check "and replaced" cfs create-image root image

for d in objects images images/refs; do
	again
	rm -rf "repo/${d:?}"
	ln -s "$PWD/outside" "repo/$d"
	refuse "$d planted as a link is refused" "" cfs create-image root x
	check "$d: nothing was written there" untouched
done
again
rm -rf repo/objects/*
for i in $(seq 0 255); do
	ln -s "$PWD/outside" "repo/objects/$(printf %02x "$i")"
done
refuse "directories of objects planted as links are refused" object \
	cfs create-image root
check "nothing was written there" untouched
again
for f in $(cd repo && find objects -type f); do
	rm "repo/$f"
	ln -s /etc/passwd "repo/$f"
done
check "objects planted as links are replaced" cfs create-image root
check "by files" test -z "$(find repo/objects -type l)"

# A name for a directory of names, and the other way round.
again
check "names below a name are refused" sh -c '! cfsctl --repo repo \
	create-image root image/below 2> /dev/null'
cfs create-image root dir/name > /dev/null
refuse "a name above names is refused" dir cfs create-image root dir

# A tree that cannot be read, and one that holds odd things.
mkdir -p odd/usr
mkfifo odd/usr/fifo
ln -s /etc/passwd odd/usr/link
printf '%0100d' 0 > "odd/usr/$(printf 'line\nbreak')"
check "FIFOs and links in the source are not followed" \
	timeout 20 cfsctl --repo repo create-image odd
refuse "a source that is a file is refused" 'Not a directory' \
	cfs create-image /etc/passwd
refuse "one that is missing too" 'No such file' cfs create-image /nonexistent
finish
