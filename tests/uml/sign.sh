#!/bin/bash
# cfsctl sign in a kernel that checks signatures: what it enrols, when, and
# what that means at the next mount.
if [ "${CFS_GUEST-}" != uml ]; then
	exec "${0%/*}/../vm/uml" -m 512M "$0"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/disk-repo.sh"

truncate -s 32M disk
mkfs.ext4 -q -O verity -b 4096 disk
mkdir fs
mount -o loop disk fs || skip "no verity ext4 in this kernel"
remount() {
	umount fs && mount -o loop disk fs
}
for who in a b; do
	openssl req -x509 -newkey rsa:2048 -nodes -keyout $who.key -out $who.pem \
		-subj "/CN=$who" 2> /dev/null
done

c="cfsctl --repo fs/repo"
cfsctl init --algorithm fsverity-sha256-12 fs/repo > /dev/null
small_image file 40
hex=$(fsverity digest --compact file)
object=fs/repo/objects/${hex:0:2}/${hex:2}
mkdir -p "${object%/*}" fs/repo/images
cp file "$object"
fsverity enable "$object"
ln -s "../${object#fs/repo/}" "fs/repo/images/$hex"
inode() { stat -c %i "$object"; }
said() { grep -q -e "$1" out; }

first=$(inode)
check "an image is signed with an empty ring" \
	eval "$c sign $hex --cert a.pem --key a.key > out"
check "and not enrolled, with the reason" said \
	"kernel: not enrolled: .*certificate is not in the kernel's .fs-verity"
same "the object stays" "$(inode)" "$first"
refuse "unless it is demanded" "hand the signature to the kernel" \
	$c sign "$hex" --cert a.pem --key a.key --kernel-signatures=yes
same "the object stays still" "$(inode)" "$first"
check "it is verified all the same" $c verify-image "$hex" --cert a.pem

$c keyring add-cert a.pem > /dev/null
check "it is not enrolled when that is not wanted" \
	eval "$c sign $hex --cert a.pem --key a.key --kernel-signatures=no > out"
check "and that is said" said "kernel: not enrolled: --kernel-signatures=no"
exec 7< "$object"
check "it is enrolled when the ring has the certificate" \
	eval "$c sign $hex --cert a.pem --key a.key > out"
check "and that is said" said "kernel: enrolled$"
second=$(inode)
same "another file has the object's name" "$((first != second))" 1
same "with the same digest" "$(fsverity measure "$object" | cut -d' ' -f1)" "sha256:$hex"
check "who had it open has the old one" cmp /proc/self/fd/7 file
exec 7<&-
fsverity dump_metadata signature "$object" > dumped
check "the kernel keeps what is kept beside it" cmp dumped "fs/repo/signatures/$hex.p7s"
check "signing again" eval "$c sign $hex --cert a.pem --key a.key > out"
check "enrols nothing again" said "kernel: enrolled before"
same "the object stays" "$(inode)" "$second"

remount
check "it opens at the next mount" cmp "$object" file
check "and is verified by the kernel's copy alone" eval \
	"rm fs/repo/signatures/$hex.p7s && $c verify-image $hex --cert a.pem"
check "a second signer joins one the kernel knows" \
	eval "$c sign $hex --cert a.pem --key a.key --cert b.pem --key b.key > out"
check "and is enrolled with it" said "kernel: enrolled$"
for who in a b; do
	check "$who is verified" $c verify-image "$hex" --cert $who.pem
done

ring=$((0x$(awk '$8 == "keyring" && $9 == ".fs-verity:" { print $1 }' /proc/keys)))
keyctl clear "$ring"
remount
refuse "without the certificate it does not open" \
	"certificate of its signature is not in the kernel keyring" \
	$c verify-image "$hex" --cert a.pem
$c keyring add-cert b.pem --lock > /dev/null
check "the other signer's is enough" $c verify-image "$hex" --cert a.pem

# Nothing in the repository of temporary files.
same "nothing is left over" "$(find fs -name '.tmp-*')" ""
finish
