#!/bin/bash
# What follows a failure in an initramfs: this machine's / is a tmpfs, so it
# counts as one, and can be powered off.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
nowhere=composefs=$(printf 'a%.0s' {1..64})
if [ "${CFS_GUEST-}" = uml ]; then
	. "${CFS_SRC:?run by tests/run}/tests/uml/setup-root-lib"
	mkdir -p /disk
	printf 'failure.delay = 0\n' > "$conf"
	case $CASE in
	actions)
		for action in emergency reboot-if-counting next poweroff; do
			boot "$nowhere composefs.onfail=$action"
			echo "after $action: $status $(grep -c 'next:     emergency' err)"
		done
		exit 0
		;;
	report)
		boot "$nowhere"
		sed -n 's/^composefs: //; /^cannot/,$p' err > said
		sed 's/^composefs: //' /run/composefs/failed | diff - said &&
			echo "the same report"
		exit 0
		;;
	config) printf 'failure.delay = 0\nfailure.action = "poweroff"\n[broken\n' > "$conf" ;;
	*) echo 'failure.action = "poweroff"' >> "$conf" ;;
	esac
	case $CASE in
	malformed) boot "composefs=xyz" ;;
	missing) boot "rw quiet" ;;
	config) boot "$nowhere" ;;
	cmdline) echo '[broken' > "$conf" && boot "$nowhere composefs.onfail=poweroff" ;;
	esac
	echo "still here: $status"
	exit 0
fi
run() { # CASE
	CASE=$1 "$CFS_SRC/tests/vm/uml" -e CASE "$CFS_SRC/tests/uml/setup_root_fail.sh" > said 2>&1
}
run actions
same "a machine that was powered off says nothing more" "$?" 99
same "the emergency shell is left to the unit" \
	"$(grep '^after emergency' said)" "after emergency: 7 1"
same "boots that are not counted are not restarted" \
	"$(grep '^after reboot' said)" "after reboot-if-counting: 7 1"
same "an unknown action is none" "$(grep '^after next' said)" "after next: 7 1"
same "power off is power off" "$(grep '^after poweroff' said)" ""
run report
same "the report is left for the emergency shell" "$(cat said)" "the same report"

# The action holds whatever is wrong, and with what was read until then.
for case in malformed missing config cmdline; do
	run $case
	same "failure.action holds: $case" "$? $(grep -c 'still here' said)" "99 0"
done
finish
