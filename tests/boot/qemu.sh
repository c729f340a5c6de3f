#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The same Debian under its own kernel, in QEMU.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"

kernel=$("$CFS_SRC/deps/debian-kernel.sh" trixie) || exit 1
initrd=$(signed_initramfs "$kernel" virtio_pci virtio_blk) || exit
"$CFS_SRC/tests/vm/qemu" -t 900 -k "$kernel" -i "$initrd" -d "$disk" -l good.raw \
	root=/dev/vda rootfstype=ext4 rw "$karg"
plain good
check "a signed image boots to multi-user" booted good
same "no unit failed" "$(told good state) $(told good failed)" "running "
same "by Debian's kernel" "$(told good kernel)" "$(cat "$kernel/kver")"
same "/ is this image" "$(told good 'mount /' | cut -d' ' -f1-2)" "composefs:$digest overlay"
check "objects are verified" grep -q 'REPORT mount / .*verity=require' good.log
check "the signature was required and proved" grep -Eq '"signature": ?"(kernel|pkcs7)"' good.log

finish
