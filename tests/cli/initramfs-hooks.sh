#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The shell that runs inside an initramfs, and the hooks of initramfs-tools and
# mkinitcpio, with stubs for what these generators define.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

from=$CFS_SRC/dracut-module
for file in "$from"/50composefs/*.sh "$from"/50-composefs.conf "$from"/mkinitcpio/install; do
	check "bash reads ${file#"$from"/}" bash -n "$file"
done
for file in "$from"/initramfs-tools/* "$from"/mkinitcpio/hook "$from"/50composefs/composefs-mount.sh; do
	check "a POSIX shell reads ${file#"$from"/}" dash -n "$file"
done

# The kernel makes environment variables of words that it does not know; trust
# does not come from there.
export CREDENTIALS_DIRECTORY=/credentials/by/cmdline

# stub SCRIPT RC: SCRIPT with our program replaced by one that writes down its
# arguments and ends with RC.
program=/usr/lib/composefs/composefs-setup-root
stub() {
	printf '#!/bin/sh\necho "ran $*$CREDENTIALS_DIRECTORY" >> %s/log\nexit %s\n' \
		"$TMPDIR" "$2" > setup-root
	chmod +x setup-root
	sed "s|$program|$TMPDIR/setup-root|" "$1" > script
	rm -f log
	: > log
}

# dracut without systemd.  99-mount-root.sh mounts when the device is there.
mount_hook() { # KARG DEVICE RC
	stub "$from/50composefs/composefs-mount.sh" "$3"
	mkdir -p hooks/mount
	echo '[ "$device" = there ] && mounted=yes' > hooks/mount/99-mount-root.sh
	karg=$1 device=$2 dash -c '
		hookdir=hooks NEWROOT=/sysroot mounted=no
		getarg() { [ "$1" = "$karg" ] && echo value; }
		ismounted() { [ "$mounted" = yes ]; }
		die() { echo "died: $*" >> log; exit 1; }
		. ./script
		echo "mounted=$mounted" >> log'
}
mount_hook none there 0
same "dracut: without an argument the hook leaves all to others" "$(cat log)" "mounted=no"
mount_hook composefs= there 0
same "dracut: the root is mounted and covered at once" "$(cat log)" \
	"ran --sysroot /sysroot
mounted=yes"
mount_hook composefs.digest= there 0
same "dracut: the other argument does it too" "$(grep -c ^ran log)" 1
mount_hook composefs.digest= away 0
same "dracut: a device that is not there yet is waited for" "$(cat log)" "mounted=no"
mount_hook composefs.digest= there 6
check "dracut: a refused image stops the boot" grep -q '^died: composefs' log

# dracut's emergency hooks: the report is what the shell shows first.
emergency() { # sources the hook with its paths in $TMPDIR
	stub "$from/50composefs/composefs-emergency.sh" 3
	sed -i "s|/run/composefs|$TMPDIR/composefs|g; s|/etc/profile|$TMPDIR/profile|g" script
	NEWROOT=$TMPDIR/newroot dash -c 'getargbool() { [ '"${1-yes}"' = yes ]; }; . ./script'
}
mkdir -p composefs newroot/composefs
touch composefs/booted
emergency
check "dracut: a system that was booted is left alone" eval '[ ! -s log ] && [ ! -e profile ]'
rm composefs/booted
echo 'cannot mount the root' > composefs/failed
emergency
emergency
same "dracut: the emergency shell begins with the report, once" "$(dash -c '. ./profile')" \
	"cannot mount the root"
same "dracut: nothing is tried again" "$(cat log)" ""
rm profile
same "dracut: without a shell it is shown at once" "$(emergency no; ls profile 2> /dev/null)" \
	"cannot mount the root"
rm composefs/failed
emergency
same "dracut: a command line without an image is looked at" "$(cat log)" "ran --if-present --sysroot $TMPDIR/newroot"
rm -r newroot
emergency
same "dracut: unless the disk is another's" "$(cat log)" ""

# initramfs-tools.
hook() {
	cat > functions <<-'END'
	copy_exec() { echo "exec $*" >> log; }
	copy_file() { echo "file $*" >> log; }
	manual_add_modules() { echo "modules $*" >> log; }
	END
	: > log
	COMPOSEFS_HOOK_FUNCTIONS=$PWD/functions dash "$from/initramfs-tools/hook" "$@"
}
check "initramfs-tools: the hook names no prerequisites" eval '[ -z "$(hook prereqs)" ] && [ ! -s log ]'
check "initramfs-tools: the hook runs" hook
check "initramfs-tools: the program is copied" grep -qx "exec $program" log
check "initramfs-tools: the kernel modules too" grep -qx 'modules erofs overlay loop sha512_generic' log
mkdir ipe
echo 'policy_name=one policy_version=1.0.0' > ipe/one.p7b
touch ipe/two.txt
sed "s|/usr/lib/composefs/ipe|$PWD/ipe|" "$from/initramfs-tools/hook" > with-policy
: > log
COMPOSEFS_HOOK_FUNCTIONS=$PWD/functions dash with-policy
same "initramfs-tools: policies of IPE go where systemd loads them" \
	"$(grep ipe log)" "file composefs $PWD/ipe/one.p7b /etc/ipe/one.p7b"
cp ipe/one.p7b ipe/other.p7b
: > log
refuse "initramfs-tools: a policy in a file of another name is refused" \
	"ipe/other.p7b: the policy in it has another name" \
	env COMPOSEFS_HOOK_FUNCTIONS="$PWD/functions" dash with-policy
rm ipe/other.p7b
bottom() { # RC ARG...
	stub "$from/initramfs-tools/bottom" "$1"
	sed -i "s|^\. /scripts/functions|. '$PWD/functions'|" script
	shift
	echo 'panic() { echo "panic: $*" >> log; exit 1; }' > functions
	rootmnt=/root dash ./script "$@"
}
# Words of the kernel command line that the kernel does not know are the
# environment of an initramfs without systemd.
same "initramfs-tools: the script reads no file that its environment names" \
	"$(grep -cE '^\. .*\$' "$from/initramfs-tools/bottom")" 0
check "initramfs-tools: the script names no prerequisites" eval '[ -z "$(bottom 0 prereqs)" ] && [ ! -s log ]'
check "initramfs-tools: the script runs" bottom 0
same "initramfs-tools: on the mounted root, if there is an argument" "$(cat log)" \
	"ran --if-present --sysroot /root"
bottom 6
check "initramfs-tools: a refused image panics" grep -q '^panic: composefs' log
sed -i "s|cat /run/composefs/failed|echo why|" script
rootmnt=/root dash ./script
check "initramfs-tools: with the report, which it shows before the shell" grep -qx 'panic: why' log

# mkinitcpio.
build() { # HOOKS [SCRIPT]
	: > log
	bash -c '
		for f in add_module add_binary add_file add_systemd_unit add_symlink \
			add_runscript error; do
			eval "$f() { echo \"$f \$*\" >> log; }"
		done
		HOOKS=($1)
		. "$0"
		build' "${2-$from/mkinitcpio/install}" "$1"
}
sed "s|/usr/lib/composefs/ipe|$PWD/ipe|" "$from/mkinitcpio/install" > with-policy
build "base systemd composefs" ./with-policy
same "mkinitcpio: policies of IPE go where systemd loads them" "$(grep ipe log)" \
	"add_file $PWD/ipe/one.p7b /etc/ipe/one.p7b"
cp ipe/one.p7b ipe/other.p7b
build "base systemd composefs" ./with-policy
same "mkinitcpio: and fail in a file of another name" "$?" 1
check "mkinitcpio: which is named" grep -q "^error .*ipe/other.p7b: the policy in it" log
build "base udev block filesystems composefs"
check "mkinitcpio: one module a call" eval '[ "$(grep -c "^add_module [a-z]*$" log)" = 3 ]'
check "mkinitcpio: busybox runs the hook" grep -q '^add_runscript' log
check "mkinitcpio: and no unit" eval '! grep -q systemd_unit log'
build "base systemd block filesystems composefs"
check "mkinitcpio: systemd runs the unit" grep -qx 'add_systemd_unit composefs-setup-root.service' log
check "mkinitcpio: without which the boot fails" grep -q \
	'add_symlink .*/initrd-root-fs.target.requires/composefs-setup-root.service' log
check "mkinitcpio: and no hook" eval '! grep -q runscript log'
late() { # RC
	stub "$from/mkinitcpio/hook" "$1"
	dash -c 'err() { echo "err: $*" >> log; }
		launch_interactive_shell() { echo "shell $*" >> log; }
		. ./script; run_latehook'
}
late 0
same "mkinitcpio: the hook covers /new_root" "$(cat log)" "ran --if-present --sysroot /new_root"
late 6
check "mkinitcpio: a refused image ends in a shell that does not go on" grep -qx 'shell --exec' log

finish
