#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# mount.composefs with real fs-verity: which image digest= lets through, which
# objects verity does, and that Debian's says the same.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	. "${CFS_SRC:?run by tests/run}/tests/mount-disk.sh"
	mount_disk tree 1 || exit 1
	cp tree/image tree/image512
	cp tree/image tree/bare-image
	mkfs.ext4 -q -O verity -b 4096 -d tree disk 16M || exit 1
	export WORK=$TMPDIR PEER=none
	if tools=$("$CFS_SRC/deps/mkcomposefs.sh" 2> log); then
		PEER=$tools/bin/mount.composefs
	fi
	exec "$CFS_SRC/tests/vm/uml" -d disk -e WORK -e PEER "$self"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/own-folder.sh"

# Of /sbin only the link is the host's.
rm -f /sbin && mkdir -p /sbin && ln -s /usr/sbin/* /sbin/ &&
	ln -sf "$BIN/cfsctl" /sbin/mount.composefs || exit 1
ours=/sbin/mount.composefs
mkdir disk root memory
mount -t ext4 /dev/ubda disk || exit 1
while read -r object; do
	fsverity enable --hash-alg=sha256 "disk/$object" || exit 1
done < disk/enable
fsverity enable disk/image || exit 1
fsverity enable --hash-alg=sha512 disk/image512 || exit 1
# What was in use stays usable: begin anew.
umount disk && mount -t ext4 /dev/ubda disk || exit 1
digest() { fsverity measure "$1" | sed 's/^[^:]*:\([^ ]*\) .*/\1/'; }
h=$(digest disk/image)
h512=$(digest disk/image512)
o=basedir=disk/objects

read_all() {
	(cd root && "$O/tests/tools/cfsmount" -r bare good inline missing plain wrong) |
		tr '\n' ' '
}
held="EIO 0 0 ENOENT EIO EIO "
any="0 0 0 ENOENT 0 0 "
mounted() { # NAME FILES COMMAND...
	local name=$1 files=$2
	shift 2
	check "$name" "$@"
	same "$name: files" "$(read_all)" "$files"
	umount root
}
refused() { # NAME WORDS COMMAND...
	refuse "$@"
	local name=$1
	shift 2
	"$@" 2> /dev/null
	same "$name: exit status" $? 1
	check "$name: nothing is mounted" eval '! mountpoint -q root'
}

for by in "$ours" "mount -t composefs"; do
	name=${by##*/}
	mounted "$name: the right digest" "$held" $by -o $o,digest=$h disk/image root
	refused "$name: another one" "image: Image has wrong fs-verity: expected ${h512:0:64}, found $h" \
		$by -o $o,digest=${h512:0:64} disk/image root
done
mounted "in capitals" "$held" $ours -o $o,digest=${h^^} disk/image root
mounted "sha512" "$held" $ours -o $o,digest=$h512 disk/image512 root
refused "another hash of the same bytes" \
	"Failed to mount composefs disk/image: Image has wrong fs-verity" \
	$ours -o $o,digest=$h512 disk/image root
refused "the beginning of the right digest" \
	"Invalid argument: digest=${h%??}: 64 or 128 hex digits are expected" \
	$ours -o $o,digest=${h%??} disk/image root
refused "the right digest and more" "64 or 128 hex digits are expected" \
	$ours -o $o,digest=${h}00 disk/image root
refused "no digest" "No value specified for digest option" \
	$ours -o $o,digest= disk/image root
refused "not even with verity" "No value specified for digest option" \
	mount -t composefs -o $o,verity,digest= disk/image root
refused "an image without fs-verity" \
	"Failed to mount composefs disk/bare-image: Image has no fs-verity" \
	$ours -o $o,digest=$h disk/bare-image root
mount -t tmpfs memory memory && cp disk/image memory
refused "on a file system without it" \
	"Failed to mount composefs memory/image: Image has no fs-verity" \
	$ours -o $o,digest=$h memory/image root

mounted "without verity any object will do" "$any" $ours -o $o disk/image root
for option in verity tryverity; do
	mounted "$option: the objects alone" "$held" \
		$ours -o $o,$option disk/bare-image root
done
mounted "an image in memory, through a loop device" "$held" \
	$ours -o $o,verity memory/image root
mkdir memory/upper memory/work
mounted "below an upper layer objects are checked as well" "$held" $ours -o \
	$o,digest=$h,upperdir=memory/upper,workdir=memory/work disk/image root
mkdir memory/none
mounted "in the second basedir too" "$held" \
	$ours -o basedir=memory/none:disk/objects,digest=$h disk/image root

if [ -x "$PEER" ]; then
	own_folder /tmp "$CFS_SRC" "$O" "$BIN" "${PEER%/bin/*}" || exit 1
	said() { # PROGRAM ARGUMENT...: status and words up to the details
		"$@" 2> err
		echo "$? $(head -n 1 err | sed 's/\(fs-verity\).*/\1/')"
		! mountpoint -q root || { read_all; umount root; }
	}
	for options in digest=$h digest=${h^^} verity digest=${h512:0:64} ro; do
		for image in image bare-image; do
			same "$image, $options: as Debian's" \
				"$(said $ours -o $o,$options disk/$image root)" \
				"$(said "$PEER" -o $o,$options disk/$image root)"
		done
	done
	same "Debian's takes an empty digest" \
		"$(said "$PEER" -o $o,digest= disk/bare-image root)" "0 
$held"
fi
finish
