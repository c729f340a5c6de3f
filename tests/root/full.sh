#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A file system that is full, of bytes or of inodes: whatever was being done says
# so, nothing has a name that is not whole, and once there is room, the same
# command ends well.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@" > /dev/null
}
cfs() { cfsctl --repo small/repo "$@"; }
mkdir -p small tree/usr/bin tree/boot tree/sysroot tree/etc other/usr
trap 'umount small 2> /dev/null' EXIT
head -c 70000 /dev/urandom > tree/usr/bin/one
head -c 1500000 /dev/urandom > tree/usr/bin/two
for i in 1 2 3 4 5 6 7 8; do
	head -c 3000 /dev/urandom > "tree/etc/$i"
done
head -c 50000 /dev/urandom > other/usr/file
tar --sort=name -C tree -cf base.tar usr boot sysroot
tar --sort=name -C tree -cf etc.tar etc
tar --sort=name -C other -cf other.tar usr
image lay old other.tar
image lay one --gzip base.tar etc.tar
cfsctl genkey --name one key > /dev/null
sign=(--cert key/cert.pem --key key/key.pem)

# An image is there already, with its signature, and so is a tree.
cfsctl --repo before init --insecure > /dev/null
cfsctl --repo before oci pull oci:lay:old old > /dev/null
cfsctl --repo before oci sign old "${sign[@]}" > /dev/null
cfsctl --repo before create-image other kept > /dev/null || exit 1
cp -a before pulled
cfsctl --repo pulled oci pull --bootable oci:lay:one x > /dev/null || exit 1
want=$(cfsctl --repo pulled oci compute-id x)
tree=$(cfsctl --no-repo compute-id tree)

start_of() { # REPO OPTIONS: a file system of its own, with a copy of REPO
	! mountpoint -q small || umount small
	mount -t tmpfs -o "$2" full small && cp -a "$1" small/repo
}
blocks_left() { # KIB
	start_of "$from" size=16m || return
	local free
	free=$(($(stat -f -c '%a * %S' small) / 1024 - $1))
	[ "$free" -le 0 ] || fallocate -l "${free}K" small/ballast
}
inodes_left() { # N
	start_of "$from" size=16m &&
		mount -o "remount,nr_inodes=$(($(stat -f -c '%c - %d' small) + $1))" \
			small
}
make_room() {
	rm -f small/ballast
	mount -o remount,size=32m,nr_inodes=10000 small
}

# What has a name is whole: an image and a tree from before, and what the command
# makes, if it has its name.
whole() { # TAG ID
	[ "$(cfs oci compute-id "$1")" = "$2" ] && cfs mount --check "$2"
}
old=$(cfsctl --repo before oci compute-id old)
kept_whole() {
	whole old "$old" && cfs mount --check kept &&
		{ ! cfs oci inspect old | grep -q '"referrers": \[\]'; }
}
x_whole() {
	! cfs oci images | grep -q '^│ x ' || whole x "$want"
}
tree_whole() {
	! cfs images | grep -q '^│ new ' || cfs mount --check "$tree"
}
sound() { # names lead somewhere, and objects are what they should be
	cfs fsck > fsck.out 2>&1 || { cat fsck.out; return 1; }
}
not_worse() { # each object is what it was in the damaged repository, or right
	local o
	(cd small/repo/objects && find . -type f) | while read -r o; do
		cmp -s "damaged/objects/$o" "small/repo/objects/$o" ||
			cmp -s "pulled/objects/$o" "small/repo/objects/$o" ||
			return 1
	done
}
between=sound # what holds also before a command ended well

