#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Boot entries on FAT, as real boot partitions are: names without regard to case,
# no links, no owners, no modes, and a partition that is full.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	command -v mformat > /dev/null || skip "no mformat (package mtools)"
	# FAT32; FAT16, whose root directory has a fixed number of entries; and
	# clusters of 32 KiB.
	truncate -s 64M fat32 && mformat -i fat32 -F -c 1 :: || exit 1
	truncate -s 16M fat16 && mformat -i fat16 -r 2 -c 8 :: || exit 1
	truncate -s 256M large && mformat -i large -c 64 :: || exit 1
	"$CFS_SRC/tests/vm/uml" -d fat32 -d fat16 -d large "$self"
	exit
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

cfs() { cfsctl --repo sys/composefs --insecure "$@"; }
prepare() { cfs prepare-boot --bootdir boot "$@"; }
listing() { # DIR
	(cd "$1" && find . -type f | sed -E 's,/[0-9a-f]{32}/,/HASH/,' | sort)
}
files() { # ENTRY: all that it starts is there
	local file
	for file in $(sed -n 's/^\(linux\|initrd\) //p' "$1"); do
		[ -s "boot$file" ] || return 1
	done
}
deployments() { cfs deployments --sysroot sys --boot-dir boot "$@"; }

mkdir -p sys boot tree/{boot,sysroot,usr/lib/modules/6.1}
fixture_repo sys/composefs
check "FAT32 mounts" mount -t vfat /dev/ubda boot
cp /bin/true tree/usr/lib/modules/6.1/vmlinuz
head -c 300000 /dev/urandom > tree/usr/lib/modules/6.1/initramfs.img
printf 'PRETTY_NAME="System 1"\nID=x\n' > tree/usr/lib/os-release
for i in 1 2 3; do
	echo $i > tree/usr/version
	[ $i = 3 ] || head -c 200000 /dev/urandom > tree/usr/lib/modules/6.1/initramfs.img
	cfs create-image tree os$i > /dev/null 2>&1 || exit 1
	id[i]=$(basename "$(readlink sys/composefs/images/refs/os$i)")
done

same "an entry is written" "$(prepare --entry-id one os1)" \
	"loader/entries/one.conf boots ${id[1]}"
same "  with its files and no other" "$(listing boot)" "./loader/entries/one.conf
./one/HASH/initramfs.img
./one/HASH/vmlinuz"
check "  whole" eval 'cmp boot/one/*/vmlinuz tree/usr/lib/modules/6.1/vmlinuz &&
	files boot/loader/entries/one.conf'
cp -r boot before
check "once more changes nothing" eval 'quiet prepare --entry-id one os1 && diff -r before boot'
same "another entry" "$(prepare --entry-id two os2)" \
	"loader/entries/two.conf boots ${id[2]}"
quiet prepare --entry-id two+3 os2
check "one on trial has its own files" files boot/loader/entries/two+3.conf

# The image 3 has the kernel of 2.
quiet prepare --entry-id TWO os3
same "a name that differs in case replaces the entry" \
	"$(cd boot/loader/entries && echo *)" "one.conf two+3.conf two.conf"
check "  which is the new one" grep -q "${id[3]}" boot/loader/entries/two.conf
check "  whole" files boot/loader/entries/two.conf
quiet prepare --entry-id TWO+5 os3
check "the entries can be read" eval 'deployments > out'
for i in 1 2 3; do
	check "  image $i is there" grep -q "${id[i]:0:12}" out
done
check "of entries whose directories differ in case" eval \
	'quiet cfs undeploy --sysroot sys --boot-dir boot "${id[3]}"'
check "  the files stay that others start" eval \
	'for e in boot/loader/entries/*.conf; do files "$e" || exit 1; done'
quiet cfs rollback --sysroot sys --boot-dir boot
check "a rollback writes the boot loader's default" grep -q '^default ' \
	boot/loader/loader.conf
check "  and no other file" eval '! ls -A boot/loader | grep -v "^entries$\|^loader.conf$"'

# Kernel images, which uki writes straight to the partition.
mkdir -p boot/EFI/Linux
fixture_stub stub 0x8664
fixture_stub tree/usr/lib/modules/6.1/vmlinuz 0x8664
cfs create-image tree os4 > /dev/null 2>&1
uki() { cfs uki --stub stub -o "$@" os4; }
check "a kernel image" quiet uki boot/EFI/Linux/os.efi
refuse "  which differs from one only in case" "it exists" uki boot/EFI/Linux/OS.EFI
check "  replaces it" quiet uki boot/EFI/Linux/OS.EFI --force
same "  and leaves no other" "$(ls -A boot/EFI/Linux)" os.efi
check "  and is listed" eval 'deployments | grep -q "EFI/Linux/os.efi"'

# Full.
head -c 100M /dev/zero > boot/fill 2> /dev/null
listing boot > before.list
refuse "a partition that is full" "bytes left" prepare --entry-id full os1
same "  gets nothing" "$(listing boot)" "$(cat before.list)"
refuse "  no kernel image either" "No space left" uki boot/EFI/Linux/new.efi
same "  gets nothing" "$(listing boot)" "$(cat before.list)"
check "  but what it has can be removed" quiet cfs undeploy --sysroot sys \
	--boot-dir boot "${id[1]}"
umount boot

check "FAT16 mounts" mount -t vfat /dev/ubdb boot
n=0
while : > boot/file$n; do n=$((n + 1)); done 2> /dev/null
listing boot > before.list
refuse "a root directory that is full" "No space left" prepare os1
same "  gets nothing" "$(listing boot)" "$(cat before.list)"
rm boot/file1*
check "  and then the entry" quiet prepare os1
check "  whole" files boot/loader/entries/6.1.conf
umount boot

# Addons of some bytes each, of which a cluster is taken.
check "FAT with large clusters mounts" mount -t vfat /dev/ubdc boot
pull() { # TAG
	rm -rf lay && tar --sort=name -C tree -cf layer.tar . &&
		python3 -B "$CFS_SRC/tests/oci/image.py" lay t layer.tar > /dev/null &&
		quiet cfs oci pull --bootable oci:lay:t "$1" 2> /dev/null
}
pull plain && quiet cfs oci uki --stub stub -o uki.efi plain
mkdir -p tree/boot/EFI/Linux/os.efi.extra.d
cp uki.efi tree/boot/EFI/Linux/os.efi
for i in $(seq 40); do echo "$i" > tree/boot/EFI/Linux/os.efi.extra.d/$i.cred; done
pull addons
oci_prepare() { cfs oci prepare-boot --bootdir boot addons; }
head -c 1000M /dev/zero > boot/fill 2> /dev/null
truncate -s -1M boot/fill
listing boot > before.list
refuse "files that fit, and their clusters do not" "bytes left" oci_prepare
same "  nothing is written" "$(listing boot)" "$(cat before.list)"
truncate -s -2M boot/fill
check "with room for the clusters" quiet oci_prepare
same "  all are written" "$(ls boot/EFI/Linux/os.efi.extra.d | wc -l)" 40
finish
