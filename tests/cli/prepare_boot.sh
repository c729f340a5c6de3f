#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# prepare-boot and oci prepare-boot: boot entries of images, and what is refused.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@" > /dev/null
}
cfs() { cfsctl --repo sysroot/composefs "$@"; }
oci() { cfs oci "$@" 2> err; }
has() { grep -qF -e "$1" "$2"; }
# Files and their contents, but not the directories' names, which are hashes.
listing() { # DIR
	(cd "$1" && find . -type f | sed -E 's,/[0-9a-f]{32}/,/HASH/,' | sort)
}
# An OCI image of the folder tree, pulled under that tag.
pull() { # TAG
	rm -rf lay && tar --sort=name -C tree -cf layer.tar . &&
		image lay "$1" layer.tar &&
		cfs oci pull --bootable "oci:lay:$1" "$1" > /dev/null
}
# The digest of the image to boot of that tag.
boot_id() { # TAG
	cfs oci compute-id --bootable "$1"
}

mkdir -p sysroot boot tree/{boot,sysroot,etc,usr/lib/modules/6.1.0-9}
fixture_repo sysroot/composefs
head -c 100000 /dev/urandom > kernel
head -c 50000 /dev/urandom > initrd
cp kernel tree/usr/lib/modules/6.1.0-9/vmlinuz
cp initrd tree/usr/lib/modules/6.1.0-9/initramfs.img
printf 'NAME=x\nPRETTY_NAME="A \\"System\\" 1"\n' > tree/usr/lib/os-release

# A kernel without an entry, of a plain image.
cfs create-image tree os > /dev/null
id=$(basename "$(readlink sysroot/composefs/images/refs/os)")
same "a kernel of the image gets an entry" "$(cfs prepare-boot --insecure \
	--bootdir boot --cmdline quiet --cmdline 'x="a b"' os)" \
	"loader/entries/6.1.0-9.conf boots $id"
hash=$(cd boot/6.1.0-9 && echo *)
same "  which says what boots" "$(cat boot/loader/entries/6.1.0-9.conf)" \
	"title A System 1
version 6.1.0-9
linux /6.1.0-9/$hash/vmlinuz
initrd /6.1.0-9/$hash/initramfs.img
options composefs.digest=?v1-sha512-12:$id quiet x=\"a b\""
check "  its files are those of the image" eval \
	"cmp kernel boot/6.1.0-9/$hash/vmlinuz && cmp initrd boot/6.1.0-9/$hash/initramfs.img"
same "  there are no others" "$(listing boot)" "./6.1.0-9/HASH/initramfs.img
./6.1.0-9/HASH/vmlinuz
./loader/entries/6.1.0-9.conf"
same "there is a place for its state" \
	"$(cd sysroot/state/deploy && find . -printf '%m %p\n' | sort)" \
	"755 .
755 ./$id
755 ./$id/etc
755 ./$id/etc/upper
755 ./$id/etc/work
755 ./$id/var"
check "which makes it a root of gc" eval \
	'rm sysroot/composefs/images/refs/os && cfs gc > /dev/null &&
	cfs mount --check "$id"'
ln -s "../$id" sysroot/composefs/images/refs/os

# Once more: what is right stays, what is not is replaced.
touch -d @1 "boot/6.1.0-9/$hash/vmlinuz"
echo damaged > "boot/6.1.0-9/$hash/initramfs.img"
echo kept > "sysroot/state/deploy/$id/var/file"
rmdir "sysroot/state/deploy/$id/etc/work"
cfs prepare-boot --bootdir boot --entry-id other os > out 2> err
same "another name for the entry" "$(cat out)" \
	"loader/entries/other.conf boots $id"
check "without fs-verity there is a warning" has "boots without fs-verity" err
cfs prepare-boot --insecure --boot-dir boot os > /dev/null 2> err
same "not when that is said" "$(cat err)" ""
same "a file that is right stays" \
	"$(stat -c %Y "boot/6.1.0-9/$hash/vmlinuz")" 1
check "one that is damaged is replaced" \
	cmp initrd "boot/6.1.0-9/$hash/initramfs.img"
