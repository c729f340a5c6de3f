#!/bin/bash
# What follows a failure in an initramfs: this machine's / is a tmpfs, so it
# counts as one, and can be powered off.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
if [ "${CFS_GUEST-}" = uml ]; then
	. "${CFS_SRC:?run by tests/run}/tests/uml/setup-root-lib"
	mkdir -p /disk
	echo 'failure.delay = 0' > "$conf"
	for action in emergency reboot-if-counting next poweroff; do
		boot "composefs=$(printf 'a%.0s' {1..64}) composefs.onfail=$action"
		echo "after $action: $status $(grep -c 'next:     emergency' err)"
	done
	exit 0
fi
"$CFS_SRC/tests/vm/uml" "$CFS_SRC/tests/uml/setup_root_fail.sh" > said 2>&1
same "a machine that was powered off says nothing more" "$?" 99
same "the emergency shell is left to the unit" \
	"$(grep '^after emergency' said)" "after emergency: 7 1"
same "boots that are not counted are not restarted" \
	"$(grep '^after reboot' said)" "after reboot-if-counting: 7 1"
same "an unknown action is none" "$(grep '^after next' said)" "after next: 7 1"
same "power off is power off" "$(grep '^after poweroff' said)" ""
finish
