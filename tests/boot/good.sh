#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A Debian that is signed, sealed and booted: to multi-user, without a failed
# unit, with every check on.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"

initrd=$(signed_initramfs "$uml_kernel") || exit
uml good "$disk" "$initrd" "$karg"
check "a signed image boots to multi-user" booted good
same "no unit failed" "$(told good state) $(told good failed)" "running "
same "/ is this image" "$(told good 'mount /' | cut -d' ' -f1-2)" "composefs:$digest overlay"
check "objects are verified" grep -q 'REPORT mount / .*verity=require' good.log
same "/ is read-only" "$(told good 'write /usr')" no
same "/etc can be written" "$(told good 'write /etc')" yes
same "/var can be written" "$(told good 'write /var')" yes
same "/sysroot is read-only" "$(told good 'write /sysroot')" no
check "/sysroot is the physical root" grep -q 'REPORT mount /sysroot /dev/ubda ext4 ' good.log
same "the marker names the image" "$(marker good digest)" "$digest"
same "the marker says that objects are checked" "$(marker good verity)" require
check "the signature was required and proved" grep -Eq '"signature": ?"(kernel|pkcs7)"' good.log
check "its certificate is named" grep -q '"file": *"[^"]*demo.pem"' good.log
check "no certificate can be added later" eval '[ "$(told good ring)" = 1 ]'
check "a line in the journal" said good "REPORT log booted ${digest:0:12}"

# The first image is one that this disk does not have; the one before, of
# another algorithm, it cannot have.
uml second "$disk" "$initrd" "composefs.digest=v1-sha256-12:$(printf '%064d' 0)" \
	"composefs.digest=v1-sha512-12:$(printf '%0128d' 0)" "$karg"
check "with the first images absent the next boots" booted second
same "which is the one on the disk" "$(marker second digest)" "$digest"
check "another is recorded as absent" grep -q '"result": *"absent"' second.log

# Without the argument the disk is of no use: it has images and no system.
uml without "$disk" "$initrd" systemd.show_status=1
check "without an argument nothing is mounted" refused without
check "which is said" said without "no composefs argument that names an image"
check "with the image that is there" said without "$digest"

# A disk that was made larger: the image asks systemd to grow "/".
copy_disk
truncate -s +64M bad
uml grown bad "$initrd" "$karg" systemd.wants=systemd-growfs-root.service
check "a larger disk boots" booted grown
same "no unit failed on it" "$(told grown state) $(told grown failed)" "running "
check "its file system has grown" test "$(told grown size)" -gt $(($(told good size) + 8000))
same "and /sysroot is still read-only" "$(told grown 'write /sysroot')" no

finish
