#!/bin/bash
# mount.composefs: every option, on this machine's kernel (which need not have
# fs-verity), by itself and through mount(8); what stays afterwards: nothing.
# In a mount namespace of its own.
if [ -z "${CFS_NAMESPACE-}" ]; then
	CFS_PEER=$("${CFS_SRC:?run by tests/run}/deps/mkcomposefs.sh" 2> /dev/null)
	export CFS_PEER
fi
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/mount-disk.sh"
grep -q erofs /proc/filesystems && grep -q overlay /proc/filesystems ||
	skip "this kernel has no erofs or no overlay"

# mount(8) looks for helpers in /sbin.
mkdir sbin && ln -s "$BIN/cfsctl" sbin/mount.composefs &&
	mount -t overlay -o "lowerdir=$TMPDIR/sbin:/usr/sbin" sbin /usr/sbin ||
	skip "no place for a mount helper"
ours=/usr/sbin/mount.composefs

mount_disk disk 1 || exit 1
mkdir root
modern=$("$O/tests/tools/cfsmount" disk/image disk/objects root)
case $modern in
"file fd") umount root ;;
*) skip "this kernel mounts by: $modern" ;;
esac
read_all() { # FILE...
	local f
	for f in "$@"; do
		cat "root/$f" 2>&1 > /dev/null | sed 's/.*: //' | grep . || echo 0
	done | tr '\n' ' '
}
all="0 0 0 No such file or directory "
loops() { losetup -nO BACK-FILE | grep -c "$TMPDIR/"; }
mounts() { grep -c "$TMPDIR/" /proc/self/mountinfo; }
before=$(mounts)
flags() { # the mount's own and the file system's
	findmnt -no VFS-OPTIONS,FS-OPTIONS root
}
has() { flags | tr ' ' ',' | tr , '\n' | grep -qx -e "$1"; }
gone() { # unmounts; a loop device goes a moment later
	umount root || return 1
	for _ in $(seq 2000); do
		[ "$(loops)" != 0 ] || break
		sleep 0.1
	done
	[ "$(loops)" = 0 ] && [ "$(mounts)" = "$before" ] && ! ls -d /run/.mount* 2> /dev/null
}
mounted() { # NAME COMMAND...: it mounts, and shows the image
	local name=$1
	shift
	check "$name" "$@"
	same "$name: files" "$(read_all bare good inline missing)" "$all"
}
refused() { # NAME WORDS COMMAND...: it fails with 1, and leaves nothing
	refuse "$@"
	local name=$1
	shift 2
	"$@" 2> /dev/null
	same "$name: exit status" $? 1
	check "$name: nothing is left" eval '[ "$(mounts)" = "$before" ] &&
		[ "$(loops)" = 0 ] && ! ls -d /run/.mount* 2> /dev/null'
}

