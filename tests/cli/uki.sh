#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# uki and oci uki: unified kernel images, read by other tools, and what is refused.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

cfs() { cfsctl --repo sysroot/composefs "$@"; }
uki() { cfs --insecure uki -o out.efi --force "$@"; }
has() { grep -qF -e "$1" "$2"; }
# The content of a section, by another program than ours.
section() { # FILE NAME
	objcopy -O binary --only-section="$2" --dump-section "$2=section.out" \
		"$1" section.rest && cat section.out
}
sections() { # FILE
	objdump -h "$1" | awk '$1 ~ /^[0-9]+$/ { printf "%s%s", sep, $2; sep = " " }'
}

mkdir -p sysroot tree/{boot,sysroot,etc,usr/lib/modules/6.1.0-9}
modules=tree/usr/lib/modules/6.1.0-9 stubs=usr/lib/systemd/boot/efi
fixture_repo sysroot/composefs
mkdir -p tree/$stubs
fixture_stub tree/$stubs/linuxx64.efi.stub 0x8664
fixture_stub $modules/vmlinuz 0x8664
head -c 100001 /dev/urandom >> $modules/vmlinuz
head -c 50001 /dev/urandom > $modules/initramfs.img
printf 'NAME=x\nPRETTY_NAME="A System 1"\n' > tree/usr/lib/os-release
cfs create-image tree os > /dev/null
id=$(basename "$(readlink sysroot/composefs/images/refs/os)")
karg="composefs.digest=?v1-sha512-12:$id"

same "everything is the image's" "$(uki os 2>&1)" "out.efi boots $id"
same "  in its sections" "$(sections out.efi)" \
	".text .sbat .reloc .osrel .cmdline .uname .linux .initrd"
same "  the arguments" "$(section out.efi .cmdline)" "$karg"
same "  the version" "$(section out.efi .uname)" 6.1.0-9
check "  the kernel" eval "section out.efi .linux | cmp - $modules/vmlinuz"
check "  the initramfs" eval "section out.efi .initrd | cmp - $modules/initramfs.img"
check "  the system" eval "section out.efi .osrel | cmp - tree/usr/lib/os-release"
cp out.efi first.efi
check "the same once more" eval "quiet uki os && cmp first.efi out.efi"
# Debian's package is for Debian's Python.
if /usr/bin/python3 -c 'import pefile' 2> /dev/null; then
	check "another reader has no complaint, and the checksum is right" \
		/usr/bin/python3 -c 'import pefile
pe = pefile.PE("out.efi")
assert not pe.get_warnings() and pe.verify_checksum(), pe.get_warnings()'
fi
echo old > there.efi
refuse "a file is not replaced unawares" "--force replaces it" \
	cfs --insecure uki -o there.efi os
same "  and stays" "$(cat there.efi)" old
quiet cfs uki --force -o out.efi os
same "without --insecure it demands fs-verity, also from a repository without" \
	"$(section out.efi .cmdline)" "${karg/=?/=}"

# Files and arguments that are given.
fixture_stub given.kernel 0x8664
echo kernel >> given.kernel
printf one > one; printf second > two; echo ID=given > given.os
printf 'quiet\nx="a b"\n' > args
quiet uki --kernel given.kernel --initrd one --initrd two --os-release given.os \
	--cmdline @args os
same "arguments of a file" "$(section out.efi .cmdline)" "quiet x=\"a b\" $karg"
check "a kernel that is given" eval 'section out.efi .linux | cmp - given.kernel'
check "  of which the version is not known" eval '! has uname <(sections out.efi)'
same "initramfs images are joined" "$(section out.efi .initrd | tr '\0' .)" one.second
same "another os-release" "$(section out.efi .osrel)" ID=given
quiet uki --kernel given.kernel --initrd one --uname 7 --cmdline "rw  quiet" os
same "the version can be given" "$(section out.efi .uname)" 7
same "arguments on the command line" "$(section out.efi .cmdline)" "rw quiet $karg"

