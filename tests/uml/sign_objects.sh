#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Objects with signatures of their own before a kernel that checks them: what
# disk has written, what enable-verity does, and what sign hands over itself.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
	for who in a b; do
		openssl req -x509 -newkey rsa:2048 -nodes -days 3650 \
			-subj "/CN=$who" -keyout $who.key -out $who.pem \
			2> /dev/null || exit 1
	done
	fixture_rootfs tree
	for i in $(seq 30); do
		printf '#!/bin/sh\n# long enough to be an object: %040d\n' "$i" \
			> "tree/usr/bin/p$i"
		printf '%0100d' "$i" > "tree/usr/lib/data$i"
	done
	chmod 755 tree/usr/bin/p*
	find tree -exec touch -hd @1234567890 {} +
	for alg in sha256 sha512; do
		fixture_repo $alg --algorithm fsverity-$alg-12
		cfsctl --repo $alg create-image tree os > /dev/null
		cp -a $alg $alg.unsigned
		cfsctl --repo $alg sign --objects os --cert a.pem --key a.key \
			> /dev/null || exit 1
		cfsctl --repo $alg disk $alg.img > /dev/null 2>&1 || exit 1
	done
	# An OCI image, sealed and signed, with its objects.
	mkdir -p layer/usr/bin
	cp tree/usr/bin/p? layer/usr/bin
	tar --sort=name --mtime=@1 --owner=0 --group=0 -C layer -cf layer.tar usr
	python3 -B "$CFS_SRC/tests/oci/image.py" layout t layer.tar > /dev/null || exit 1
	fixture_repo source --algorithm fsverity-sha256-12
	{
		cfsctl --repo source oci pull oci:layout:t os
		cfsctl --repo source oci seal os
		cfsctl --repo source oci sign os --cert a.pem --key a.key
		cp -a source source.unsigned
		for id in source/images/????*; do
			cfsctl --repo source sign --objects "${id##*/}" \
				--cert a.pem --key a.key --cert b.pem --key b.key || exit 1
		done
	} > /dev/null 2>&1
	export WORK=$TMPDIR
	exec "$CFS_SRC/tests/vm/uml" -m 512M -e WORK -d sha256.img -d sha512.img "$self"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
exec 2> >(cat) # not the terminal, on which progress would be drawn

