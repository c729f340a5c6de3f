#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl init, and how other commands see what it made: the rows of
# composefs-rs' cli.rs, and ours.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

has() { grep -qF -e "$1"; }

out=$(cfsctl --repo new init --insecure)
check "init says what it made" has Initialized <<< "$out"
check "init names the algorithm" has fsverity-sha512-12 <<< "$out"
check "init tells that it is insecure" has insecure <<< "$out"
check "meta.json is JSON of version 1" python3 -c '
import json, sys
m = json.load(open("new/meta.json"))
assert m["version"] == 1 and m["algorithm"] == "fsverity-sha512-12"
assert m["features"]["read-only-compatible"] == ["v1_erofs"]
assert m["erofs_formats"] == {"default": 1}'
same "the repository is its owner's" "$(stat -c %a new)" 700
mkdir -m 755 wide
cfsctl --repo wide init --insecure > /dev/null 2> err
check "a directory open to others is warned of" has 'chmod 700 wide' < err
same "  and its mode kept" "$(stat -c %a wide)" 755
cfsctl --repo wide init --insecure > /dev/null 2> err
check "  also when it is a repository already" has 'chmod 700 wide' < err
chmod 700 wide
cfsctl --repo wide init --insecure > /dev/null 2> err
same "  and no longer once it is closed" "$(cat err)" ""

out=$(cfsctl --repo new init --insecure)
check "init twice is no error" has 'already initialized' <<< "$out"
refuse "another algorithm is" 'different configuration' \
	cfsctl --repo new init --insecure --algorithm fsverity-sha256-12
refuse "another format is" 'different configuration' \
	cfsctl --repo new --erofs-version 2 init --insecure
out=$(cfsctl --repo new init --insecure --ensure --algorithm fsverity-sha256-12)
check "--ensure keeps what is there" has 'existing configuration preserved' \
	<<< "$out"

cfsctl init --insecure a/b/c > out
check "PATH is made with its parents" test -f a/b/c/meta.json
check "and named" has 'at a/b/c' < out
cfsctl --insecure --repo sha256 init --algorithm fsverity-sha256-12 > /dev/null
check "--insecure may stand before init" has sha256 < sha256/meta.json
cfsctl --repo v2 init --insecure --erofs-version 2 > /dev/null
check "format 2 is written" has '"default": 2' < v2/meta.json
check "without the feature of format 1" test -z "$(grep v1_erofs v2/meta.json)"

cfsctl --repo short init --insecure --algorithm sha256 > /dev/null
check "--algorithm takes sha256 too" has fsverity-sha256-12 < short/meta.json
check "and --hash the long name" cfsctl --hash fsverity-sha256-12 --repo short \
	images
refuse "no other words" "or fsverity-sha512-12" \
	cfsctl --repo none init --algorithm sha1
refuse "two algorithms are a contradiction, and both are named" \
	"--hash sha512 and --algorithm sha256" \
	cfsctl --hash sha512 --repo none init --algorithm fsverity-sha256-12
refuse "two formats are one, too" "before the command and 2" \
	cfsctl --erofs-version 1 --repo none init --erofs-version 2
refuse "a repository of another algorithm is named with both" \
	"configured for sha256 (from meta.json) but --hash sha512" \
	cfsctl --hash sha512 --repo short images

mkdir -p tree/etc tree/images git/objects/ab
echo root:x > tree/etc/passwd
echo photo > tree/images/1
echo ref > git/HEAD
find tree git > before
refuse "a tree is no repository" "is no repository and not empty: it has etc" \
	cfsctl --repo none init --insecure tree
refuse "nor is one that has objects of others" "it has HEAD" \
	cfsctl --repo none init --insecure --ensure git
refuse "and nothing of it is reset" "it has etc" \
	cfsctl --repo none init --insecure --reset-metadata tree
same "nothing was written or removed" "$(find tree git)" "$(cat before)"
if ! cfsctl init deep/er/repo > /dev/null 2>&1; then
	check "a failed init removes what it made" test ! -e deep
fi
: > file
refuse "a file on the way is refused" "Not a directory" cfsctl init file/repo

mkdir -p new/images/refs new/streams new/objects/ab
cfsctl --repo new init --insecure --reset-metadata \
	--algorithm fsverity-sha256-12 > /dev/null