check "state that exists stays as it is" eval \
	"[ -s sysroot/state/deploy/$id/var/file ] &&
	! [ -e sysroot/state/deploy/$id/etc/work ]"

# A new kernel does not touch what the entry before started.
echo new > tree/usr/lib/modules/6.1.0-9/initramfs.img
cfs create-image tree new > /dev/null
cp boot/loader/entries/6.1.0-9.conf before
cfs prepare-boot --insecure --bootdir boot new > /dev/null
check "another kernel of the same name has a directory of its own" eval \
	"cmp initrd boot/6.1.0-9/$hash/initramfs.img &&
	! cmp -s before boot/loader/entries/6.1.0-9.conf"

# An entry of the image, as composefs-rs writes it.
rm -rf tree/usr/lib/modules boot
mkdir -p boot tree/boot/loader/entries
cp kernel tree/boot/vmlinuz
cp initrd tree/boot/initrd.img
entry() { printf '%s\n' "$@" > tree/boot/loader/entries/my.conf; }
entry 'title   Foo bar' '# comment' 'version 1' 'linux /boot/vmlinuz' \
	'initrd /initrd.img' 'options quiet foo=1 composefs=abc foo=3' \
	'options   bar' 'sort-key x'
pull entry || exit 1
id=$(boot_id entry)
same "an entry of an OCI image" "$(oci prepare-boot --bootdir boot \
	--cmdline foo=2 --cmdline new entry)" \
	"loader/entries/my.conf boots $id"
hash=$(cd boot/my && echo *)
same "  has its files and arguments" "$(cat boot/loader/entries/my.conf)" \
	"title   Foo bar
# comment
version 1
linux /my/$hash/vmlinuz
initrd /my/$hash/initrd.img
options quiet foo=2 composefs.digest=?v1-sha512-12:$id bar new
sort-key x"
check "  and state" test -d "sysroot/state/deploy/$id/etc/upper"
touch tree/boot/loader/entries/second.conf
pull two || exit 1
check "the first of several" eval \
	'oci prepare-boot --bootdir boot two | grep -q "^loader/entries/my.conf"'
check "  and the others are told" has "1 other boot entries" err
rm tree/boot/loader/entries/second.conf
rm -rf lay && tar --sort=name -C tree -cf layer.tar . && image lay late layer.tar
cfs oci pull oci:lay:late late > /dev/null
check "the image to boot is made where it is missing" eval \
	'oci prepare-boot --bootdir boot late > out && cfs mount --check "$(sed "s/.* //" out)"'

# What is refused leaves the partition as it was.
cp -a boot before-boot
refused() { # NAME WORDS OPTION...
	local name=$1 words=$2
	shift 2
	pull bad || exit 1
	refuse "$name" "$words" cfs oci prepare-boot --bootdir boot "$@" bad
	check "  and nothing is written" diff -r before-boot boot
}
refused "an argument that names an image" "would name another image" \
	--cmdline composefs=ab
refused "two arguments in one" "is not one kernel argument" --cmdline "a b"
refused "an open quotation" "is not one kernel argument" --cmdline 'a="b'
refused "a line end in an argument" "not printable" --cmdline $'a\nlinux /x'
for name in ../x a/b .x -x x. 'x y' 'x~' EFI loader $'x\ny' '' \
	"$(printf '%0201d' 0)"; do
	refused "the name '$name'" "cannot be the name of a boot entry" \
		"--entry-id=$name"