# Round trip: the program is in the image's /boot, which the image to boot empties.
image() {
	rm -rf lay && tar --sort=name -C tree -cf layer.tar . &&
		python3 -B "$CFS_SRC/tests/oci/image.py" lay "$1" layer.tar \
			> /dev/null &&
		cfs oci pull --bootable "oci:lay:$1" "$1" > /dev/null
}
image plain
boot_id=$(cfs oci compute-id --bootable plain)
same "an OCI image's program boots the image to boot" \
	"$(cfs --insecure oci uki --force -o out.efi plain)" "out.efi boots $boot_id"
mkdir -p tree/boot/EFI/Linux boot
cp out.efi tree/boot/EFI/Linux/os.efi
image whole
same "  and in that image it is still the right one" \
	"$(cfs --insecure oci prepare-boot --bootdir boot whole)" \
	"EFI/Linux/os.efi boots $boot_id"
check "  and is copied" cmp out.efi boot/EFI/Linux/os.efi
mv $modules/vmlinuz tree/boot/vmlinuz-6.1.0-9
mv $modules/initramfs.img tree/boot/initrd.img-6.1.0-9
image debian
check "a kernel in /boot, as Debian has it" quiet \
	cfs --insecure oci uki --force -o out.efi debian
check "  is taken" eval 'section out.efi .linux | cmp - tree/boot/vmlinuz-6.1.0-9'
check "  with its initramfs" eval \
	'section out.efi .initrd | cmp - tree/boot/initrd.img-6.1.0-9'
refuse "a signature that is demanded" "sign" \
	cfs oci uki --require-signature -o x.efi plain

# What is refused leaves the file as it was.
cp out.efi before.efi
refused() { # NAME WORDS OPTION...
	local name=$1 words=$2
	shift 2
	refuse "$name" "$words" uki "$@" os
	check "  and nothing is written" cmp before.efi out.efi
}
refused "an argument that names an image" "would name another image" \
	--cmdline "quiet composefs=ab"
refused "an open quotation" "does not end" --cmdline 'a="b'
refused "control characters" "not printable" --cmdline $'a\033[2J'
refused "arguments that a kernel cuts off" "exceeds the maximum of 2047" \
	--cmdline "$(printf '%02000d' 0)"
refused "a file of arguments that is missing" "none: there is no such file" \
	--cmdline @none
printf 'a\0b' > nul
refused "a NUL in them" "NUL" --cmdline @nul
refused "a kernel that is missing" "none: there is no such file" --kernel none
touch empty
refused "  or empty" "empty is empty" --kernel empty
refused "  or no file" "not a regular file" --kernel /dev/null
refused "  or no program" "not an EFI program" --kernel args
refused "a version that the image lacks" "no kernel 7" --uname 7
refused "a stub that is no program" "the stub: it is not an EFI program" \
	--stub args
bad_stub() { # NAME WORDS CHANGE...
	fixture_stub bad.stub 0x8664 "${@:3}"
	refused "a stub $1" "$2" --stub bad.stub
}
fixture_stub bad.stub 0xaa64
refused "a stub for another machine" "type 0xaa64" --stub bad.stub
cp first.efi bad.stub
refused "a finished program" "a section .osrel already" --stub bad.stub
bad_stub "with a full table" "no room" B:495:1
bad_stub "whose sections overlap" ".text and .sbat overlap in the file" I:388:1024
bad_stub "whose sections overlap in memory" ".sbat begins in memory" I:380:4096
bad_stub "with a section of 4 GiB" ".text lies outside the file" I:344:0xffffffff
bad_stub "with a section at 4 GiB" ".text lies outside the file" I:348:0xfffffe00
bad_stub "whose memory exceeds it" ".text ends in memory" I:336:0xffffffff
bad_stub "without alignment" "file alignment is 0" I:124:0
bad_stub "that is signed" "it is signed" I:236:4096
bad_stub "that is a driver" "subsystem 11" H:156:11
fixture_stub bad.stub 0x8664
truncate -s 2000 bad.stub
refused "a stub that is truncated" "truncated PE file" --stub bad.stub
truncate -s 400 bad.stub
refused "  in its table" "truncated PE file" --stub bad.stub
refuse "no output" "needs --output" cfs uki os
refuse "a certificate alone" "belong together" cfs uki -o x.efi --cert args os
refuse "a signing tool for nothing" "is for --cert" \
	cfs uki -o x.efi --signtool sbsign os
