#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl oci mount: the files of an image are those of its layers.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
grep -q erofs /proc/filesystems && grep -q overlay /proc/filesystems ||
	skip "this kernel has no erofs or no overlay"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@"
}
oci() {
	cfsctl --insecure --repo repo oci "$@"
}
mounted() { # NAME COMMAND...: with the image at mnt
	local name=$1 r
	shift
	oci mount "$name" mnt || return
	"$@"
	r=$?
	umount mnt
	return $r
}

mkdir -p tree/usr/bin tree/boot tree/sysroot tree/etc upper work mnt
head -c 300000 /dev/urandom > tree/usr/bin/large
echo kernel > tree/boot/vmlinuz
echo small > tree/etc/small
ln tree/etc/small tree/etc/twin
ln -s small tree/etc/link
tar --sort=name --mtime=@1 -C tree -cf base.tar .
mkdir next && echo new > next/small && mkdir -p layer/etc && mv next/small layer/etc/
touch layer/etc/.wh.link
tar --sort=name --mtime=@2 -C layer -cf next.tar etc
image lay one base.tar > /dev/null
image lay two base.tar next.tar > /dev/null
cfsctl --repo repo init --insecure > /dev/null
quiet oci pull oci:lay:one one
quiet oci pull --bootable oci:lay:two two

check "all files of the image" mounted one diff -r --no-dereference tree mnt
same "names of one file" "$(mounted one stat -c %h mnt/etc/twin)" 2
same "the second layer hides a file" "$(mounted two ls mnt/etc)" "small
twin"
same "and replaces another" "$(mounted two cat mnt/etc/small mnt/etc/twin)" "new
small"
same "the image to boot has no kernel" "$(oci mount --bootable two mnt && ls mnt/boot; umount mnt)" ""
refuse "which is made on demand" "No boot EROFS image linked" oci mount --bootable one mnt
refuse "of what is there" "nothing" oci mount nothing mnt
check "a check mounts nothing" oci mount --check two
check "it is" eval '! mountpoint -q mnt'

# A repository on a medium that cannot be written.
mkdir ro
mount --bind repo ro && mount -o remount,ro,bind ro
refuse "nothing is pulled into a read-only repository" "not writable" \
	cfsctl --insecure --repo ro oci pull oci:lay:one three
refuse "  nor is a tag set" "not writable" \
	cfsctl --insecure --repo ro oci tag "@$(cfsctl --repo ro oci images --json |
		sed -n 's/.*"manifest_digest": "\(.*\)",/\1/p' | head -n 1)" three
check "  it is checked" quiet cfsctl --repo ro oci fsck
check "  and mounted" cfsctl --insecure --repo ro oci mount one mnt
same "  with its files" "$(cat mnt/etc/small)" small
umount mnt
umount ro

# What has to be signed: the digest that was verified is the one that is
# mounted. This repository lists images of format 2, and format 1 is signed.
keys=$CFS_SRC/tests/data/oci/sealing/keys
trust="--require-signature --trust-cert $keys/rsa.cert.pem"
cfsctl --repo v2 init --insecure --erofs-version 2 > /dev/null
v2() { cfsctl --insecure --repo v2 oci "$@"; }
quiet v2 pull oci:lay:two two
# shellcheck disable=SC2086 # several words
{
	refuse "an image that is not signed" "no signature artifacts" v2 mount $trust two mnt
	quiet v2 sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" two
	refuse "one that was signed, and not made" "oci seal" v2 mount $trust two mnt
	quiet v2 seal two
	check "it is signed and made" eval "v2 mount $trust two mnt > out"
	check "which is said" grep -q "^Signature verification passed (3 signatures verified)" out
	same "it is what was signed" "$(findmnt -n -o SOURCE mnt)" \
		"composefs:$(v2 verify --json --cert "$keys/rsa.cert.pem" two | sed -n 's/.*"merged": "\([a-z0-9]*:\)\{0,1\}\([0-9a-f]*\)".*/\2/p')"
	same "with its files" "$(cat mnt/etc/small)" new
	umount mnt
	refuse "by another signer" "wrong-certificate" \
		v2 mount --require-signature --trust-cert "$keys/other.cert.pem" two mnt
	check "nothing is mounted then" eval '! mountpoint -q mnt'
	refuse "files that are not verified" "fs-verity" cfsctl --repo v2 oci mount $trust two mnt
	refuse "  by the will of the caller" "no-verify would" \
		cfsctl --repo v2 oci mount --fuse --no-verify $trust two mnt
}
oci mount --read-write --upperdir upper --workdir work two mnt
echo changed > mnt/etc/small
umount mnt
same "changes go to the upper directory" "$(cat upper/etc/small)" changed
refuse "it has two of them" "go together" oci mount --upperdir upper two mnt
if [ -c /dev/fuse ] && (: < /dev/fuse) 2> /dev/null; then
	check "served by a process, too" eval 'oci mount --fuse one mnt &&
		diff -r --no-dereference tree mnt && umount mnt'
fi
object=$(cd repo/objects && find . -type f -size 300000c)
rm "repo/objects/$object"
refuse "an image that lacks objects" "missing" oci mount --check two
finish
