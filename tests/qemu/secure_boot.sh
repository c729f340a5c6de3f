#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# From the firmware to exec: firmware that knows one key, a unified kernel image
# that is signed by it, and Debian's kernel, which takes IPE policies by the same
# key.  What the firmware did not see signed it does not start.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/fixture.sh"
. "$CFS_SRC/tests/ipe-system.sh"

kernel=$("$CFS_SRC/deps/debian-kernel.sh" trixie) || exit 1
firmware=$("$CFS_SRC/deps/secure-boot.sh" 2> made.log) || {
	cat made.log
	skip "no firmware with Secure Boot: deps/secure-boot.sh"
}
stub=$("$CFS_SRC/deps/efi-stub.sh" trixie) || exit 1
ipe_pair db
ipe_pair other
ipe_system db.key db.pem
# sha512 is a module, by its name in this kernel
ipe_initramfs "$kernel" initrd -M virtio_pci -M virtio_blk -N sha512_generic || exit 1
owner=$(cat /proc/sys/kernel/random/uuid)
"$firmware/fw-vars" -i "$firmware/vars.fd" -o vars.fd --set-pk "$owner" db.pem \
	--add-kek "$owner" db.pem --add-db "$owner" db.pem --sb > made.log 2>&1 || {
	cat made.log
	exit 1
}
cmdline=$("$CFS_SRC/tests/vm/qemu" -C | sed 's/audit=0/audit=1/') || exit 1

uki() { # FILE OPTION...
	cfsctl --repo repo uki os -o "$1" --kernel "$kernel/vmlinuz" --initrd initrd \
		--stub "$stub/linuxx64.efi.stub" --cmdline "$cmdline rw" "${@:2}" > uki.log
}
check "a unified kernel image is made" uki unsigned.efi
check "  and signed" uki db.efi --cert db.pem --key db.key
check "  by another key" uki other.efi --cert other.pem --key other.key
starts() { # PROGRAM OPTION...
	"$CFS_SRC/tests/vm/qemu" -F vars.fd -l log -i "$1" -d disk.img \
		-d second.img "${@:2}" 2> errors
}
refused() { # NAME PROGRAM
	starts "$2"
	same "$1 is refused" $? 98
	check "  by the firmware" grep -qa 'BdsDxe: failed to load .*: Access Denied' log
	check "  before anything of it has run" eval '! grep -qa IPE log'
}

starts db.efi
same "the guest comes to its end" $? 0
ipe_verdict log
ipe_same "the kernel was started by Secure Boot" secure-boot enabled

refused "one that is not signed" unsigned.efi
refused "one that is signed by another key" other.efi
# One digit of the digest on its command line, after it was signed.
digit=$(cut -c40 karg)
at=$(grep -abo -m 1 "$(cut -c1-40 karg)" db.efi | head -n 1 | cut -d: -f1)
cp db.efi changed.efi
tr 0-9a-f 1-9a-f0 <<< "$digit" | head -c 1 |
	dd of=changed.efi bs=1 seek=$((at + 39)) conv=notrunc status=none
same "another digit" "$(cmp -l db.efi changed.efi | wc -l)" 1
refused "one with another digit in its command line" changed.efi

# Known, and not ours to stop: docs/THREAT-MODEL.md.
starts db.efi -q -smbios -q type=11,value=io.systemd.stub.kernel-cmdline-extra=ipe.enforce=0
ipe_same "who starts the virtual machine adds to the command line" active "1 0"
finish
