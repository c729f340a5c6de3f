#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Disks that were changed while the machine was off, and an image signed by
# somebody else: the boot ends in the initramfs, and says why.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"

initrd=$(signed_initramfs "$uml_kernel") || exit

# Another file of the repository, itself intact, under the image's name.
tree=$(piece system) || exit
other=$(fsverity digest --compact --hash-alg=sha512 "$tree/tree/usr/lib/systemd/systemd")
copy_disk
on_disk "rm /composefs/images/$digest
symlink /composefs/images/$digest ../objects/${other:0:2}/${other:2}"
uml swapped bad "$initrd" "$karg"
check "another image under the name is refused" refused swapped
check "the message has the digest that was expected" said swapped "$digest"
check "and the one that was found" said swapped "$other"
check "the boot does not go on without the unit" said swapped "Dependency failed for initrd-root-fs.target"

# One byte of the image itself: its superblock is read at mount.
copy_disk
flip "$(object "$digest")" 1030
uml damaged bad "$initrd" "$karg"
check "a damaged image is refused" refused damaged
check "the message names the image" said damaged "${digest:0:12}"

# One byte of the first program: found before the system is started.
copy_disk
flip "$(object "$other")" 100
uml init bad "$initrd" "$karg"
check "a damaged init is refused before it is started" refused init
check "the message says which file" said init "/sbin/init"

# No such image at all.
uml absent "$disk" "$initrd" "composefs.digest=v1-sha512-12:$(printf '%0128d' 0)"
check "an image that is not there is refused" refused absent
check "and named" said absent 000000000000

# An argument that would turn verification off.
uml insecure "$disk" "$initrd" "${karg/=/=?}"
check "an insecure argument is refused where the initramfs says so" refused insecure
check "and the setting named" said insecure "allow-insecure"

# A persistent /etc needs a disk that can be written.
uml readonly "$disk" "$initrd" "$karg" ro
check "a read-only disk is refused" refused readonly
check "and the cure named" said readonly "add rw to the kernel command line"

# The image is intact; the certificate of this initramfs is not its signer's.
somebody=$(piece signer somebody) || exit
foreign=$(initramfs -C "$demo/setup-root-conf.toml" -c "$somebody/cert.pem" "$uml_kernel") || exit
uml foreign "$disk" "$foreign" "$karg"
check "an image signed by somebody else is refused" refused foreign
check "the message speaks of the signature or certificate" eval \
	'said foreign signed > /dev/null || said foreign certificate'

finish