ring=$((0x$(awk '$8 == "keyring" && $9 == ".fs-verity:" { print $1 }' /proc/keys)))
path() { # REPOSITORY FILE: of its object
	echo "$1/objects/$(cfsctl --repo "$WORK/$alg" dump-files --backing-path-only \
		os "$2" | sed 's/.* //')"
}
signed() { # REPOSITORY: objects with a signature that the kernel keeps
	local f n=0
	for f in "$1"/objects/*/*; do
		fsverity dump_metadata signature "$f" > sig 2> /dev/null &&
			[ -s sig ] && n=$((n + 1))
	done
	echo $n
}
refused() { # FILE: it cannot be opened for lack of the certificate
	! cat "$1" > /dev/null 2> err && grep -q 'Required key not available' err
}

for alg in sha256 sha512; do
	disk=/dev/ubda
	[ $alg = sha256 ] || disk=/dev/ubdb
	mkdir -p $alg
	mount -t ext4 $disk $alg || skip "no verity ext4 in this kernel"
	p1=$(path $alg/composefs /usr/bin/p1)
	data=$(path $alg/composefs /usr/lib/data1)
	check "$alg: disk: a signed object needs its signer's certificate" refused "$p1"
	check "$alg: disk: others need none" quiet cat "$data"
	cfsctl keyring add-cert "$WORK/a.pem" > /dev/null
	check "$alg: disk: with it, it is read" cmp "$p1" "$WORK/tree/usr/bin/p1"
	same "$alg: disk: the kernel keeps all of them" "$(signed $alg/composefs)" 30
	check "$alg: disk: everything is right" cfsctl --repo $alg/composefs \
		--require-verity fsck --read-data
	# There is no pack on the disk.
	same "$alg: disk: enable-verity takes none away" \
		"$(mount -o remount,rw $alg; cfsctl --repo $alg/composefs enable-verity |
			sed 's/,.*//'; signed $alg/composefs)" \
		"Enabled fs-verity on 0 objects
30"
	umount $alg
	keyctl clear "$ring"
done

truncate -s 64M disk
mke2fs -q -t ext4 -O verity -b 4096 disk
mkdir fs
mount -o loop disk fs
alg=sha256
fresh() { # [.unsigned]: a copy without fs-verity
	rm -rf fs/repo
	cp -a "$WORK/$alg$1" fs/repo
}
fresh ""
refuse "enable-verity: the certificate is missing" "the signer's certificate is not" \
	cfsctl --repo fs/repo enable-verity
cfsctl keyring add-cert "$WORK/a.pem" > /dev/null
check "enable-verity: with it, it goes on" quiet cfsctl --repo fs/repo enable-verity
same "  and has enrolled the signatures of the pack" "$(signed fs/repo)" 30

fresh .unsigned
cfsctl --repo fs/repo enable-verity > /dev/null
same "none is signed" "$(signed fs/repo)" 0
cp -a "$WORK/$alg/signatures" fs/repo
check "a pack that comes later" eval 'cfsctl --repo fs/repo enable-verity > out'
same "  replaces the objects that it is about" "$(tail -n 1 out)" \
	"  30 of them replaced by signed copies"
same "  by signed ones" "$(signed fs/repo)" 30
check "  which are right" cfsctl --repo fs/repo --require-verity fsck --read-data

fresh .unsigned
cfsctl --repo fs/repo enable-verity > /dev/null
sign() { # NAME OPTION...
	local who=$1
	shift
	cfsctl --repo fs/repo sign --objects os --cert "$WORK/$who.pem" \
		--key "$WORK/$who.key" "$@" > out
}
check "sign: without the kernel, as asked" sign a --kernel-signatures no
same "  none is signed" "$(signed fs/repo)" 0
check "sign: the kernel knows the signer" sign a
check "  and has all" grep -qx '  kernel: enrolled' out
same "  each of them" "$(signed fs/repo)" 30
check "sign: again" sign a
check "  is seen" grep -qx '  kernel: enrolled before' out
keyctl clear "$ring"
cfsctl keyring add-cert "$WORK/b.pem" > /dev/null
fresh .unsigned
check "sign: by an unknown signer" sign a
check "  it is said why the kernel has none" grep -q \
	"  kernel: not enrolled: object .*: enable fs-verity: the signer's certificate" out
same "  the objects stay as they are" "$(signed fs/repo)" 0
refuse "sign: unless that is demanded" "hand the signatures to the kernel" \
	sign a --kernel-signatures yes
check "sign: a second signer whom it knows is enough" sign b --kernel-signatures yes
same "  for all" "$(signed fs/repo)" 30
# From another repository.
copy() { # FROM OPTION...
	local from=$1
	shift
	cfsctl --repo fs/repo oci copy os --from "$WORK/$from" --name os "$@" > out
}
trusted="--require-signature --trust-cert $WORK/a.pem"
empty() {
	rm -rf fs/repo
	cfsctl --repo fs/repo init --algorithm fsverity-sha256-12 > /dev/null
}
keyctl clear "$ring"
cfsctl keyring add-cert "$WORK/a.pem" > /dev/null
umount fs && mount -o loop disk fs
empty
# The image, its manifest and configuration are signed as well.
check "copy: an image whose signer is trusted" copy source $trusted
same "  its objects are signed" "$(signed fs/repo)" 12
cfsctl --repo fs/repo disk out.img --force > /dev/null 2>&1
check "  everything is right" cfsctl --repo fs/repo fsck --read-data
p1=fs/repo/objects/$(cfsctl --repo "$WORK/source" dump-files --backing-path-only \
	"$(ls fs/repo/images | head -n 1)" /usr/bin/p1 | sed 's/.* //')
fsverity dump_metadata signature "$p1" > sig
check "  by the one who is trusted, and nobody else" eval \
	"openssl pkcs7 -inform DER -in sig -print -noout > p7 && grep -q CN=a p7 && ! grep -q CN=b p7"
rm -f "$p1"
cfsctl --repo fs/repo fsck --repair --from "$WORK/source.unsigned" > /dev/null
check "repair: what replaces a signed object" test -s "$p1"
same "  is signed" "$(signed fs/repo)" 12
empty
copy source
same "copy: without a signer to trust nothing comes along" \
	"$(ls fs/repo/signatures 2> /dev/null)" ""
empty
copy source.unsigned
check "copy: objects that were there before" copy source $trusted
same "  are signed as well" "$(signed fs/repo)" 12
rm -rf fs/repo
mkdir fs/source
cp -a "$WORK/source" fs
cfsctl --repo fs/source enable-verity --kernel-signatures no > /dev/null
pack=$(ls fs/source/signatures/*.pack | head -n 1)
# A byte of the bare signature of each of the two signers of the first object.
python3 - "$pack" <<'P'
import struct, sys
b = bytearray(open(sys.argv[1], "rb").read())
n, = struct.unpack_from("<I", b, 12)
end, = struct.unpack_from("<I", b, 16 + 32)
for i in 1, 400:
    b[16 + n * 36 + end - i] ^= 1
open(sys.argv[1], "wb").write(b)
P
empty
refuse "copy: a wrong signature by who is trusted" "signature of object" \
	cfsctl --repo fs/repo oci copy os --from fs/source --name os $trusted
same "  nothing comes along" "$(ls fs/repo/signatures fs/repo/images 2> /dev/null)" ""
cp "$WORK/source/signatures/"*.pack fs/source/signatures
keyctl clear "$ring"
umount fs && mount -o loop disk fs
check "copy: a signer whom the kernel does not know" copy source $trusted
same "  the objects have fs-verity without" "$(signed fs/repo)" 0
refuse "  unless that is demanded" "to the kernel" \
	cfsctl --repo fs/repo oci copy os --from "$WORK/source" --name os $trusted \
	--kernel-signatures yes
same "no temporary file is left" "$(find fs/repo -name '.tmp*' | wc -l)" 0
umount fs
check "e2fsck finds nothing" e2fsck -fn disk
finish
