#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What systemd-boot makes of the entries that `cfsctl deploy` writes: a version on
# trial is started as often as it has tries, and then the one before by itself.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/fixture.sh"
command -v mformat > /dev/null || skip "no mformat (package mtools)"
command -v qemu-system-x86_64 > /dev/null || skip "no qemu-system-x86_64"
"$CFS_SRC/deps/secure-boot.sh" > made.log 2>&1 || { cat made.log; skip "no firmware"; }
kernel=$("$CFS_SRC/deps/debian-kernel.sh" trixie 2> made.log) || { cat made.log; skip "no kernel"; }

# Each version has an initramfs that says which it is and ends the machine.
fixture_rootfs tree
mkdir -p sys boot tree/usr/lib/modules/6.1
cp "$kernel/vmlinuz" tree/usr/lib/modules/6.1/vmlinuz
fixture_repo sys/composefs
deploy() { # NUMBER OPTION...
	printf '#!/bin/sh\necho "VERSION %s" > /dev/console\n' "$1" > script
	echo "$1" > tree/usr/version
	rm -f tree/usr/lib/modules/6.1/initramfs.img
	"$CFS_SRC/tests/vm/initramfs" tree/usr/lib/modules/6.1/initramfs.img script
	cfsctl --repo sys/composefs create-image tree os-"$1" > /dev/null
	cfsctl deploy --sysroot sys --boot-dir boot --insecure "${@:2}" os-"$1"
}
read -r -a kargs <<< "$("$CFS_SRC/tests/vm/qemu" -C)"
options=()
for karg in "${kargs[@]}"; do
	options+=(--cmdline "$karg")
done

make_fat() { # SUITE: of the loader
	local stub
	stub=$("$CFS_SRC/deps/efi-stub.sh" "$1" 2> made.log) || { cat made.log; skip "no systemd-boot"; }
	echo "timeout 0" > boot/loader/loader.conf
	rm -f fat
	truncate -s 128M fat
	mformat -i fat -F ::
	mcopy -i fat -s boot/* ::
	mmd -i fat ::EFI ::EFI/BOOT
	mcopy -i fat "$stub/systemd-bootx64.efi" ::EFI/BOOT/BOOTX64.EFI
}
start() { # prints the version that was started
	"$CFS_SRC/tests/vm/qemu" -E fat -l log -t 300
	grep -a -o 'VERSION [0-9]*' log | head -n 1
}
entries() { mdir -b -i fat ::loader/entries | sed 's|.*/||' | sort | xargs; }

quiet deploy 1 "${options[@]}"
first=$(ls boot/loader/entries)
mv "boot/loader/entries/$first" "boot/loader/entries/${first%+*}.conf" # as blessed
first=${first%+*}.conf
quiet deploy 2 --tries 2
second=$(ls boot/loader/entries | grep -vFx "$first")
same "the second version has two tries" "${second##*+}" 2.conf
second=${second%+2.conf}
for suite in trixie bookworm; do
	make_fat $suite
	same "$suite: the version on trial is started" "$(start)" "VERSION 2"
	same "  which takes a try" "$(entries)" "$(printf '%s\n' "$first" "$second+1-1.conf" | sort | xargs)"
	same "  and a second one" "$(start)" "VERSION 2"
	same "  that was its last" "$(entries)" "$(printf '%s\n' "$first" "$second+0-2.conf" | sort | xargs)"
	same "  the one before is started by itself" "$(start)" "VERSION 1"
	same "  and what failed stays so" "$(entries)" "$(printf '%s\n' "$first" "$second+0-2.conf" | sort | xargs)"
done
# As systemd-bless-boot would have done after the first try.
make_fat trixie
mren -i fat "::loader/entries/$second+2.conf" "$second.conf"
same "a version that was blessed is started from then on" "$(start)" "VERSION 2"
same "  without a count" "$(entries)" "$(printf '%s\n' "$first" "$second.conf" | sort | xargs)"
finish
