#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl enable-verity on a real kernel, killed wherever it changes something:
# the repository does not look sealed too early, and the next run seals it.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	. "$CFS_SRC/tests/disk-repo.sh"
	command -v strace > /dev/null || skip "needs strace"
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=seal \
		-keyout key.pem -out cert.pem 2> /dev/null || exit 1
	disk_repo repo sha256
	for size in 3000 90000; do
		head -c $size /dev/urandom > object
		disk_object repo object > /dev/null
	done
	small_image image 10
	id=$(disk_image repo image) || exit 1
	mkdir repo/signatures
	fsverity sign "repo/objects/${id:0:2}/${id:2}" --key=key.pem \
		--cert=cert.pem "repo/signatures/$id.p7s" > /dev/null || exit 1
	echo "$id" > id
	export WORK=$TMPDIR
	exec "$CFS_SRC/tests/vm/uml" -e WORK "$self"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/killer.sh"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

truncate -s 64M disk
mke2fs -q -t ext4 -O verity -b 4096 disk
mkdir fs
mount -o loop disk fs || skip "no verity ext4 in this kernel"
ring=$((0x$(awk '$8 == "keyring" && $9 == ".fs-verity:" { print $1 }' /proc/keys)))
openssl x509 -in "$WORK/cert.pem" -outform DER |
	keyctl padd asymmetric "" "$ring" > /dev/null
id=$(cat "$WORK/id")

seal() { cfsctl --repo fs/repo enable-verity > /dev/null 2>&1; }
sealed() { fsverity measure fs/repo/meta.json > /dev/null 2>&1; }
all_measured() {
	local f
	for f in fs/repo/objects/*/*; do
		[ "$(fsverity measure "$f" 2> /dev/null | cut -d' ' -f1)" = \
			"sha256:$(basename "$(dirname "$f")")$(basename "$f")" ] ||
			return 1
	done
}
has_signature() {
	fsverity dump_metadata signature "fs/repo/objects/${id:0:2}/${id:2}" \
		> sig 2> /dev/null && cmp -s sig "$WORK/repo/signatures/$id.p7s"
}
taken_up() {
	cfsctl --repo fs/repo images > /dev/null || return 1
	! sealed || all_measured || return 1
	seal && sealed && all_measured && has_signature &&
		[ -z "$(find fs/repo -name '.tmp*')" ]
}

fresh() {
	rm -rf fs/repo
	cp -a "$WORK/repo" fs/repo
}
KILL_POINTS=6
kill_everywhere "enable-verity" fresh taken_up \
	cfsctl --repo fs/repo enable-verity

# Sealed before there was a signature: the image is replaced by a copy.
replaceable() {
	fresh
	mv fs/repo/signatures fs/kept
	seal && mv fs/kept fs/repo/signatures
}
KILL_POINTS=2
kill_everywhere "a signed copy" replaceable taken_up \
	cfsctl --repo fs/repo enable-verity
umount fs
check "e2fsck finds nothing" e2fsck -fn disk
finish
