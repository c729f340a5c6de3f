#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# prepare-boot, killed wherever it changes something, and calls of it that fail:
# each entry of the partition starts what it started before, or is the new one and
# whole, and the same command then ends well.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
: "${KILL_POINTS:=8}"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

command -v strace > /dev/null || skip "needs strace"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@" > /dev/null
}
pull() { # TAG
	rm -rf lay && tar --sort=name -C tree -cf layer.tar . &&
		image lay "$1" layer.tar &&
		cfsctl --repo good/composefs oci pull --bootable "oci:lay:$1" \
			"$1" > /dev/null
}
mkdir -p good/boot tree/{boot,sysroot,usr/lib/modules/6.1}
fixture_repo good/composefs
head -c 300000 /dev/urandom > tree/usr/lib/modules/6.1/vmlinuz
head -c 300000 /dev/urandom > tree/usr/lib/modules/6.1/initramfs.img
pull one && cfsctl --repo good/composefs --insecure oci prepare-boot \
	--bootdir good/boot one > /dev/null || exit 1
head -c 300000 /dev/urandom > tree/usr/lib/modules/6.1/vmlinuz
head -c 300000 /dev/urandom > tree/usr/lib/modules/6.1/initramfs.img
pull two || exit 1
rm -r tree/usr/lib/modules
echo two > tree/usr/file
mkdir -p tree/boot/EFI/Linux/os.efi.extra.d
pull plain || exit 1
id=$(cfsctl --repo good/composefs oci compute-id --bootable plain)
fixture_pe tree/boot/EFI/Linux/os.efi ".linux=$(head -c 90000 /dev/zero |
	tr '\0' x)" ".cmdline=composefs.digest=?v1-sha512-12:$id"
fixture_pe tree/boot/EFI/Linux/os.efi.extra.d/a.addon.efi .cmdline=debug
pull uki || exit 1

fresh() {
	rm -rf sysroot && cp -a good sysroot
}
# Every file that a present entry starts is that of one of the images, and so is
# its image, which has a place for its state.
sound() {
	local entry file id
	for entry in sysroot/boot/loader/entries/*.conf; do
		while read -r file; do
			cmp -s "sysroot/boot$file" "done/boot$file" ||
				return 1
		done < <(sed -n 's/^\(linux\|initrd\) //p' "$entry")
		id=$(sed -n 's/^options .*-12:\([0-9a-f]*\).*/\1/p' "$entry")
		[ -d "sysroot/state/deploy/$id/etc/upper" ] &&
			[ -d "sysroot/state/deploy/$id/etc/work" ] &&
			[ -d "sysroot/state/deploy/$id/var" ] &&
			cfsctl --repo sysroot/composefs mount --check "$id" ||
			return 1
	done
	for entry in sysroot/boot/EFI/Linux/*.efi; do
		[ ! -e "$entry" ] || { cmp -s "$entry" done/boot/EFI/Linux/os.efi &&
			cmp -s "$entry.extra.d/a.addon.efi" \
				done/boot/EFI/Linux/os.efi.extra.d/a.addon.efi &&
			[ -d "sysroot/state/deploy/$id/var" ]; } || return 1
	done
}
finishes() {
	sound && "${command[@]}" > /dev/null && diff -r done/boot sysroot/boot &&
		diff -r done/state sysroot/state
}
prepared() { # TAG: the command, and what it is to leave
	command=(cfsctl --repo sysroot/composefs --insecure oci prepare-boot
		--bootdir sysroot/boot "$1")
	fresh && "${command[@]}" > /dev/null && rm -rf done && cp -a sysroot done
}
prepared two || exit 1
kill_everywhere "an entry" fresh finishes "${command[@]}"

# Calls that fail.
fails_at() { # CALL ERROR WORDS WHEN
	local n
	for n in $4; do
		fresh
		strace -f -qq -o /dev/null -e trace="$1" \
			-e inject="$1:error=$2:when=$n" "${command[@]}" \
			> out 2>&1
		check "$1 fails with $2 (call $n): told" grep -q "$3" out
		check "  no temporary file is left" eval \
			'[ -z "$(find sysroot/boot -name ".*")" ]'
		check "  and the next one ends well" finishes
	done
}
fails_at write ENOSPC 'No space left' '1 2 3 4 5'
fails_at fsync EIO 'Input/output error' '1 2 3 4 5'
fails_at syncfs EIO 'Input/output error' '1 2 3'
fails_at renameat EIO 'Input/output error' '1 2 3'

prepared uki || exit 1
kill_everywhere "a unified kernel image" fresh finishes "${command[@]}"
finish