check "reset changes the algorithm" has sha256 < new/meta.json
check "reset keeps objects" test -d new/objects/ab
check "reset removes names" test ! -e new/images -a ! -e new/streams

# Nothing uses or removes the objects of the other algorithm.
reset() { cfsctl --repo other init --insecure "$@" > /dev/null 2> err; }
cfsctl --repo other init --insecure --algorithm sha512 > /dev/null
mkdir -p other/objects/ab
: > "other/objects/ab/$(printf '0%.0s' $(seq 126))"
: > "other/objects/ab/$(printf '1%.0s' $(seq 126))"
check "a reset to the same algorithm is fine" reset --reset-metadata
same "  and says nothing" "$(cat err)" ""
check "a reset to the other algorithm is accepted" reset --reset-metadata \
	--algorithm sha256
check "  and says what is kept of the one before" has \
	'other/objects keeps 2 objects with sha512 digests' < err
check "  and that they can be used again" has '--algorithm sha512' < err
check "  or removed" has 'remove other/objects' < err
rm other/meta.json
check "objects without meta.json decide no algorithm that was asked for" \
	reset --algorithm sha256
check "  which is warned of" has 'remove other/meta.json' < err
check "  and can be taken back" rm other/meta.json
check "  by --ensure" reset --ensure
same "  without a warning" "$(cat err)" ""
check "  that has their algorithm" has sha512 < other/meta.json

mkdir empty old old/objects
refuse "an empty directory is no repository" 'must be initialized' \
	cfsctl --repo empty images
refuse "objects alone tell nothing" meta.json cfsctl --repo old images
refuse "a missing repository is named" /nonexistent/x \
	cfsctl --repo /nonexistent/x images
mkdir -p "old/objects/ab"
: > "old/objects/ab/$(printf '0%.0s' $(seq 62))"
check "an old repository is read" cfsctl --repo old images
check "without writing to it" test ! -e old/meta.json
refuse "--no-upgrade wants meta.json" 'must be initialized' \
	cfsctl --no-upgrade --repo old images
out=$(cfsctl --repo old init --ensure)
check "--ensure upgrades it" has 'Upgraded legacy repository' <<< "$out"
check "to the algorithm of its objects" has sha256-12 < old/meta.json

fixture_repo r512
refuse "--hash must agree" 'meta.json' cfsctl --hash sha256 --repo r512 images
check "--hash may agree" cfsctl --hash sha512 --repo r512 images
refuse "--require-verity refuses an insecure repository" fs-verity \
	cfsctl --require-verity --repo r512 images

# meta.json as an enemy would write it.  timeout: none of it may hang.
hostile() { timeout 20 cfsctl --repo r512 images; }
mv r512/meta.json good
mkfifo r512/meta.json
refuse "meta.json as a FIFO is refused" 'regular file' hostile
rm r512/meta.json
mkdir r512/meta.json
refuse "meta.json as a directory is refused" meta.json hostile
rmdir r512/meta.json
ln -s /etc/passwd r512/meta.json
refuse "meta.json that leads out is refused" meta.json hostile
rm r512/meta.json
head -c 100000 /dev/zero | tr '\0' ' ' > r512/meta.json
refuse "meta.json that is too long is refused" longer hostile
echo '{"version": 1' > r512/meta.json
refuse "malformed meta.json is refused with its place" 'line 2' hostile
refuse "and with what to do" 'init --reset-metadata' hostile
refuse "init refuses it with the same words" 'init --reset-metadata' \
	cfsctl --repo r512 init --insecure
cp -a r512 broken
check "a reset makes it anew" cfsctl --repo broken init --insecure \
	--reset-metadata
check "and it works" cfsctl --repo broken images
echo '{"version":2,"algorithm":"fsverity-sha512-12"}' > r512/meta.json
refuse "a newer version is refused" newer hostile
printf '{"version":1,"algorithm":"fsverity-sha512-12","features":%s}' \
	'{"incompatible":["z"]}' > r512/meta.json
refuse "an unknown feature is refused" "'z'" hostile
printf '{"version":1,"algorithm":"fsverity-sha512-12","features":%s}' \
	'{"read-only-compatible":["z"]}' > r512/meta.json
check "one that allows reading is not, for reading" hostile
fixture_rootfs root
refuse "but for writing" 'may only be read' \
	cfsctl --repo r512 create-image root
finish
