#!/bin/bash
# What composefs-setup-root answers to an image or an object that is not what
# its digest says, with real fs-verity: each row of what kernels return.
if [ "${CFS_GUEST-}" != uml ]; then
	exec "${0%/*}/../vm/uml" "$0"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/uml/setup-root-lib"

# Mounted anew, so that nothing is in the cache.
disk_again() {
	reset
	umount /disk && mount -o loop "$TMPDIR/disk" /disk
}

# Overwrites the first block of FILE behind the file system's back.
damage() { # FILE
	local block
	block=$(filefrag -b4096 -v "$1" | awk '$1 == "0:" { sub(/\.\..*/, "", $4); print $4 }')
	sync
	reset
	umount /disk
	printf 'damaged' | dd of="$TMPDIR/disk" bs=1 seek=$((block * 4096 + ${2-1024})) \
		conv=notrunc status=none
	mount -o loop "$TMPDIR/disk" /disk
}

for a in sha256 sha512; do
	disk_new
	repo_new $a
	system_new first
	first=$hex
	image=$repo/objects/$(path_of "$first")
	init=$repo/objects/$(path_of "$(object /bin/true)")

	boot "$(karg)"
	booted "$a: a good image starts"

	# The image
	system_new other
	ln -sfn "../objects/$(path_of "$hex")" "$repo/images/$first"
	boot "$(karg "$first")"
	failed "$a: another image is told with both digests" 6 \
		"expected: $first" "found:    $hex"
	boot "$(karg "?$first")" # never reached: the mark stands after =
	failed "$a: a malformed mark is a malformed argument" 4 "kernel argument"
	boot "composefs=?$first"
	failed "$a: another image is not tolerated when insecure" 6 "expected: $first"
	boot "composefs=$first $(karg)"
	failed "$a: no later image stands in for a wrong one" 6 "found:    $hex"
	same "$a: at most eight lines are said" "$(($(wc -l < err) <= 8))" 1
	ln -sfn "../objects/$(path_of "$first")" "$repo/images/$first"
	hex=$first

	cp "$image" "$TMPDIR/copy"
	mv "$image" "$TMPDIR/kept"
	cp "$TMPDIR/copy" "$image"
	boot "$(karg)"
	failed "$a: a copy without fs-verity is refused, whatever meta.json says" 6 "no fs-verity" "cfsctl fsck"
	boot "composefs=?$first"
	booted "$a: it starts when insecure"
	same "$a: the marker says so" "$(marker verity) $(marker insecure)" "off true"
	echo 'boot.allow-insecure = false' > "$conf"
	boot "composefs=?$first"
	failed "$a: policy forbids insecure images" 4 "boot.allow-insecure"
	: > "$conf"
	: > "$image"
	boot "$(karg)"
	failed "$a: an empty image is refused" 7 "is empty"
	rm "$image"
	cp "$TMPDIR/copy" "$image"
	fsverity enable --hash-alg=$a "$image"
	boot "composefs=?$first"
	booted "$a: an insecure image that is right starts"
	same "$a: and is verified" "$(marker verity) $(marker insecure)" "require true"

	damage "$image"
	boot "$(karg)"
	failed "$a: a damaged image is refused, not passed over" 6 "image $first" "FILE CORRUPTED"
	rm "$image"
	cp "$TMPDIR/copy" "$image"
	fsverity enable --hash-alg=$a "$image"

	hex=$(object "$big")
	ln -sfn "../objects/$(path_of "$hex")" "$repo/images/$hex"
	boot "$(karg)"
	failed "$a: what is no EROFS is a failure to mount" 8 "erofs"
	hex=$first

	# The objects
	keep() { mv "$init" "$TMPDIR/init"; }
	back() {
		rm -f "$init"
		cp "$TMPDIR/init" "$init"
		fsverity enable --hash-alg=$a "$init"
	}
	keep
	cp "$TMPDIR/init" "$init"
	boot "$(karg)"
	failed "$a: an object without fs-verity fails before the start" 10 "/sbin/init" \
		"kernel:   overlayfs: lower file" "has no fs-verity digest"
	boot "composefs=?$first"
	booted "$a: it starts when insecure"
	same "$a: unverified then" "$(marker verity)" off
	cp "$big" "$init"
	fsverity enable --hash-alg=$a "$init"
	boot "$(karg)"
	failed "$a: an object of other content fails before the start" 10 "/sbin/init" \
		"has the wrong fs-verity digest"
	rm -f "$init"
	boot "$(karg)"
	failed "$a: a missing object fails before the start" 10 "/sbin/init" missing
	printf '[probe]\nenable = false\n' > "$conf"
	boot "$(karg)"
	booted "$a: without the probe it goes unseen"
	same "$a: which the marker says" "$(marker preflight)" skipped
	: > "$conf"
	cp "$TMPDIR/init" "$init"
	fsverity enable --hash-alg=$a "$init"
	disk_again
	damage "$init" 0
	boot "$(karg)"
	failed "$a: a damaged object fails before the start" 10 "/sbin/init" \
		"FILE CORRUPTED"
	rm -f "$init"
	back
	boot "$(karg)"
	booted "$a: put right, it starts again"

	mv "$repo/objects/$(path_of "$(object "$big")")" "$TMPDIR/big.object"
	printf '[probe]\npaths = ["usr/share/big"]\n' > "$conf"
	boot "$(karg)"
	failed "$a: further files can be probed" 10 "usr/share/big"
	: > "$conf"
	mv "$TMPDIR/big.object" "$TMPDIR/unused"

	system_new naked '/sbin\/init/s/[0-9a-f]*$/-/'
	boot "$(karg)"
	failed "$a: an image without digests fails before the start" 10 "/sbin/init" \
		"has no digest specified"
	system_new noini '/sbin\/init/d'
	boot "$(karg)"
	failed "$a: an image without init fails before the start" 10 "init"
	boot "$(karg) init=/usr/lib/os-release"
	failed "$a: an init that is no program too" 10 "os-release"
	system_new noldr '/ld-linux/d'
	boot "$(karg)"
	failed "$a: an init without its loader too" 10 "ld-linux"
done

# The repository
hex=$first
boot "$(karg)"
booted "the system still starts"
mv $repo/meta.json $repo/meta
boot "$(karg)"
booted "a repository without meta.json is of the image's algorithm"
check "and is not given one" test ! -e $repo/meta.json
echo '{"version":1,' > $repo/meta.json
boot "$(karg)"
failed "a broken meta.json is a failure of the repository" 7 "meta.json"
sed 's/"incompatible":\[\]/"incompatible":["future"]/' $repo/meta > $repo/meta.json
boot "$(karg)"
failed "so is one for later programs" 7 "meta.json"
sed 's/sha512/sha256/' $repo/meta > $repo/meta.json
boot "$(karg)"
failed "a repository of the other algorithm has not the image" 5 "$first"
mv $repo/meta $repo/meta.json
mv $repo /disk/elsewhere
boot "$(karg)"
failed "no repository is failure 7" 7 "no composefs repository"
mkdir -p /run/memory/composefs
cp -a /disk/elsewhere/. /run/memory/composefs
cp -a /disk/state /run/memory/state
reset
mount --bind /run/memory /sysroot
composefs-setup-root --config "$conf" --cmdline "$(karg)" > out 2> err
status=$?
failed "a file system without fs-verity is named as such" 6 "cannot do fs-verity"
ln -s elsewhere /disk/composefs
boot "$(karg)"
booted "the repository may be a link inside the physical root"
rm /disk/composefs
ln -s /disk/elsewhere /disk/composefs
boot "$(karg)"
failed "but not one that leads out" 7 "composefs"

finish
