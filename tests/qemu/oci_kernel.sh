#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Signatures of an OCI image in Debian's kernels: enrolled, read back, and
# demanded at every open.  See tests/uml/oci_kernel.sh.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

mkdir tree
tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz" -C tree layouts/boot-plain
for who in a b; do
	openssl req -x509 -newkey rsa:2048 -nodes -keyout tree/$who.key \
		-out tree/$who.pem -subj "/CN=$who" 2> /dev/null || exit 1
done
mkfs.ext4 -q -O verity -b 4096 -d tree disk 64M || exit 1
cat > guest <<'END'
mkdir fs
ring=$((0x$(awk '$8 == "keyring" && $9 == ".fs-verity:" { print $1 }' /proc/keys)))
c() { cfsctl --repo fs/repo "$@"; }
again() { # CERTIFICATE: a mount with no other
	keyctl clear "$ring"
	[ ! "$1" ] || c keyring add-cert "/$1.pem" > /dev/null
	umount fs
	mount -t ext4 /dev/vda fs
}
mount -t ext4 /dev/vda fs
cp fs/*.pem fs/*.key /
c init --algorithm fsverity-sha256-12 > /dev/null
c oci pull --bootable oci:fs/layouts/boot-plain:t os > /dev/null 2>&1
c oci seal --bootable os > /dev/null
again a
c oci sign --cert /a.pem --key /a.key os 2> err > /dev/null
echo "sign: $? $(cat err)"
again a
c oci verify os --bootable --cert /a.pem --kernel > out 2> err
echo "verify: $? $(cat err)"
again b
c oci inspect os > out 2> err
echo "other: $? $(cat err)"
END
# Libraries that cfsctl loads when it needs them.
libraries=()
for name in libcrypto.so.3 libzstd.so.1; do
	path=$("$CFS_SRC/tests/vm/library" $name) || skip "no $name"
	libraries+=(-f "$(realpath "$path")=$path")
done
for suite in bookworm trixie sid; do
	"$CFS_SRC/tests/vm/qemu" -k $suite -d disk -b cfsctl -b keyctl \
		"${libraries[@]}" guest > said
	same "$suite: the guest ended well" $? 0
	same "  all objects are enrolled" "$(grep ^sign: said)" \
		"sign: 0 note: kernel: manifest, config, merged, merged.bootable: enrolled"
	same "  and read back" "$(grep ^verify: said)" "verify: 0 "
	check "  without the certificate they do not open" grep -q \
		"^other: 1 .*the certificate of its signature is not in the kernel keyring" said
done
finish
