#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl fsck --repair: takes from trees and other repositories what is missing
# or damaged, and nothing else; says what was mended and what is left.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

cfs() { timeout 60 cfsctl --repo repo "$@"; }
repair() { cfs fsck --repair "$@"; }
fixture_rootfs root
for i in $(seq 6); do
	head -c $((i * 700)) /dev/urandom > "root/usr/lib/f$i"
done
head -c 1500000 /dev/urandom > root/usr/lib/long
cp root/usr/lib/f1 root/usr/bin/f1.again
fixture_repo repo
id=$(cfs create-image root os/stable)
id=${id#sha512:}
image=objects/${id:0:2}/${id:2}
of() { # FILE: its object
	echo "objects/$(cfs dump-files --backing-path-only os/stable "$1" |
		sed 's/.* //')"
}
one=$(of /usr/lib/f1) two=$(of /usr/lib/f2) three=$(of /usr/lib/f3)
long=$(of /usr/lib/long)
cp -a repo good
again() {
	rm -rf repo
	cp -a good repo
}
damage() {
	rm "repo/$one"
	echo x > "repo/$two"
	printf "damaged!" | dd of="repo/$long" bs=1 seek=900000 conv=notrunc status=none
}
whole() { # nothing differs from what was there, and nothing is left over
	diff -r --no-dereference good repo && cfs fsck > /dev/null
}

for from in "--from root" "--from good" "--from empty --from root" \
	"--from root/usr/bin --from root/usr/lib --threads 1"; do
	mkdir -p empty
	again
	damage
	check "repair $from mends everything" repair $from
	check "  to what it was" whole
done

again
damage
repair --from root > text
for path in "$one" "$two" "$long"; do
	check "what was mended is printed" grep -qxF "  - $path" text
done
check "  and counted" grep -qx 'mended: 3' text
same "  and the end is well" "$(tail -n 1 text)" "status: ok"
again
damage
repair --from root --json > json
check "also as JSON" python3 -c '
import json, sys
j = json.load(open("json"))
assert j["ok"] and not j["errors"], j
assert j["mended"] == sorted(sys.argv[1:]), j' "$one" "$two" "$long"
repair --from root > text
check "nothing to mend is no failure" grep -qx 'mended: 0' text
refuse "  but a source has to be there" "open none: No such file" repair --from none

# What is not to be had is left, and told.
again
damage
rm -rf part
cp -a root part
rm part/usr/lib/f1 part/usr/bin/f1.again
echo changed > part/usr/lib/f2
refuse "what is not there stays a failure" 'integrity check failed' \
	sh -c 'cfsctl --repo repo fsck --repair --from part > text'
check "  what was there is mended" grep -qxF "  - $long" text
check "  and counted" grep -qx 'mended: 1' text
check "  the rest is told with its files" grep -q \
	'image-missing-object: .*: /usr/bin/f1.again, /usr/lib/f1 (os/stable)' text
refuse "a source that is damaged itself gives nothing wrong" \
	'integrity check failed' sh -c '
	cp -a repo bad && echo y > "bad/'"$two"'" &&
	cfsctl --repo repo fsck --repair --from bad > /dev/null'
check "  and nothing was taken" sh -c '! grep -q y "repo/'"$two"'"'
refuse "a source that is missing is an error" "open none: No such file" \
	repair --from none
refuse "a source that is a file, too" "Not a directory" \
	repair --from root/usr/lib/f1
refuse "no source is wrong usage" "--repair and --from go together" repair
refuse "no repair, too" "--repair and --from go together" cfs fsck --from root

# Whatever has the object's name.
for kind in mkfifo "ln -s /etc/passwd" "ln -s nowhere" "ln -s ."; do
	again
	rm "repo/$one"
	$kind "repo/$one"
	check "an object that was replaced by $kind is mended" repair --from root
	check "  to what it was" whole
done
again
rm "repo/$one"
mkdir "repo/$one"
: > "repo/$one/in-the-way"
rm "repo/$three"
refuse "a directory in its place is left" 'integrity check failed' \
	sh -c 'cfsctl --repo repo fsck --repair --from root > text'
check "  and what else there is, mended" grep -qxF "  - $three" text
check "  nothing of it was removed" test -e "repo/$one/in-the-way"
again
rm -r "repo/${one%/*}"
ln -s "$PWD/empty" "repo/${one%/*}"
refuse "a link in the place of its directory is left" 'integrity check failed' \
	repair --from root
same "  and not followed" "$(ls -A empty)" ""

# Sources are only read, FIFOs and links in them neither.
again
damage
rm -rf odd
mkdir -p odd/deep/er
mkfifo odd/fifo odd/deep/fifo
ln -s /etc odd/deep/etc
ln -s "$PWD/root/usr/lib/f2" odd/link
ln -s . odd/loop
cp root/usr/lib/long odd/deep/er/long
cp root/usr/lib/f1 "odd/deep/er/$(printf 'a\033[2J\nb')"
before=$(find odd -printf '%p %y %m %s %T@\n' | sort | sha256sum)
refuse "an odd tree is read for what it has" 'integrity check failed' \
	sh -c 'timeout 60 cfsctl --repo repo fsck --repair --from odd > text'
check "  which is taken" grep -qx 'mended: 2' text
same "  it stays as it was" \
	"$(find odd -printf '%p %y %m %s %T@\n' | sort | sha256sum)" "$before"
check "  links out of it are not followed" sh -c '! cmp -s root/usr/lib/f2 \
	"repo/'"$two"'"'

# Images: the object, the link, and what the image needs besides.
again
rm "repo/$image" "repo/$one"
refuse "a tree has no image" 'integrity check failed' repair --from root
check "a repository has" repair --from good
check "  and what that needs is found then" whole
again
rm "repo/images/$id"
check "a missing link is made" repair --from empty
check "  as it was" whole
again
ln -sfn "../$one" "repo/images/$id"
repair --from empty > text
check "a link that leads elsewhere is mended" grep -qxF "  - images/$id" text
check "  as it was" whole
again
x=${one#objects/}
ln -sfn "../../${x/\//}" repo/images/refs/os/stable
refuse "what is no image is not made one" 'integrity check failed' \
	repair --from good
check "  there is no such link" test ! -e "repo/images/${x/\//}"

# Repositories of the other algorithm, and of none, are trees.
cfsctl init --hash sha256 --insecure other > /dev/null
cfsctl --repo other create-image root > /dev/null
again
damage
check "a repository of the other algorithm is searched" repair --from other
check "  and has it all" whole
again
damage
rm -rf old
cp -a good old
rm old/meta.json
check "so is one without metadata" repair --from old
check "  which has it, too" whole
echo '{' > old/meta.json
again
damage
check "and one with broken metadata" repair --from old
again
damage
echo '{' > repo/meta.json
refuse "broken metadata of its own comes first" "remove meta.json" \
	repair --from good

# A repository that may not be written to.
again
damage
if [ "$(id -u)" != 0 ]; then
	chmod 500 repo
	refuse "what cannot be written is an error" "not writable" \
		repair --from root
	chmod 700 repo
fi
finish
