#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# An image whose files lack their objects is not signed, booted, shipped or
# mounted, and the refusal names the files.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

cfs() { timeout 60 cfsctl --repo repo "$@"; }
fixture_rootfs root
for i in 1 2 3 4 5; do
	head -c 70 /dev/urandom > "root/usr/lib/few$i"
done
cp root/usr/bin/hello root/usr/bin/again
printf x >> root/usr/bin/again
cp root/usr/bin/again "root/usr/bin/$(printf 'od\033[2Jd\nname')"
fixture_repo repo
id=$(cfs create-image root os/whole)
id=${id#sha512:}
cfs genkey dev > /dev/null
cp -a repo good

sign() { cfs sign "$1" --cert dev/cert.pem --key dev/key.pem; }
emit() { cfs sign "$1" --emit-tbs tbs; }
karg() { cfs composefs-digest-karg "$1"; }
mount_check() { cfs mount --check "$1"; }
mount_there() { mkdir -p mnt && cfs mount --check "$1" mnt; }
commands="sign emit karg mount_check mount_there"

for c in $commands; do
	[ $c = mount_there ] || check "$c: a whole image is taken" $c os/whole
done
rm -rf tbs repo
cp -a good repo

lose() { # FILE: its object
	local o
	o=$(cfs dump-files --backing-path-only os/whole "$1" | sed 's/.* //')
	rm -f "repo/objects/$o"
}
lose /usr/bin/hello
for c in $commands; do
	refuse "$c: a missing object is refused" \
		"image os/whole is not whole: 1 object is missing" $c os/whole
	check "  with the file" grep -q 'needed by /usr/bin/hello;' stderr.$$
	check "  and the cure" grep -q 'create-image. of the same tree' stderr.$$
	refuse "$c: also by its digest" "image $id is not whole" $c "$id"
done
lose /usr/bin/again
for i in 1 2 3 4 5; do
	lose /usr/lib/few$i
done
for c in $commands; do
	refuse "$c: many are counted" "7 objects are missing" $c os/whole
	check "  the first files are named, and the others counted" \
		grep -q ', .* and 5 more;' stderr.$$
	same "  in one line that a terminal only shows" \
		"$(tr -d '[:print:]\n' < stderr.$$ | wc -c) $(wc -l < stderr.$$)" "0 1"
done
check "nothing was signed" test ! -e repo/signatures -a ! -e tbs
check "create-image of the same tree heals" cfs create-image root
for c in $commands; do
	[ $c = mount_there ] || check "$c: is taken again" $c os/whole
done

# What has the object's name is none.
for kind in "mkfifo" "mkdir" "ln -s /etc/passwd" "ln -s nowhere"; do
	rm -rf repo tbs
	cp -a good repo
	o=$(cfs dump-files --backing-path-only os/whole /usr/bin/hello)
	o=repo/objects/${o#* }
	rm "$o"
	$kind "$o"
	for c in $commands; do
		refuse "$c: an object that is made by $kind is missing" \
			"needed by /usr/bin/hello" $c os/whole
	done
done
rm -rf "$o"
: > "$o"
for c in $commands; do
	refuse "$c: one that a power cut left empty is damaged" \
		"1 object is missing or damaged, needed by /usr/bin/hello;" \
		$c os/whole
done
# What the kernel, or the boot, finds when it is read.
head -c 131072 /dev/zero > "$o"
for c in sign emit karg mount_check; do
	check "$c: contents are not read" $c os/whole
done
refuse "no mount point is no mount" "MOUNTPOINT is missing" cfs mount os/whole
finish