for by in "$ours" "mount -t composefs"; do
	name=${by##*/}
	mounted "$name" $by -o basedir=disk/objects disk/image root
	same "$name: source and type" "$(findmnt -no SOURCE,FSTYPE root | tr -s ' ')" \
		"composefs overlay"
	check "$name: one mount" [ "$(mounts)" = $((before + 1)) ]
	check "$name: read-only, as there is no upper layer" eval \
		'! touch root/x 2> /dev/null'
	same "$name: only the image's names" "$(ls root | tr '\n' ' ')" \
		"bare good inline missing plain wrong "
	check "$name: gone" gone
done
check "the options may come last" $ours disk/image root -o basedir=disk/objects
check "the same program by cfsctl" eval 'gone &&
	cfsctl mount.composefs -o basedir=disk/objects disk/image root'
check "gone" gone

# More than one place for objects, with names that need escapes.
mkdir 'a,b' 'c\d'
mv disk/objects 'a,b/o'
mkdir -p disk/objects empty/objects
mounted "several basedirs, the last has them" \
	$ours -o 'basedir=disk/objects:empty/objects:a\,b/o' disk/image root
check "gone" gone
mounted "through mount(8), with a comma" \
	mount -t composefs -o 'ro,basedir=a\,b/o,nodev' disk/image root
check "what comes after it" has nodev
check "gone" gone
mv 'a,b/o' 'c\d/o'
mounted "through mount(8), with a backslash" \
	mount -t composefs -o 'ro,basedir=disk/objects:c\\d/o' disk/image root
check "gone" gone
mv 'c\d/o/'* disk/objects/
many=disk/objects
for i in $(seq 30); do mkdir "empty/$i" && many=$many:empty/$i; done
mounted "thirty-one basedirs" $ours -o "basedir=$many" disk/image root
check "gone" gone

# Flags.
o=basedir=disk/objects
o_abs=basedir=$PWD/disk/objects
$ours -o $o disk/image root
check "rw is the default" eval '[ "$(findmnt -no VFS-OPTIONS root)" = rw,relatime ]'
umount root
$ours -o $o,ro,nosuid,nodev,noexec,noatime disk/image root
for flag in ro nosuid nodev noexec noatime; do check "$flag" has $flag; done
umount root
$ours -o $o,ro,nosuid,nodev,noexec,noatime,rw,suid,dev,exec,relatime disk/image root
same "the last of opposites counts" "$(findmnt -no VFS-OPTIONS root)" rw,relatime
umount root
mount -t composefs -o $o,ro,nosuid,nodev disk/image root
for flag in ro nosuid nodev; do check "$flag by mount(8)" has $flag; done
umount root

# What a line of fstab may have beside: for mount(8), for systemd, for any file
# system.
while read -r options; do
	echo "$PWD/disk/image $PWD/root composefs $options,$o_abs 0 0" > fstab
	mounted "in fstab: $options" mount -T fstab "$PWD/root"
	check "gone" gone
done <<- END
	defaults,nofail
	nofail,x-systemd.automount
	_netdev
	user,noauto
	users
	owner
	group
	auto,comment=x
	nodiratime
	strictatime
	lazytime
	nosymfollow
	sync
	dirsync
	iversion
	silent
END
for flag in nodiratime nosymfollow; do
	mount -t composefs -o $o,$flag disk/image root
	check "$flag" has $flag
	umount root
done
mount -t composefs -o $o,strictatime disk/image root
same "strictatime" "$(findmnt -no VFS-OPTIONS root)" rw
umount root
mount -t composefs -o $o,user disk/image root
for flag in nosuid nodev noexec; do check "user: $flag" has $flag; done
umount root
$ours -o $o,owner disk/image root
check "owner" eval 'has nosuid && has nodev && ! has noexec'
umount root
mount -t composefs -o $o,user,exec,dev disk/image root
check "user, but" eval 'has nosuid && ! has nodev && ! has noexec'
umount root
refused "unknown options" "Unsupported option nonsense" \
	$ours -o $o,nonsense disk/image root
mounted "unknown options, sloppily" \
	mount -s -t composefs -o $o,nonsense disk/image root
check "gone" gone
mounted "not sloppily: remount" $ours -o $o disk/image root
refuse "remount" "Unsupported option remount" \
	mount -s -t composefs -o remount,ro,$o disk/image root
check "gone" gone

# Upper layer.
mkdir upper work
mounted "an upper layer" \
	$ours -o $o,upperdir=upper,workdir=work disk/image root
echo new > root/inline
same "takes what is written" "$(cat upper/inline)" new
check "and what of an object is changed" eval 'echo more >> root/good &&
	cmp upper/good <(yes good | head -c 10000; echo more)'
check "gone" gone
mount -t composefs -o $o,upperdir=upper,workdir=work disk/image root
same "is used again" "$(cat root/inline)" new
umount root
$ours -o $o,upperdir=upper,workdir=work,ro disk/image root
check "ro holds for it" eval '! touch root/x 2> /dev/null'
umount root
$ours -o $o,upperdir=upper,workdir=work,sync disk/image root
check "sync is the overlay's" has sync
umount root
refused "no such upper layer" \
	"Failed to mount composefs disk/image: open upperdir none: No such file" \
	$ours -o $o,upperdir=none,workdir=work disk/image root
refused "nor work directory" \
	"Failed to mount composefs disk/image: open workdir none: No such file" \
	$ours -o $o,upperdir=upper,workdir=none disk/image root
refused "no such basedir" \
	"Failed to mount composefs disk/image: open basedir none: No such file" \
	$ours -o $o:none disk/image root
refused "no such mount point" "at none: No such file" \
	$ours -o $o disk/image none
refused "a file as a mount point" "at disk/dump: Invalid argument" \
	$ours -o $o disk/image disk/dump
refused "mount(8) passes the failure on" "Failed to mount composefs disk/dump" \
	env LC_ALL=C $ours -o $o disk/dump root
mount -t composefs -o $o,digest= disk/image root 2> err
same "with its exit status" $? 1
check "and its words" grep -q "No value specified for digest option" err
ln -s root link
check "a link to the mount point is followed" $ours -o $o disk/image link
check "gone" gone

# Verity: without fs-verity, no object can be read. What the image has can.
none="Input/output error Input/output error 0 No such file or directory "
for option in verity tryverity; do
	if $ours -o $o,$option disk/image root; then
		same "$option" "$(read_all bare good inline missing)" "$none"
		check "$option: is on" has verity=require
		umount root
	else
		check "$option" false
	fi
done
h=$(fsverity digest --compact disk/image)
refused "digest= is no matter of bytes" "disk/image: Image has no fs-verity" \
	$ours -o $o,digest=$h disk/image root
refused "tryverity does not soften it" "disk/image: Image has no fs-verity" \
	$ours -o $o,tryverity,digest=$h disk/image root

# Owners.
sleep 1000 & other=$!
unshare -U sleep 1000 & mapped=$!
ids=100000
for _ in $(seq 2000); do
	[ "$(readlink /proc/$mapped/ns/user)" = "$(readlink /proc/$other/ns/user)" ] ||
		break
	sleep 0.1
done
echo "0 $ids 65536" > /proc/$mapped/uid_map
echo "0 $ids 65536" > /proc/$mapped/gid_map
mounted "idmap" $ours -o $o,idmap=/proc/$mapped/ns/user disk/image root
same "idmap: owners" "$(stat -c %u:%g root/inline root/good | sort -u)" \
	"$ids:$ids"
check "gone" gone
check "idmap by mount(8), with an upper layer" mount -t composefs \
	-o $o,idmap=/proc/$mapped/ns/user,upperdir=upper,workdir=work disk/image root
same "its owners are as they are there" "$(stat -c %u:%g root/inline root/bare)" \
	"$(printf '0:0\n%s' "$ids:$ids")"
check "gone" gone
refused "our own user namespace maps nothing" \
	"Failed to mount composefs disk/image: map its owners: Operation not permitted" \
	$ours -o $o,idmap=/proc/$other/ns/user disk/image root
refused "what is no user namespace" \
	"Failed to mount composefs disk/image: map its owners: Invalid argument" \
	$ours -o $o,idmap=/dev/null disk/image root
kill $other

# Where the kernel cannot read the file itself: a loop device.
mkdir memory && mount -t tmpfs memory memory && before=$(mounts)
cp disk/image memory/image
mounted "an image in memory" $ours -o $o memory/image root
check "goes with its loop device" gone
mounted "and with owners mapped" \
	$ours -o $o,idmap=/proc/$mapped/ns/user memory/image root
same "loop, idmap: owners" "$(stat -c %u root/good)" "$ids"
check "goes with its loop device" gone
if dev=$(losetup -r -f --show disk/image); then
	mounted "an image that is a disk" $ours -o $o "$dev" root
	umount root
	losetup -d "$dev"
fi
kill $mapped

# Older kernels need a place for a while, or one string.
inject() { # CALLS ARGUMENT...: mounts, each of CALLS to fsconfig failing
	local when=()
	for n in $1; do when+=(-e "inject=fsconfig:error=EINVAL:when=$n"); done
	shift
	strace -o trace -e trace=fsconfig,move_mount "${when[@]}" "$ours" "$@"
}
if command -v strace > /dev/null; then
	strace -o trace -e trace=fsconfig $ours -o $o disk/image root
	umount root
	n=$(grep -n FSCONFIG_SET_FD trace | head -n 1 | cut -d : -f 1)
	mounted "without layers by descriptor" inject "$n" -o $o disk/image root
	check "by names" grep -q 'SET_STRING, "datadir+"' trace
	check "with a place that is gone" gone
fi

# Other namespaces: only the mount point is looked up there.
mkdir elsewhere
unshare -m --propagation private sh -c 'mount -t tmpfs x elsewhere &&
	mkdir elsewhere/root && echo up > ready && exec sleep 1000' & far=$!
for _ in $(seq 2000); do
	[ ! -s ready ] || break
	sleep 0.1
done
there() { nsenter -t $far -m "$@"; }
for by in "$ours" "mount -t composefs"; do
	check "${by##*/} -N" $by -N $far -o "basedir=$PWD/disk/objects" \
		"$PWD/disk/image" "$PWD/elsewhere/root"
	check "${by##*/} -N: it is there" cmp <(yes good | head -c 10000) \
		<(there cat "$PWD/elsewhere/root/good")
	there umount "$PWD/elsewhere/root"
done
same "and not here" "$(mounts)" "$before"
refused "no such namespace" "enter the namespace none: No such file" \
	$ours -N none -o $o disk/image root
kill $far
check "mount -f mounts nothing" mount -f -t composefs -o $o disk/image root
same "indeed" "$(mounts)" "$before"
check "mount -v -n -s" mount -v -n -s -t composefs -o $o disk/image root
check "gone" gone
echo "$PWD/disk/image $PWD/root composefs basedir=$PWD/disk/objects,ro,noauto,x-a=b" > fstab
check "by a line of fstab" mount -T fstab "$PWD/root"
check "ro of fstab" has ro
check "gone" gone

# A peer mounts the same, in these respects.
peer=${CFS_PEER-}/bin/mount.composefs
if [ -x "$peer" ] && own_folder /tmp "$CFS_SRC" "$O" "$BIN" "$TMPDIR" "$CFS_PEER"; then
	before=$(mounts)
	seen() { # PROGRAM OPTIONS
		"$1" -o "$2" disk/image root || return
		findmnt -no SOURCE,FSTYPE,VFS-OPTIONS root
		# names of layers are shown differently
		findmnt -no FS-OPTIONS root | tr , '\n' | grep -v '^\(upper\|work\|lower\|data\)dir'
		(cd root && find . -printf '%p %y %m %n %U %G %s %T@\n' | sort)
		read_all bare good inline missing plain wrong
		umount root
	}
	unshare -U sleep 1000 & mapped=$!
	for _ in $(seq 2000); do
		echo "0 $ids 65536" > /proc/$mapped/uid_map && break
		sleep 0.1
	done 2> /dev/null
	echo "0 $ids 65536" > /proc/$mapped/gid_map
	upper=upperdir=upper,workdir=work
	for options in $o $o,ro $o,rw $o,verity $o,tryverity "$o:empty/objects" \
		$o,$upper $o,$upper,ro "$o,idmap=/proc/$mapped/ns/user"; do
		seen $ours "$options" > ours.seen
		seen "$peer" "$options" > peer.seen
		check "the same as Debian's: $options" diff ours.seen peer.seen
	done
	kill $mapped
fi
same "no mount is left" "$(mounts)" "$before"
same "no loop device is left" "$(loops)" 0
finish