done
entry 'linux /boot/../../etc/passwd'
refused "a path that leads out of the image" "which the image lacks"
entry 'linux /boot/missing'
refused "a file that is missing" "/boot/missing, which the image lacks"
entry 'title x' 'options quiet'
refused "an entry that starts nothing" "it starts nothing"
entry 'linux /vmlinuz' 'uki-url http://example.com/x.efi'
refused "a program from the network" "uki-url"
entry 'linux /vmlinuz' $'title a\033[2Jb'
refused "control characters" "control character 0x1b"
entry 'linux /vmlinuz' 'options a="b'
refused "an open quotation in the image" "does not end"
entry 'linux /vmlinuz' 'initrd /a/initrd /b/initrd'
mkdir -p tree/boot/a tree/boot/b
echo a > tree/boot/a/initrd
echo b > tree/boot/b/initrd
refused "two files of one name" "two different files"
mv tree/boot/b/initrd tree/boot/b/INITRD
entry 'linux /vmlinuz' 'initrd /a/initrd /b/INITRD'
refused "  in whatever case" "two different files"
rm -r tree/boot/a tree/boot/b
ln -s /etc/shadow tree/boot/link
entry 'linux /link'
refused "a link" "is not a regular file"
rm tree/boot/link
cp kernel 'tree/boot/vm~linuz'
entry 'linux /vm~linuz'
refused "a name that FAT has a meaning for" "the name is not allowed"
rm 'tree/boot/vm~linuz'
entry 'linux /vmlinuz'
mv tree/boot/loader/entries/my.conf 'tree/boot/loader/entries/a b.conf'
refused "an entry's name" "the name is not allowed"
mv 'tree/boot/loader/entries/a b.conf' tree/boot/loader/entries/efi.conf
refused "  EFI in whatever case" "the name is not allowed"
rm tree/boot/loader/entries/efi.conf
refused "no entry" "the image has no boot entry"
refuse "no boot partition" "boot partition nowhere" \
	cfs oci prepare-boot --bootdir nowhere entry
refuse "no image" "nothing" cfs oci prepare-boot --bootdir boot nothing
ln -s elsewhere boot/my2
entry 'linux /vmlinuz'
pull bad || exit 1
refuse "a link on the partition" "my2" \
	cfs oci prepare-boot --bootdir boot --entry-id my2 bad
rm boot/my2

# Damage in the repository.
object=$(grep -lrF "$(head -c 40 tree/boot/loader/entries/my.conf)" \
	sysroot/composefs/objects | head -n 1)
