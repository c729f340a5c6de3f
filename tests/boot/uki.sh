#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Unified kernel images by `cfsctl uki`, with systemd's stubs of several Debians and
# for several machines: read by other tools, and booted by firmware from FAT.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
firmware=/usr/share/OVMF/OVMF_CODE_4M.fd
[ -e $firmware ] || skip "no $firmware (package ovmf)"
command -v mformat > /dev/null || skip "no mformat (package mtools)"
kernel=$("$CFS_SRC/deps/debian-kernel.sh" trixie) || exit 1

cat > guest <<'END'
echo "ARGS $(cat /proc/cmdline)"
exit 0
END
"$CFS_SRC/tests/vm/initramfs" initrd guest || exit 1
modules=tree/usr/lib/modules/$(cat "$kernel/kver")
mkdir -p tree/{boot,sysroot} "$modules"
cp "$kernel/vmlinuz" "$modules/vmlinuz"
cp initrd "$modules/initramfs.img"
echo ID=x > tree/usr/lib/os-release
fixture_repo repo
cfsctl --repo repo create-image tree os > /dev/null || exit 1
id=$(basename "$(readlink repo/images/refs/os)")
karg="composefs.digest=?v1-sha512-12:$id"

section() { # FILE NAME
	objcopy -O binary --dump-section "$2=section.out" "$1" section.rest &&
		cat section.out
}
make() { # STUB OPTION...
	cfsctl --repo repo --insecure uki --force -o out.efi --stub "$@" os > /dev/null
}
# A reader that is written in another language has no complaint but those that
# it has about the stub, too.
is_sound() { # STUB
	/usr/bin/python3 - "$1" out.efi <<'END'
import pefile, sys
stub, uki = (pefile.PE(f) for f in sys.argv[1:])
assert uki.get_warnings() == stub.get_warnings(), uki.get_warnings()
assert uki.verify_checksum()
align = uki.OPTIONAL_HEADER.SectionAlignment
for s in uki.sections[len(stub.sections):]:
    assert s.VirtualAddress % align == 0, s
for a, b in zip(stub.sections, uki.sections):
    assert a.Name == b.Name and a.get_data() == b.get_data(), a
assert uki.OPTIONAL_HEADER.SizeOfImage % align == 0
END
}
# Starts out.efi as firmware does from a removable disk.
boot() {
	truncate -s 128M esp && mformat -i esp -F :: && mmd -i esp ::EFI ::EFI/BOOT &&
		mcopy -i esp out.efi ::EFI/BOOT/BOOTX64.EFI || return 1
	cp /usr/share/OVMF/OVMF_VARS_4M.fd vars
	# shellcheck disable=SC2046 # several words
	timeout 600 qemu-system-x86_64 -M q35 $("$CFS_SRC/tests/vm/qemu" -A) -m 512M \
		-display none -vga none -net none -no-reboot -monitor none \
		-serial file:console -drive file=esp,format=raw,if=virtio,snapshot=on \
		-drive if=pflash,unit=0,format=raw,readonly=on,file=$firmware \
		-drive if=pflash,unit=1,format=raw,file=vars < /dev/null
	grep -aq 'CFS-VM-EXIT 0' console
}

for suite in bookworm trixie; do
	stub=$("$CFS_SRC/deps/efi-stub.sh" $suite)/linuxx64.efi.stub || exit 1
	check "$suite: the stub takes the sections" make "$stub" --cmdline \
		"console=ttyS0 no_timer_check panic=-1"
	check "  which others read" is_sound "$stub"
	check "  as they were" eval \
		'section out.efi .initrd | cmp - initrd &&
		section out.efi .linux | cmp - "$kernel/vmlinuz"'
	check "  and which firmware starts" boot
	check "  with the arguments" grep -aqF \
		"ARGS console=ttyS0 no_timer_check panic=-1 $karg" console
done

# Programs for 32 bits have other headers; a kernel for 64 is started by them, too.
stub=$("$CFS_SRC/deps/efi-stub.sh" bookworm:i386)/linuxia32.efi.stub || exit 1
check "a stub for 32 bits" make "$stub"
check "  is sound" is_sound "$stub"
stub=$("$CFS_SRC/deps/efi-stub.sh" trixie:arm64)/linuxaa64.efi.stub || exit 1
fixture_stub arm 0xaa64
check "a stub for aarch64" make "$stub" --kernel arm
check "  is sound" is_sound "$stub"
finish
