#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# tests/vm/selftest.sh: do the machines that run our tests work? TAP.
#
# Usage: tests/vm/selftest.sh [uml|qemu]...      (default: both)
# Time:  20 s, with the kernels already in the cache
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d "${TMPDIR:-/tmp}/selftest.XXXXXX")
trap 'rm -rf "${dir:?}"' EXIT
n=0 bad=0

# expect NAME STATUS TEXT COMMAND...: exit status STATUS, output has TEXT
expect() {
	local name=$1 want=$2 text=$3 status=0
	shift 3
	n=$((n + 1))
	"$@" >"$dir/out" 2>&1 || status=$?
	if [ "$status" = "$want" ] &&
		{ [ -z "$text" ] || grep -qF -e "$text" "$dir/out"; }; then
		echo "ok $n - $name"
	else
		bad=$((bad + 1))
		echo "not ok $n - $name"
		echo "  exit $status, want $want and '$text'"
		sed 's/^/  /' "$dir/out"
	fi
}

# What every test of ours needs of a kernel. Runs by busybox's sh and by bash.
# The digest is that of "hello" and a line end: fsverity digest, version 1.5.
cat >"$dir/verity" <<'SCRIPT'
set -e
truncate -s 8M image
mke2fs -q -t ext4 -O verity -b 4096 image
mkdir m
mount -o loop image m
echo hello > m/f
fsverity enable m/f
fsverity measure m/f
keyctl show %keyring:.fs-verity | grep 'keyring: .fs-verity'
mkdir -p /sysroot
exit 7
SCRIPT
digest=sha256:9c76eecc7b76fcb46199cb27b90cf59a660e10575bb0412128905129d5b1c2aa
echo 'modprobe erofs && grep -w erofs /proc/filesystems' >"$dir/modules"
echo 'cat /proc/cmdline' >"$dir/cmdline"
cat >"$dir/disk" <<'SCRIPT'
disk=/dev/$(sed 's/.*disk=\([a-z]*\).*/\1/' /proc/cmdline)
head -c 4 "$disk"
printf new: >"$disk"
sync
SCRIPT
echo 'sleep 600' >"$dir/sleep"
echo 'echo login: here; sleep 600' >"$dir/login"
echo 'printf "(initramfs) "; sleep 600' >"$dir/prompt"
echo 'echo c >/proc/sysrq-trigger; sleep 600' >"$dir/panic"
printf 'old:' >"$dir/image"
truncate -s 1M "$dir/image"

uml() {
	local vm=tests/vm/uml
	expect 'uml: fs-verity, its keyring, exit status' 7 "$digest" \
		$vm "$dir/verity"
	expect 'uml: kernel arguments' 0 ' composefs.digest=abc' \
		$vm "$dir/cmdline" composefs.digest=abc
	expect 'uml: modules can be loaded' 0 erofs $vm "$dir/modules"
	expect 'uml: a disk is read' 0 old: $vm -d "$dir/image" "$dir/disk" disk=ubda
	expect 'uml: and not written' 0 old: head -c 4 "$dir/image"
	expect 'uml: a disk is written when asked' 0 old: \
		$vm -D "$dir/image" "$dir/disk" disk=ubda
	expect 'uml: and keeps it' 0 new: head -c 4 "$dir/image"
	printf 'old:' | dd of="$dir/image" conv=notrunc status=none
	expect 'uml: time out' 124 'no end after 1 s' $vm -t 1 "$dir/sleep"
	tests/vm/initramfs "$dir/cpio" "$dir/cmdline"
	expect 'uml: boots an initramfs' 0 '' $vm -l "$dir/log" -i "$dir/cpio" in=boot
	expect 'uml: and logs its console' 0 in=boot cat "$dir/log"
	expect 'uml: ends at the words of -x' 98 '' $vm -t 500 -x '^login:' "$dir/login"
	tests/vm/initramfs "$dir/cpio" "$dir/prompt"
	expect 'uml: ends where nobody types' 99 '' $vm -t 500 -i "$dir/cpio"
}

qemu() {
	local vm='tests/vm/qemu -k trixie'
	# shellcheck disable=SC2086
	{
		expect 'qemu: fs-verity, its keyring, exit status' 7 "$digest" \
			$vm -b mke2fs -b fsverity -b keyctl "$dir/verity"
		expect 'qemu: kernel arguments, a disk is read' 0 old: \
			$vm -d "$dir/image" "$dir/disk" disk=vda
		expect 'qemu: and not written' 0 old: head -c 4 "$dir/image"
		expect 'qemu: modules can be loaded' 0 erofs $vm "$dir/modules"
		tests/vm/initramfs "$dir/cpio" "$dir/panic"
		expect 'qemu: a panic is no success' 99 'Kernel panic' \
			$vm -t 500 -i "$dir/cpio"
	}
}

[ $# -gt 0 ] || set -- uml qemu
for part; do
	$part
done
echo "1..$n"
[ $bad = 0 ]
