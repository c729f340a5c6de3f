#!/bin/bash
# Turning fs-verity on can fail half way: the disk is full, or the kernel wants
# signatures.  On ext4 that is harmful for a file without a name: its inode
# number stays on the list of orphans on the disk, and what gets that number
# next loses its fs-verity metadata at the next mount.
if [ "${CFS_GUEST-}" != uml ]; then
	exec "${0%/*}/../vm/uml" -m 512M "$0"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

orphan() { # the list's head, 0 for none
	umount fs
	dumpe2fs -h disk 2> /dev/null | sed -n 's/^First orphan inode: *//p' | grep . || echo 0
}
fresh() { # SIZE
	mountpoint -q fs && umount fs
	rm -f disk
	truncate -s "$1" disk
	mkfs.ext4 -q -O verity -b 4096 disk
	mount -o loop disk fs || skip "no verity ext4 in this kernel"
}
image() { # NAME SIZE: an image of about so many bytes, no two alike
	head -c "$2" /dev/urandom | base64 -w 500 | awk '
		BEGIN { print "/ 0 40755 2 0 0 0 0.0 - - -" }
		length == 500 { print "/" NR " 500 100644 1 0 0 0 0.0 - " $0 " -" }' > "$1.dump"
	cfsctl mkcomposefs --from-file "$1.dump" "$1.erofs"
}
mkdir fs
image a 300000
image b 400000
image big 3000000

fresh 32M
cfsctl init --insecure --algorithm fsverity-sha256-12 fs/repo > /dev/null
sysctl -q fs.verity.require_signatures=1
check "a repository that needs no fs-verity stores what the kernel refuses it for" \
	eval "cfsctl --repo fs/repo import-image a < a.erofs > /dev/null"
sysctl -q fs.verity.require_signatures=0
check "and gives it to others later" \
	eval "cfsctl --repo fs/repo import-image b < b.erofs > /dev/null"
same "no orphan stays on the list" "$(orphan)" 0
mount -o loop disk fs
for f in fs/repo/objects/*/*; do
	check "an object opens at the next mount" eval "cat $f > /dev/null"
done

# Full while the tree is being built: refused, cleaned up, and tried again.
fresh 32M
cfsctl init --algorithm fsverity-sha256-12 fs/repo > /dev/null
image=$(stat -c %s big.erofs)
for spare in $(seq 64 32 2048); do # KiB beside the image: too few for its tree
	fallocate -l $(($(stat -f -c '%f * %S' fs) - image - spare * 1024)) fs/ballast
	cfsctl --repo fs/repo import-image a < big.erofs > /dev/null 2> err && break
	grep -q "enable fs-verity: No space" err && break
	rm fs/ballast
done
check "an image that finds no room for its tree is refused" \
	grep -q "enable fs-verity: No space" err
rm fs/ballast
check "with room it is stored" \
	eval "cfsctl --repo fs/repo import-image a < big.erofs > /dev/null"
same "no orphan stays on the list then" "$(orphan)" 0
mount -o loop disk fs
check "and the object opens at the next mount" eval "cat fs/repo/objects/*/* > /dev/null"
finish
