#!/bin/bash
# Kernel modules: the kernel asks a program that an initramfs may not have.
if [ "${CFS_GUEST-}" != uml ]; then
	exec "${0%/*}/../vm/uml" "$0"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/uml/setup-root-lib"
sysctl -q kernel.modprobe=/none

disk_new
repo_new sha512
system_new first
same "erofs is a module that is not loaded" "$(grep -c erofs /proc/filesystems)" 0

mount -t tmpfs none /lib/modules
boot "$(karg)"
failed "a module that the initramfs lacks is named" 8 \
	"kernel module erofs is not in this initramfs" "dracut"
umount /lib/modules
boot "$(karg)"
booted "modules are loaded without a modprobe program"

finish
