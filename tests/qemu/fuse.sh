#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Images served by FUSE on Debian's kernels, from a repository with real fs-verity:
# each mode works or says from which kernel on it would, and in each that works an
# object that is not what the image says cannot be read.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

seal() { cfsctl --insecure --repo disk.dir/repo "$@"; }
object() { # FILE: the path of its object
	seal dump-files img "/$1" | awk '{ print "disk.dir/repo/objects/" $9 }'
}
mkdir tree disk.dir
for i in bare good missing wrong; do yes $i | head -c 10000 > tree/$i; done
echo hi > tree/inline
cfsctl --repo disk.dir/repo --hash sha256 init --insecure > log &&
	seal create-image --no-propagate-usr-to-root tree img >> log || exit 1
for i in bare missing wrong; do object $i; done | sed 's|^disk.dir/||' > disk.dir/paths
mkfs.ext4 -q -O verity -b 4096 -d disk.dir disk 16M || exit 1

cat > guest <<'END'
mkdir /way && cd /way && mkdir disk root memory
mount -t ext4 /dev/vda disk || exit 2
cfsctl --repo disk/repo enable-verity || exit 2
{ read -r bare && read -r missing && read -r wrong; } < disk/paths
replace() { # OBJECT WORD
	rm "disk/$1" && yes "$2" | head -c 10000 > "disk/$1"
}
replace "$bare" bare
replace "$wrong" other
fsverity enable "disk/$wrong" || exit 2
rm "disk/$missing"
# What was in use stays usable: begin anew.
umount disk && mount -t ext4 /dev/vda disk || exit 2
# By itself, so that it can run as the first user of a namespace, too.
cat > try << 'INNER'
name=$1
shift
cd /way
if ! cfsctl --repo disk/repo mount --fuse="$@" -v img root > said 2>&1; then
	echo "$name: $(cat said)"
	exit
fi
cd root
echo "$name: $(cat ../said): $(echo $(cfsmount -r bare good inline missing wrong))"
[ "$(head -n 1 good)" = good ] || echo "$name: left other bytes in good"
cd ..
umount root
for i in 1 2 3 4 5 6 7 8 9; do
	pidof cfsctl > /dev/null || exit
	sleep 0.2
done
echo "$name: left a server"
INNER
for mode in auto passthrough overlay plain; do sh try $mode $mode; done
mount -t tmpfs none memory && mkdir memory/upper memory/work
sh try above auto --upperdir memory/upper --workdir memory/work --read-write
umount memory
chmod 666 /dev/fuse
for mode in auto passthrough overlay; do unshare -Urm sh try user-$mode $mode; done
! mount | grep /way/root
END

boot() { # SUITE
	"$CFS_SRC/tests/vm/qemu" -k "$1" -d disk -M fuse -b "$O/tests/tools/cfsmount" \
		-b cfsctl -b "$(command -v fsverity)" guest > said
	same "$1: the guest ended well" $? 0
	same "$1: nothing is left behind" "$(grep left said)" ""
}
said() { sed -n "s/^$1: //p" said; }
says() { said "$1" | grep -qF -e "$2"; }
# Of bare, good, inline, missing and wrong.
held="EIO 0 0 EIO EIO"
by_overlay="EIO 0 0 ENOENT EIO" # there the kernel itself looks for objects
passes() { # NAME MODE ERRORS: of a try
	same "$suite, --fuse=$1: mode $2, and only what the image says is read" \
		"$(said "$1")" "mode: $2: $3"
}
lacks() { # NAME WORDS
	check "$suite, $1: says which kernel has it" says "$1" "$2"
}

for suite in bookworm trixie; do
	boot $suite
	passes plain plain "$held"
	passes user-auto plain "$held"
	lacks overlay "mode overlay (needs Linux 6.16): "
	lacks user-overlay "mode overlay (needs Linux 6.16): "
	lacks user-passthrough "mode passthrough needs Linux 6.9 and root"
	lacks above "upper directory (needs Linux 6.15): "
	if [ $suite = bookworm ]; then # 6.1
		passes auto plain "$held"
		lacks passthrough "mode passthrough needs Linux 6.9 and root"
	else # 6.12
		passes auto passthrough "$held"
		passes passthrough passthrough "$held"
	fi
done

suite=sid # 7.x
boot $suite
passes auto passthrough "$held"
passes passthrough passthrough "$held"
passes overlay overlay "$by_overlay"
passes plain plain "$held"
passes above passthrough "$held"
passes user-auto overlay "$by_overlay"
passes user-overlay overlay "$by_overlay"
lacks user-passthrough "mode passthrough needs Linux 6.9 and root"
finish
