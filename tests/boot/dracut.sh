#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The other initramfs images that dracut makes with our module: the release
# before (059), and both without systemd.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"

try() { # NAME OPTION...
	local name=$1
	shift
	initrd=$(signed_initramfs "$@" "$uml_kernel") || exit
	uml "$name" "$disk" "$initrd" "$karg"
	check "$name boots" booted "$name"
	same "$name: the image" "$(marker "$name" digest)" "$digest"
	same "$name: no unit failed" "$(told "$name" state)" running
}
try dracut-059 -s bookworm
try dracut-059-plain -s bookworm -n
try dracut-106-plain -n

uml stopped "$disk" "$initrd" "composefs.digest=v1-sha512-12:$(printf '%0128d' 0)"
check "without systemd, too, a refused image stops the boot" refused stopped
check "dracut says that it does not go on" said stopped "composefs: the root was not mounted"

uml other "$disk" "$initrd"
check "without an argument the boot fails" refused other
check "and in the end it is said why" said other "no composefs argument that names an image"

# A command line that is going to be sealed is read by the program itself.
for suite in trixie bookworm; do
	refuse "dracut of $suite does not seal a malformed argument" "composefs: kernel command line" \
		piece initramfs -s "$suite" -k "quiet composefs.digest=v1-sha512-12:beef" "$uml_kernel"
	initrd=$(initramfs -s "$suite" -k "quiet $karg" "$uml_kernel") || exit
	check "dracut of $suite seals a good one" test -s "$initrd"
done

finish