for o in sysroot/composefs/objects/*/*; do
	! cmp -s "$o" kernel || object=$o
done
mv "$object" kernel.object
head -c 99999 kernel > "$object"
echo >> "$object"
refuse "a damaged kernel is refused" "is damaged" \
	cfs oci prepare-boot --bootdir boot --entry-id damaged entry
check "  and has no name" eval '! find boot -name vmlinuz | grep damaged'
check "  nor has an entry" eval '! [ -e boot/loader/entries/damaged.conf ]'
mv kernel.object "$object"

# Kernel images that name the image themselves.
rm -rf boot tree/boot/*
mkdir -p boot tree/boot/EFI/Linux
pull plain || exit 1
id=$(boot_id plain)
karg=composefs.digest=v1-sha512-12:$id
other=composefs.digest=v1-sha512-12:$(tr 0-9 1-90 <<< "$id")
uki=tree/boot/EFI/Linux/os.efi
fixture_pe $uki .linux=kernel ".cmdline=quiet $karg"
pull uki || exit 1
same "a unified kernel image" "$(oci prepare-boot --bootdir boot uki)" \
	"EFI/Linux/os.efi boots $id"
check "  is copied" cmp $uki boot/EFI/Linux/os.efi
same "  and nothing else is" "$(listing boot)" ./EFI/Linux/os.efi
check "  with state" test -d "sysroot/state/deploy/$id/var"
rm -rf before-boot && cp -a boot before-boot
refused "arguments for it" "cannot be added here" --cmdline x
fixture_pe $uki .linux=kernel ".cmdline=quiet $other"
refused "one that boots another image" "its command line boots image"
fixture_pe $uki .linux=kernel ".cmdline=quiet"
refused "one that boots none" "names no image to boot"
fixture_pe $uki .linux=kernel
refused "one without a command line" "it has no command line"
fixture_pe $uki .linux=kernel ".cmdline=$karg $other"
refused "one that boots others too" "its command line boots image"
fixture_pe $uki .linux=kernel ".cmdline=composefs.digest=v1-sha512-12:zz"
refused "one with a malformed argument" "its command line:"
fixture_pe $uki .linux=kernel ".cmdline=$karg composefs.digest=v3-sha512-12:$id"
refused "one with an argument of a newer format" "an unknown format"
fixture_pe $uki .linux=kernel ".cmdline=$karg" .profile=ID=a .profile=ID=b \
	".cmdline=$other"
refused "one of whose profiles boots another image" "profile 1"
fixture_pe $uki .linux=kernel .profile=ID=a ".cmdline=$karg" .profile=ID=b
refused "one of whose profiles has no command line" "in one of its profiles"
echo 'not a program' > $uki
refused "another file" "not an EFI program"
fixture_pe $uki .linux=kernel ".cmdline=$karg" .profile=ID=a \
	".cmdline=debug $karg"
pull profiles || exit 1
check "a new one replaces one of the same name" eval \
	"oci prepare-boot --bootdir boot profiles > /dev/null &&
	cmp $uki boot/EFI/Linux/os.efi"

# Addons.
addons=tree/boot/EFI/Linux/os.efi.extra.d
mkdir $addons
fixture_pe $addons/a.addon.efi .cmdline=debug
echo secret > $addons/x.cred
rm -rf boot before-boot && mkdir boot
pull addons || exit 1
check "addons come along" eval 'oci prepare-boot --bootdir boot addons > /dev/null'
same "  beside the image" "$(listing boot)" "./EFI/Linux/os.efi
./EFI/Linux/os.efi.extra.d/a.addon.efi
./EFI/Linux/os.efi.extra.d/x.cred"
cp -a boot before-boot
check "  once more, too" eval 'oci prepare-boot --bootdir boot addons > /dev/null'
check "  which changes nothing" diff -r before-boot boot
fixture_pe $addons/a.addon.efi ".cmdline=$other"
refused "an addon that boots another image" "a.addon.efi: its command line boots"
fixture_pe $addons/a.addon.efi ".cmdline=debug"
fixture_pe $uki .linux=other ".cmdline=$karg"
refused "addons that an earlier image would start" "EFI/Linux/os.efi exists"
rm -r $addons
refused "addons that an earlier image left" "is not of this image"
mkdir -p tree/usr/lib/modules/6.1
mv $uki tree/usr/lib/modules/6.1/mod.efi
pull module || exit 1
check "kernel images beside modules are found" eval \
	'! cfs oci prepare-boot --bootdir boot module 2> err; has "mod.efi" err'

# Signatures that are demanded.
rm -rf tree/usr/lib/modules tree/boot/EFI boot
mkdir -p boot tree/usr/lib/modules/6.1
cp kernel tree/usr/lib/modules/6.1/vmlinuz
pull signed && cfsctl genkey --name one key > /dev/null &&
	cfsctl genkey --name two key2 > /dev/null || exit 1
id=$(boot_id signed)
status() { # what a command ends with, where that is demanded of the image
	cfs --insecure oci prepare-boot --bootdir boot --require-signature \
		--trust-cert "$1" signed > out 2> err
	echo $?
}
same "an image that is not signed is refused" "$(status key/cert.pem)" 5
cfs oci seal --bootable signed > /dev/null &&
	cfs oci sign --cert key/cert.pem --key key/key.pem signed > /dev/null
same "one that another signer signed is" "$(status key2/cert.pem)" 4
same "  and nothing is written" "$(listing boot)" ""
same "one that is signed gets its entry" "$(status key/cert.pem; cat out)" "0
Signature verification passed (4 signatures verified)
loader/entries/6.1.conf boots $id"
refuse "files have to be under fs-verity, too" "enable-verity" \
	cfs oci prepare-boot --bootdir boot --require-signature \
	--trust-cert key/cert.pem signed
mv "sysroot/composefs/images/$id" away
same "the image that was signed has to exist" "$(status key/cert.pem)" 1
check "  and oci seal makes it" has "oci seal" err
mv away "sysroot/composefs/images/$id"

# A kernel that is one: its command line counts, not the entry's.
rm -rf boot tree/usr/lib/modules tree/boot/EFI
mkdir -p boot before-boot tree/boot/loader/entries
rm -rf before-boot && cp -a boot before-boot
fixture_pe tree/boot/os.efi .linux=kernel ".cmdline=$other"
entry 'linux /os.efi'
refused "an entry that starts a kernel image of another image" \
	"its command line boots image"
finish
