#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Repositories on a kernel and a file system that have fs-verity.
if [ "${CFS_GUEST-}" != uml ]; then
	exec "${0%/*}/../vm/uml" -m 512M "$0"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

# The console is a terminal; progress is not for the log.
exec 2> stderr
cfs() { cfsctl --repo fs/repo "$@"; }
measured() { fsverity measure "$1" | sed 's/ .*//; s/.*://'; }

mkdir fs mnt
truncate -s 96M disk
mkfs.ext4 -q -O verity -b 4096 disk
mount -o loop disk fs || skip "no verity ext4 in this kernel"
fixture_rootfs root
head -c 2000000 /dev/urandom > root/usr/lib/long
cp root/usr/lib/long root/usr/lib/long.again
# Longer than the disk: its holes stay holes, or there is no room.
truncate -s 120M root/usr/lib/holes
printf x | dd of=root/usr/lib/holes bs=1 seek=70000000 conv=notrunc status=none
head -c 500000 /dev/zero > root/usr/lib/zeros
echo end >> root/usr/lib/zeros
mkdir root/usr/lib/many
for i in $(seq 150); do
	head -c $((i * 97)) /dev/urandom > root/usr/lib/many/$i
	cp root/usr/lib/many/$i root/usr/lib/many/$i.again
done

for hash in sha256 sha512; do
	rm -rf fs/repo
	out=$(cfs init --algorithm fsverity-$hash-12)
	check "$hash: a repository demands fs-verity by itself" \
		grep -q 'verity:    required' <<< "$out"
	check "  its metadata has it" fsverity measure fs/repo/meta.json
	check "  which --require-verity wants" cfs --require-verity images
	id=$(cfs create-image --threads 3 root image)
	same "  an image is what it is without" "$id" \
		"$hash:$(cfsctl --no-repo --hash $hash compute-id root)"
	bad=$(find fs/repo/objects -type f | while read -r f; do
		o=${f#fs/repo/objects/}
		[ "$(measured "$f")" = "${o/\//}" ] || echo "$f"
	done)
	same "  the kernel measures every object as it is named" "$bad" ""
	same "  and finds each again" "$(cfs create-image root)" "$id"
	check "  fsck has no findings" cfs fsck
	check "  the image has a karg" cfs composefs-digest-karg image
	if cfs mount image mnt; then
		check "  mounted, all files are verified" \
			grep -q ' verity=require\|,verity=require' /proc/mounts
		for f in long holes zeros; do
			check "  and whole: $f" cmp mnt/usr/lib/$f root/usr/lib/$f
		done
		umount mnt
	else
		report 1 "  it is mounted"
	fi

	# A file whose bytes are right but that the kernel does not vouch for.
	object=$(cfs image-objects image | sed -n '1s/.*://p')
	object=fs/repo/objects/${object:0:2}/${object:2}
	cp "$object" copy
	rm -f "$object"
	cp copy "$object"
	cfs fsck > text 2> /dev/null
	check "  fsck finds an object without it" \
		grep -q "object-verity-missing: ${object#fs/repo/}" text
	cfs create-image root > /dev/null
	check "  the next build seals it" fsverity measure "$object"
	# What a power cut leaves of a long one, which is copied by the kernel.
	long=$(fsverity digest --hash-alg=$hash --compact root/usr/lib/long)
	long=fs/repo/objects/${long:0:2}/${long:2}
	rm -f "$long"
	: > "$long"
	out=$(cfs create-image --threads 3 root 2>&1)
	check "  and a long one that is empty is replaced" \
		grep -q 'replaced 1' <<< "$out"
	same "  by one that the kernel measures" \
		"$(measured "$long")" "${long:16:2}${long:19}"
	rm -f "$object"
	head -c "$(stat -c %s copy)" /dev/zero > "$object"
	fsverity enable --hash-alg=$hash "$object"
	out=$(cfs create-image root 2>&1)
	check "  and replaces one of other bytes" grep -q 'replaced 1' <<< "$out"
	check "  fsck has no findings again" cfs fsck

	same "  gc finds nothing to remove" "$(cfs gc)" \
		"Objects: 0 removed (0 bytes)"
	n=$(find fs/repo/objects -type f | wc -l)
	cfs create-image root/usr/lib --no-propagate-usr-to-root > /dev/null
	same "  but an image without a name" "$(cfs gc | cut -d\( -f1)" \
		"Objects: 1 removed 
Pruned symlinks: 1 images, 0 streams"
	same "    and that alone" "$(find fs/repo/objects -type f | wc -l)" "$n"
	# The kernel vouches for bytes that are not what the image's name says.
	object=${id#*:}
	object=fs/repo/objects/${object:0:2}/${object:2}
	cp "$object" copy
	rm -f "$object"
	head -c "$(stat -c %s copy)" /dev/zero > "$object"
	fsverity enable --hash-alg=$hash "$object"
	cfs gc > text 2>&1
	same "  another image in the place of one with a name stops it" $? 1
	check "    which is said" grep -q 'nothing was removed' text
	rm -f "$object"
	cp copy "$object"
	fsverity enable --hash-alg=$hash "$object"
	check "    until it is right again" cfs gc
	check "  and fsck has no findings" cfs fsck
done

# Repair in a repository that demands fs-verity: what is taken has it.
object=$(cfs image-objects image | sed -n '1s/.*://p')
object=fs/repo/objects/${object:0:2}/${object:2}
rm -f "$object"
check "a missing object is taken from the tree" cfs fsck --repair --from root
check "  with fs-verity" fsverity measure "$object"
cp "$object" copy
rm -f "$object"
cp copy "$object"
check "one without fs-verity is mended, too" cfs fsck --repair --from root
check "  and has it now" fsverity measure "$object"
check "nothing is left over" test -z "$(find fs/repo -name '.tmp-*')"

# A block that goes bad below fs-verity, on the disk itself.
long=$(fsverity digest --hash-alg=sha512 --compact root/usr/lib/long)
long=objects/${long:0:2}/${long:2}
block=$(debugfs -R "bmap /repo/$long 100" disk 2> /dev/null)
umount fs
dd if=/dev/urandom of=disk bs=4096 seek="${block:?}" count=1 conv=notrunc
mount -o loop disk fs
check "fsck asks the kernel, which has not read it" cfs fsck
cfs fsck --read-data > text 2> /dev/null
same "--read-data finds the block that went bad" \
	"$(grep -c 'fsck: object-verity-failed:' text)" 1
same "  and names the files that have it" \
	"$(grep -c 'image-damaged-object: .*: /usr/lib/long, /usr/lib/long.again (image)$' text)" 1
check "  and says where" grep -q "object-verity-failed: $long: " text
same "  it alone" "$(cfs fsck --read-data --json | grep -c objects_corrupted.*1,)" 1
check "repair mends it" cfs fsck --repair --read-data --from root
check "  and it can be read" cfs fsck --read-data

cp -r fs/repo fs/copy
refuse "a plain copy demands nothing" fs-verity \
	cfsctl --repo fs/copy --require-verity images
check "until it is sealed anew" cfsctl --repo fs/copy enable-verity
check "when it does" cfsctl --repo fs/copy --require-verity images
check "and is sound" cfsctl --repo fs/copy fsck

mkdir tmpfs
mount -t tmpfs none tmpfs
cp -r fs/repo tmpfs/repo
if ! fsverity enable tmpfs/repo/meta.json 2> /dev/null; then
	refuse "a secure repository is not made without fs-verity" insecure \
		cfsctl --repo tmpfs/new init
fi
cat stderr
finish
