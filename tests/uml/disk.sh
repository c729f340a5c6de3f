#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# An image that `cfsctl disk` wrote here, where no kernel helped, before a real
# kernel with fs-verity: does it mount, measure, read and check signatures?
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	. "${CFS_SRC:?run by tests/run}/tests/disk-repo.sh"
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=disk \
		-keyout key.pem -out cert.pem 2> /dev/null || exit 1
	for alg in sha256 sha512; do
		disk_repo $alg $alg
		for size in 0 1 4095 4096 4097 65535 65536 65537 \
			524288 524289 9000001; do
			head -c $size /dev/urandom > object
			disk_object $alg object > /dev/null
		done
		small_image image 10
		id=$(disk_image $alg image) || exit 1
		mkdir $alg/signatures
		fsverity sign image --hash-alg=$alg --key=key.pem \
			--cert=cert.pem "$alg/signatures/$id.p7s" \
			> /dev/null || exit 1
		cfsctl --repo $alg disk $alg.img --state "$id" > /dev/null ||
			exit 1
	done
	head -c 70000000 /dev/zero > big
	disk_repo large sha256
	disk_object large big > /dev/null
	cfsctl --repo large disk large.img > /dev/null || exit 1
	export WORK=$TMPDIR
	"$CFS_SRC/tests/vm/uml" -e WORK -d sha256.img -d sha512.img \
		-d large.img "$self"
	exit
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

measured() { # MOUNTPOINT ALG N: N or more objects, every one object measures as its name says
	local f want n=0
	for f in "$1"/composefs/objects/*/*; do
		want=$2:$(basename "$(dirname "$f")")$(basename "$f")
		[ "$(fsverity measure "$f" | cut -d' ' -f1)" = "$want" ] ||
			return 1
		n=$((n + 1))
	done
	[ $n -ge "$3" ]
}

ring=$((0x$(awk '$8 == "keyring" && $9 == ".fs-verity:" { print $1 }' /proc/keys)))
modprobe erofs 2> /dev/null
for alg in sha256 sha512; do
	disk=/dev/ubda
	[ $alg = sha256 ] || disk=/dev/ubdb
	mkdir $alg
	check "$alg: mounts" mount -t ext4 $disk $alg
	id=$(ls $alg/composefs/images)
	image=$alg/composefs/objects/${id:0:2}/${id:2}
	cat "$image" 2> err > /dev/null
	same "$alg: signed image without its certificate is refused" \
		"$(grep -c 'Required key not available' err)" 1
	openssl x509 -in "$WORK/cert.pem" -outform DER |
		keyctl padd asymmetric "" "$ring" > /dev/null
	check "$alg: signed image with its certificate opens" cmp "$image" \
		"$WORK/$alg/objects/${id:0:2}/${id:2}"
	check "$alg: every object measures as it is called" \
		measured $alg $alg 12
	check "$alg: all contents are right" \
		diff -r "$WORK/$alg/objects" $alg/composefs/objects
	check "$alg: meta.json has fs-verity" \
		fsverity measure $alg/composefs/meta.json
	check "$alg: the repository counts as sealed" \
		cfsctl --repo $alg/composefs --require-verity images
	fsverity dump_metadata signature "$image" > sig
	check "$alg: signature reads back" \
		cmp sig "$WORK/$alg/signatures/$id.p7s"
	same "$alg: links lead to the image" \
		"$(readlink $alg/composefs/images/"$id")" \
		"../objects/${id:0:2}/${id:2}"
	refuse "$alg: nobody writes to an object" "not permitted" \
		dd if=/dev/null of="$image" conv=notrunc
	refuse "$alg: other users do not get into the repository" \
		"Permission denied" \
		setpriv --reuid 65534 --regid 65534 --clear-groups cat "$image"
	same "$alg: owner and mode of the state" \
		"$(stat -c '%u:%g %a' "$alg/state/deploy/$id/etc/upper")" \
		"0:0 755"
	echo x > "$alg/state/deploy/$id/var/x"
	check "$alg: the state can be written to" sync
	umount $alg
	check "$alg: e2fsck finds nothing" e2fsck -fn $disk
	keyctl clear "$ring"
done

mkdir large
check "three levels: mounts" mount -t ext4 -o ro /dev/ubdc large
check "three levels: measures" measured large sha256 1
check "three levels: reads" cmp large/composefs/objects/*/* "$WORK/big"
umount large
same "the kernel found no file corrupted" \
	"$(dmesg | grep -c 'FILE CORRUPTED\|EXT4-fs error')" 0
finish