# NAME LEFT... -- COMMAND...: with so many KiB, or inodes ("3i"), left.
fills() {
	local name=$1 left bad= said=0 r
	shift
	local lefts=()
	while [ "$1" != -- ]; do
		lefts+=("$1")
		shift
	done
	shift
	for left in "${lefts[@]}"; do
		case $left in
		*i) inodes_left "${left%i}" ;;
		*) blocks_left "$left" ;;
		esac || { bad="$bad no-tmpfs"; break; }
		"$@" > out 2> err
		r=$?
		if [ $r != 0 ]; then
			said=$((said + 1))
			grep -qi 'space' err || bad="$bad $left:words"
		fi
		kept_whole && x_whole && tree_whole && $between || bad="$bad $left:left"
		make_room
		"$@" > out 2> err || bad="$bad $left:again"
		$verify || bad="$bad $left:not-made"
		[ -z "$(find small/repo -name '.tmp-*')" ] || bad="$bad $left:temporary"
		kept_whole && sound || bad="$bad $left:after"
		[ "$bad" = "" ] || [ -s shown ] || { sed 's/^/  /' out err | tee shown; }
	done
	same "$name, on a full disk" "$bad" ""
	check "  which it was, $said times" test $said -gt 0
}

from=before
verify=pulled_x
pulled_x() { whole x "$want" && cfs oci inspect x | grep -q '"composefs_boot_erofs": "'; }
fills "oci pull" 0 4 64 400 1000 1500 1600 1660 1i 3i 9i 20i -- \
	cfsctl --repo small/repo oci pull --bootable oci:lay:one x
copied_x() { whole x "$want"; }
verify=copied_x
fills "oci copy" 0 4 64 400 1000 1500 1600 1660 1i 3i 9i 20i -- \
	cfsctl --repo small/repo oci copy x --from pulled --name x
created() { [ "$(cfs images | grep -c '│ new ')" = 1 ] && cfs mount --check "$tree"; }
verify=created
fills "create-image" 0 4 64 400 1000 1500 1580 1i 3i 9i 12i -- \
	cfsctl --repo small/repo create-image tree new

# Messages name the space.
blocks_left 400
refuse "a pull that cannot succeed is refused before it stores anything" \
	"has 0.39 MiB of free space, and the missing layers take at least 1." \
	cfs oci pull oci:lay:one x
same "  and stores nothing" "$(find small/repo/objects -type f | wc -l)" \
	"$(find before/objects -type f | wc -l)"
refuse "create-image says that there is no space" "No space left" \
	cfs create-image tree new

from=pulled
signed() { cfs oci verify x --cert key/cert.pem > out; }
verify=signed
fills "oci sign" 0 4 8 1i 2i 4i -- \
	cfsctl --repo small/repo oci sign x "${sign[@]}"
sealed() { cfs oci inspect x --config | grep -q containers.composefs; }
verify=sealed
fills "oci seal --label" 0 4 8 16 1i 2i 4i -- \
	cfsctl --repo small/repo oci seal --label x

# Reading needs no room, and neither does removing.
cp -a pulled garbage
cfsctl --repo garbage oci untag x > /dev/null
from=garbage
for left in 0 0i; do
	case $left in
	*i) inodes_left 0 ;;
	*) blocks_left 0 ;;
	esac
	for command in fsck images "oci images" "oci fsck" "gc --dry-run"; do
		# shellcheck disable=SC2086 # a list of words
		check "$left left: $command" quiet cfs $command
	done
	check "$left left: oci untag" quiet cfs oci untag old
	check "$left left: gc" quiet cfs gc
	check "  made room" test "$(du -sk small/repo | cut -f1)" -lt 800
	check "  and what has a name is whole" eval 'cfs mount --check kept && sound'
done

# Repair.
cp -a pulled damaged
for o in damaged/objects/*/*; do
	if cmp -s "$o" tree/usr/bin/two; then
		rm "$o"
	elif cmp -s "$o" tree/usr/bin/one; then
		echo damaged > "$o"
	fi
done
rm "damaged/objects/${want:0:2}/${want:2}"
from=damaged between=not_worse
repaired() { diff -r --no-dereference pulled small/repo; }
verify=repaired
x_whole() { :; } # it was not from the start
fills "oci fsck --repair" 0 4 64 400 1000 1500 1i 2i -- \
	cfsctl --repo small/repo oci fsck --repair --from oci:lay
fills "fsck --repair" 0 4 64 400 1000 1500 1i 2i -- \
	cfsctl --repo small/repo fsck --repair --from pulled
finish
