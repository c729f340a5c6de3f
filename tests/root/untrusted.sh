#!/bin/bash
# What lies on the unverified disk, and what an unsealed command line can make
# of it, does not become part of the system that is booted.
. "${CFS_SRC:?run by tests/run}/tests/root/host-lib"

host_repo
host_image first || exit 1
sealed='[etc]\nmount = "transient"\n[var]\nmount = "transient"\n'
configure() { printf '%b' "$1" > "$conf"; }

# Set-user-id programs and device nodes, tried from the directory that they are
# in: users need not be able to enter those above it.
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
plant() { # DIR
	cp /bin/bash "$1/evil"
	chmod 4755 "$1/evil"
	mknod -m 666 "$1/null" c 1 3
}
runs_as() (cd "$1" && nobody ./evil -p -c 'id -u' 2> /dev/null)
writes_to() (cd "$1" && nobody sh -c 'echo x > null' 2> /dev/null && echo device || echo refused)
chmod 755 "$disk"
submount() {
	mkdir -p "$disk/boot" "$state/var/data"
	mount -t tmpfs -o mode=755 boot "$sysroot/boot"
	mount -t tmpfs -o mode=755 data "$sysroot/state/deploy/$hex/var/data"
	plant "$sysroot/boot"
	plant "$sysroot/state/deploy/$hex/var/data"
}
plant "$disk"
plant "$state/var"
flags() { # PATH: what of nosuid and nodev a mount has
	findmnt -no OPTIONS "$1" | tr ',' '\n' | grep -x 'nosuid\|nodev' | sort | tr '\n' ' '
}
same "a set-user-id program of this test works" "$(runs_as "$disk")" 0
same "so does a device" "$(writes_to "$disk")" device
prepare=submount
configure "$sealed"
boot
booted "a system boots that remembers nothing"
for d in sysroot sysroot/boot "sysroot/state/deploy/$hex/var" \
	"sysroot/state/deploy/$hex/var/data"; do
	same "set-user-id programs at /${d/$hex/IMAGE} are not honoured" \
		"$(runs_as "$sysroot/$d")" 65534
	same "devices at /${d/$hex/IMAGE} are not honoured" \
		"$(writes_to "$sysroot/$d")" refused
done
configure ''
boot
booted "a system boots that remembers /var"
check "what is mounted below the state directory comes along" \
	test -e "$sysroot/var/data/evil"
for d in var var/data; do
	same "/$d keeps set-user-id programs" "$(runs_as "$sysroot/$d")" 0
	same "/$d keeps devices" "$(writes_to "$sysroot/$d")" device
done
check "/var/data is writable" touch "$sysroot/var/data/new"
for mode in bind overlay transient; do
	configure "[var]\nmount = \"$mode\"\noptions = \"nosuid,nodev\"\n"
	boot
	booted "a $mode /var has options"
	same "  nosuid and nodev" "$(flags "$sysroot/var")" "nodev nosuid "
done
configure '[var]\noptions = "nosuid,nodev"\n'
boot
same "what is mounted below /var has them too" "$(flags "$sysroot/var/data")" "nodev nosuid "
prepare=
reset
rm -r "${disk:?}/boot"

# A soft reboot: the physical root is the first one's /sysroot.
configure 'etc.mount = "bind"\n'
mkdir -p "$state/etc" "$TMPDIR/next"
boot
booted "a system boots"
same "its /sysroot is nosuid and nodev" "$(flags "$sysroot/sysroot")" "nodev nosuid "
check "the next one boots from it" composefs-setup-root --sysroot "$sysroot/sysroot" \
	--target "$TMPDIR/next" --config "$conf" --cmdline "$cmdline"
same "and /etc and /var are as they were" \
	"$(flags "$TMPDIR/next/etc")$(flags "$TMPDIR/next/var")" ""
same "writable" "$(touch "$TMPDIR/next/etc/x" "$TMPDIR/next/var/x" 2>&1)" ""
same "and /sysroot still is" "$(flags "$TMPDIR/next/sysroot")" "nodev nosuid "
umount -R "$TMPDIR/next"
reset
rm -rf "${state:?}/etc"

# State links into the repository
: > "$conf"
linked() { # NAME TARGET
	rm -rf "${state:?}/$1"
	ln -s "$2" "$state/$1"
}
before=$(find "$repo" | sort)
for target in /composefs ../../../composefs/objects / /state/../composefs; do
	for name in etc var; do
		rm -rf "${state:?}"
		mkdir -p "$state/var"
		linked $name $target
		boot
		failed "$name that leads to $target is refused" 9 "leads into the repository"
	done
done
same "nothing is made in the repository" "$(find "$repo" | sort)" "$before"
rm -rf "${state:?}"
mkdir -p "$state/var" "$disk/state/shared"
linked var ../../shared
boot
booted "a link to a directory beside it is followed"

# A mount that calls itself a composefs: root= and rootflags= can make one.
mkdir -p "$TMPDIR/evil/usr/lib" "$TMPDIR/empty"
echo ID=evil > "$TMPDIR/evil/usr/lib/os-release"
pretend() { # TYPE SOURCE OPTIONS
	reset
	mount --bind "$disk" "$sysroot"
	mount -t "$1" -o "$3" "$2" "$sysroot" || echo "  cannot pretend"
	composefs-setup-root --sysroot "$sysroot" --config "$conf" \
		--cmdline "$cmdline" > "$TMPDIR/out" 2> "$TMPDIR/err"
	status=$?
}
pretended() { # NAME
	[ "$status" = 7 ] && grep -qF "is mounted from '" "$TMPDIR/err" &&
		[ ! -e /run/composefs/booted ]
	report $? "$1" || tell
	umount "$sysroot"
}
layers=lowerdir=$TMPDIR/evil:$TMPDIR/empty
other=$(printf '0%.0s' {1..64})
pretend overlay composefs:x "$layers"
pretended "an overlay of any name is not taken for the system"
pretend overlay "composefs:$other" "$layers"
pretended "nor one named after another image"
pretend overlay "transient:composefs=$other" "$layers"
pretended "nor a transient one"
pretend tmpfs "composefs:$hex" size=1m
pretended "nor what is no overlay"
pretend tmpfs "transient:composefs=" size=1m
pretended "whatever its name"
insecure=$cmdline
cmdline=${cmdline/\?/}
pretend overlay "composefs:$hex" "$layers"
pretended "nor one that is not verified although it must be"
configure '[boot]\nallow-insecure = false\n'
pretend overlay "composefs:$hex" "$layers,metacopy=on,verity=require"
pretended "nor one of plain files with verity=require, where nothing may be insecure"
configure '[keys]\nrequire-signed = true\n'
cmdline=$insecure
pretend overlay "composefs:$hex" "$layers"
pretended "nor one that nobody asked for a signature"
: > "$conf"
pretend overlay "composefs:$hex" "$layers"
same "one of an image that need not be verified is left alone" \
	"$status $(grep -c 'nothing to do' "$TMPDIR/err")" "0 1"
umount "$sysroot"
reset
mount --bind "$disk" "$sysroot"
mount -t tmpfs -o size=1m composefsx "$sysroot"
mkdir "$sysroot/composefs"
composefs-setup-root --sysroot "$sysroot" --config "$conf" --cmdline "$cmdline" 2> "$TMPDIR/err"
same "a disk that is called otherwise is a disk" \
	"$? $(grep -c 'neither meta.json' "$TMPDIR/err")" "7 1"
finish
