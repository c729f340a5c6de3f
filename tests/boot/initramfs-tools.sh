#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# An initramfs by Debian's other generator, with our hook and scripts.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"

initrd=$(signed_initramfs -t "$uml_kernel") || exit
uml good "$disk" "$initrd" "$karg"
check "a signed image boots to multi-user" booted good
same "no unit failed" "$(told good state) $(told good failed)" "running "
same "/ is this image" "$(marker good digest)" "$digest"

uml refused "$disk" "$initrd" "composefs.digest=v1-sha512-12:$(printf '%0128d' 0)"
check "an image that is not there is refused" refused refused
check "the script says why" said refused "cannot mount the root: the image is not in /root/composefs"

uml other "$disk" "$initrd"
check "without an argument the boot fails" refused other
check "the script says why" said other "no composefs argument that names an image"
check "and shows it last" eval 'tail -n 8 other.log | grep -q "cure: .*composefs.digest="'

finish
