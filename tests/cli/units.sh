#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The units as systemd reads them, without a complaint.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
command -v systemd-analyze > /dev/null || skip "no systemd-analyze: install systemd"

units=$CFS_SRC/systemd-units
unit=$units/composefs-setup-root.service

# A root file system with the units, what they start, and the one unit that
# they require (a generator makes it at boot).
root=$TMPDIR/root/usr/lib/systemd
mkdir -p "$root/system" "$TMPDIR/root/usr/lib/composefs" "$TMPDIR/root"/{,usr/}bin
cp -r "$units"/* "$root/system/"
for file in usr/lib/composefs/composefs-setup-root usr/bin/cfsctl usr/bin/mount bin/sh; do
	cp /bin/true "$TMPDIR/root/$file"
done
printf '[Mount]\nWhat=/dev/x\nWhere=/sysroot\n' > "$root/system/sysroot.mount"
printf '[Service]\nType=idle\nExecStart=/usr/bin/mount\n' > "$root/system/emergency.service"
for other in volatile-root growfs-root; do
	printf '[Service]\nType=oneshot\nExecStart=/usr/bin/mount\n' > "$root/system/systemd-$other.service"
done
# An instance of the service, which systemd names for a connection.
cp "$root/system/composefs@.service" "$root/system/composefs@0.service"
verify() { # UNIT: fails on any word of complaint
	systemd-analyze verify --root="$TMPDIR/root" --man=no "$1" > verify.log 2>&1
	# the root has no targets of its own, which is not the unit's fault
	grep -v -e "Unit [a-z.-]*target not found" verify.log
	[ "$(grep -c -v -e 'Unit [a-z.-]*target not found' verify.log)" = 0 ]
}
for name in composefs-setup-root composefs-growfs systemd-volatile-root systemd-growfs-root \
	emergency composefs@0; do
	check "$name.service is clean" verify "$name.service"
done
check "composefs.socket is clean" verify composefs.socket
# The drop-ins of the manual, which let a group in.
dropin() { # SECTION
	awk -v first="[$1]" '$0 == first { on = 1 } /^\.Ed/ { on = 0 } on' "$CFS_SRC/docs/cfsctl.1"
}
for unit_type in "socket Socket" "service Service"; do
	read -r type section <<< "$unit_type"
	name=composefs@0.service
	[ $type = service ] || name=composefs.socket
	mkdir "$root/system/$name.d"
	dropin "$section" > "$root/system/$name.d/guests.conf"
	check "the manual's drop-in for $name says something" test -s "$root/system/$name.d/guests.conf"
	check "  and is clean" verify $name
done
check "root alone may connect" grep -qx SocketMode=0600 "$units/composefs.socket"
check "each connection has a process" grep -qx Accept=yes "$units/composefs.socket"

check "whatever the command line says, the program looks at it" eval '! grep -q ConditionKernelCommandLine "$unit"'
check "and passes over a disk that boots without an image" grep -qx \
	'ExecStart=/usr/lib/composefs/composefs-setup-root --if-present' "$unit"
check "in an initramfs alone" grep -qx 'ConditionPathExists=/etc/initrd-release' "$unit"
check "a delay before a restart is not cut off" grep -qx 'TimeoutStartSec=infinity' "$unit"

# What would undo the mounts or the credentials they are made with.
for setting in ProtectSystem ProtectHome ProtectKernelModules PrivateTmp PrivateDevices PrivateMounts \
	ReadOnlyPaths ReadWritePaths InaccessiblePaths RootDirectory MountFlags CapabilityBoundingSet \
	User DynamicUser PrivateUsers SELinuxContext; do
	check "no $setting= in the unit" eval '! grep -q "^$setting=" "$unit"'
done
check "the boot does not go on without it" grep -qx 'RequiredBy=initrd-root-fs.target' "$unit"
for later in systemd-volatile-root systemd-confext-sysroot systemd-sysext-sysroot initrd-parse-etc; do
	check "$later sees the composefs root" grep -q "^Before=.*$later.service" "$unit"
done
check "the physical root comes first" grep -q '^After=.*sysroot.mount' "$unit"

finish
