#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A machine from one version to the next, and back: each start is by the kernel and
# the initramfs of the boot entry that a boot loader chooses, and the running version
# deploys the one after it, on a disk with fs-verity and a boot partition with FAT.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/fixture.sh"
. "$CFS_SRC/tests/update-machine.sh"

machine_new || exit 1

machine_boot edit
same "version 1 starts" "$entry $(said version) $(said signature)" \
	"system.conf 1 kernel"
machine_boot update:2
same "  and keeps what was changed in it" \
	"$(said version) $(said motd) $(said site) $(said var)" "1 mine mine data"
same "running, it gets version 2 and deploys it" "$(said pull) $(said deploy)" "ok ok"
second=$(said entry)
second=${second##*/}
same "  on trial" "$(machine_entries)" "$second system.conf"
check "  with three tries" [ "${second%+3.conf}" != "$second" ]
check "  what the image and the machine changed is named" grep -q \
	'conflict: /etc/motd: changed here and in the image; kept' console

machine_boot ""
second=${second%+3.conf}
same "version 2 starts, which takes a try" "$entry $(said version) $(said signature)" \
	"$second+2-1.conf 2 kernel"
same "  with the changes, and what is new in it" \
	"$(said motd) $(said site) $(said new) $(said var)" "mine mine new data"
machine_boot bless
same "it is good" "$entry $(said bless) $(machine_entries)" \
	"$second+1-2.conf ok $second.conf system.conf"

machine_boot update:3
same "version 2 deploys version 3" "$entry $(said version) $(said deploy)" \
	"$second.conf 2 ok"
third=$(said entry)
third=${third##*/}
third=${third%+3.conf}
for try in 2-1 1-2 0-3; do
	machine_boot ""
	same "  which does not start" "$entry $status $(said version)" \
		"$third+$try.conf 99 "
done
machine_boot ""
same "after three starts that failed version 2 is back" \
	"$entry $status $(said version) $(said motd) $(said new)" "$second.conf 0 2 mine new"
machine_boot undeploy:3
same "  and removes the other one" "$(said undeploy) $(machine_entries)" \
	"ok $second.conf system.conf"
machine_boot rollback
same "going back by hand" "$(said version) $(said rollback)" "2 ok"
machine_boot ""
same "  starts version 1, as it was left" \
	"$entry $(said version) $(said motd) $(said site) $(said new)" "system.conf 1 mine mine "
finish
