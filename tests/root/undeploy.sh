#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# undeploy, where something is mounted in the state directory.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

fixture_rootfs tree
mkdir -p sys boot/loader/entries
fixture_repo sys/composefs
echo kernel > boot/vmlinuz
for i in 1 2; do
	echo $i > tree/etc/version
	id[i]=$(cfsctl --repo sys/composefs create-image tree | sed 's/.*://')
	mkdir -p "sys/state/deploy/${id[i]}/var/lib"
	printf 'linux /vmlinuz\noptions composefs.digest=v1-sha512-12:%s\n' \
		"${id[i]}" > boot/loader/entries/os-$i.conf
done
undeploy() { cfsctl undeploy --sysroot sys --boot-dir boot "$@"; }

lib=sys/state/deploy/${id[2]}/var/lib
mount -t tmpfs own "$lib" || exit 1
echo data > "$lib/data"
refuse "a file system that is mounted there is not emptied" \
	"a file system is mounted there" undeploy --delete-var "${id[2]}"
lib=sys/state/deploy/.${id[2]}.removed/var/lib
same "  its files are there" "$(cat "$lib/data")" data
umount "$lib"
same "without it the next run ends" "$(undeploy "${id[2]}")" \
	"Removed what an interrupted run had left"
check "  nothing is left" [ ! -e "$lib" ]
finish
