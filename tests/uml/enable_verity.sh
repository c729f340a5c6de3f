#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl enable-verity on a real kernel: a repository that was copied is sealed,
# again changes nothing, and a run that is killed can be taken up.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	. "${CFS_SRC:?run by tests/run}/tests/disk-repo.sh"
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=seal \
		-keyout key.pem -out cert.pem 2> /dev/null || exit 1
	disk_repo repo sha256
	for i in $(seq 60); do
		head -c $((i * 3000)) /dev/urandom > object
		disk_object repo object > /dev/null
	done
	small_image image 10
	id=$(disk_image repo image) || exit 1
	small_image image 15
	disk_image repo image > unsigned || exit 1
	mkdir repo/signatures
	fsverity sign "repo/objects/${id:0:2}/${id:2}" --key=key.pem \
		--cert=cert.pem "repo/signatures/$id.p7s" > /dev/null || exit 1
	echo "$id" > id
	export WORK=$TMPDIR
	exec "$CFS_SRC/tests/vm/uml" -e WORK "$self"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

truncate -s 64M disk
mke2fs -q -t ext4 -O verity -b 4096 disk
mkdir fs
mount -o loop disk fs || skip "no verity ext4 in this kernel"
ring=$((0x$(awk '$8 == "keyring" && $9 == ".fs-verity:" { print $1 }' /proc/keys)))
id=$(cat "$WORK/id")
image=objects/${id:0:2}/${id:2}

fresh() {
	rm -rf fs/repo
	cp -a "$WORK/repo" fs/repo
}
seal() { cfsctl --repo fs/repo enable-verity "$@"; }
sealed() { fsverity measure fs/repo/meta.json > /dev/null 2>&1; }
all_measured() {
	local f
	for f in fs/repo/objects/*/*; do
		[ "$(fsverity measure "$f" | cut -d' ' -f1)" = \
			"sha256:$(basename "$(dirname "$f")")$(basename "$f")" ] ||
			return 1
	done
}
has_signature() {
	fsverity dump_metadata signature "fs/repo/$image" > sig 2> /dev/null &&
		cmp -s sig "$WORK/repo/signatures/$id.p7s"
}

fresh
refuse "signer's certificate is not there" \
	"object $id: enable fs-verity: the signer's certificate" seal
sealed
same "and the repository does not look sealed" $? 1
openssl x509 -in "$WORK/cert.pem" -outform DER |
	keyctl padd asymmetric "" "$ring" > /dev/null
check "with it, it goes on" seal
check "every object measures" all_measured
check "the image has its signature" has_signature
check "the repository looks sealed" sealed
check "and counts as sealed" cfsctl --repo fs/repo --require-verity images
same "again does nothing" "$(seal)" \
	"Enabled fs-verity on 0 objects, 62 had it already"

# Sealed before there was a signature.
fresh
mv fs/repo/signatures fs/repo/kept
seal > /dev/null
mv fs/repo/kept fs/repo/signatures
exec 5< "fs/repo/$image"
seal > out
check "a signature that came later replaces the image" has_signature
same "and only that" "$(cat out)" \
	"Enabled fs-verity on 1 objects, 61 had it already
  1 of them replaced by signed copies"
check "who has the old one open keeps it" \
	cmp /proc/self/fd/5 "$WORK/repo/$image"
exec 5<&-
check "every object measures still" all_measured
same "no temporary file is left" \
	"$(find fs/repo -name '.tmp*' | wc -l)" 0

fresh
check "without signatures, as asked" seal --kernel-signatures no
has_signature
same "there is none then" $? 1

# Killed anywhere: not sealed, and the next run ends it.
for ms in 01 02 04 08 16; do
	fresh
	cfsctl --repo fs/repo enable-verity > /dev/null 2>&1 &
	pid=$!
	sleep "0.$ms"
	kill -9 $pid 2> /dev/null
	wait $pid 2> /dev/null
	if sealed && ! all_measured; then
		report 1 "killed after $ms: sealed too early"
	fi
	seal > /dev/null && sealed && all_measured && has_signature
	report $? "killed after 0.$ms s: the next run ends it"
done

# What must not be sealed.
fresh
some=$(find fs/repo/objects -type f -size +20k ! -path "*${id:2}" | head -n 1)
printf "damaged!" | dd of="$some" bs=1 seek=9000 conv=notrunc status=none
refuse "an object with other contents is named" \
	"object $(basename "$(dirname "$some")")$(basename "$some"): wrong fs-verity digest" \
	seal
sealed
same "nor does it look sealed" $? 1
fresh
exec 6<> "$some"
refuse "an object that is being written to" \
	"another process has the file open for writing" seal
exec 6>&-
check "and when the writer is gone" seal
fresh
echo junk > "fs/repo/signatures/$id.p7s"
refuse "a signature that is none" "the signature is not a PKCS#7 message" seal
fresh
cp -a fs/repo plain
refuse "a file system without fs-verity" "has no fs-verity" \
	cfsctl --repo plain enable-verity
umount fs
check "e2fsck finds nothing" e2fsck -fn disk
finish