refuse "an unknown one" "signtool" cfs uki -o x.efi --signtool x os
refuse "no such image" "nothing" cfs uki -o x.efi nothing
for object in sysroot/composefs/objects/*/*; do
	! cmp -s "$object" tree/boot/vmlinuz-6.1.0-9 || break
done
mv "$object" object
head -c "$(stat -c %s object)" /dev/zero > "$object"
refused "a damaged kernel" "is damaged"
rm "$object"
refused "  or a missing one" "missing"
mv object "$object"

# Signatures.
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
	-days 3650 -subj "/CN=firmware" 2> /dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem \
	-days 3650 -subj "/CN=other" 2> /dev/null
sign=(--cert cert.pem --key key.pem)
for tool in sbsign osslsigncode; do
	command -v $tool sbverify > /dev/null || continue
	check "$tool signs" quiet uki "${sign[@]}" --signtool $tool os
	check "  by that certificate" quiet sbverify --cert cert.pem out.efi
	check "  and no other" eval \
		'! sbverify --cert other.pem out.efi > /dev/null 2>&1'
	same "  what boots the image" "$(section out.efi .cmdline)" "$karg"
	cp out.efi before.efi
	refused "$tool and a key of another certificate" "$tool failed" \
		--cert other.pem --key key.pem --signtool $tool
	refused "  and a certificate that is missing" "$tool failed" \
		--cert none --key key.pem --signtool $tool
	refused "signed already" "it is signed" --stub before.efi
done
# A key that stays in a token.
soft=$(compgen -G '/usr/lib/*/softhsm/libsofthsm2.so')
if command -v softhsm2-util sbsign sbverify > /dev/null && [ "$soft" ] &&
	compgen -G '/usr/lib/*/engines-3/pkcs11.so' > /dev/null; then
	mkdir tokens
	echo "directories.tokendir = $PWD/tokens" > softhsm.conf
	export SOFTHSM2_CONF=$PWD/softhsm.conf PKCS11_MODULE_PATH=$soft
	softhsm2-util --init-token --free --label boot --pin 4711 --so-pin 4711 > /dev/null
	softhsm2-util --import key.pem --token boot --label db --id 01 --pin 4711 > /dev/null
	check "a key in a token signs" quiet uki --cert cert.pem \
		--key "pkcs11:token=boot;object=db;type=private?pin-value=4711" os
	check "  as the key in a file does" quiet sbverify --cert cert.pem out.efi
	cp out.efi before.efi
	refused "a key that is not in it" "sbsign failed" --cert cert.pem \
		--key "pkcs11:token=boot;object=none;type=private?pin-value=4711"
fi
refused "a key in a token and a tool that has no engine" "take sbsign" \
	--cert cert.pem --key "pkcs11:token=boot" --signtool osslsigncode
refuse "no tool that signs" "neither is installed" \
	env PATH="$BIN" cfsctl --repo sysroot/composefs --insecure uki -o x.efi \
	"${sign[@]}" os
check "  which leaves nothing" eval '! [ -e x.efi ] && [ -z "$(ls -d .*cfsctl*)" ]'

# Neither in the image nor on this machine.
rm -r tree/usr/lib/systemd
cfs create-image tree os > /dev/null
[ -e /$stubs/linuxx64.efi.stub ] ||
	refuse "there is no stub" "package systemd-boot-efi" \
		cfs --insecure uki -o x.efi os
rm tree/usr/lib/os-release
cfs create-image tree os > /dev/null
refuse "there is no os-release" "give --os-release" \
	cfs --insecure uki -o x.efi --stub given.kernel os
finish
