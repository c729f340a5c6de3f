#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A Debian from one version to the next by firmware, systemd-boot, Debian's kernel and
# its systemd, without a stand-in for any of them. Running, version 1 deploys version
# 2, which is started on trial and blessed by systemd-bless-boot. Version 3 fails a
# check, and after two tries the machine is back in version 2 by itself.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"
command -v mformat > /dev/null || skip "no mformat (package mtools)"

# dep NAME ARG...: prints the folder that deps/NAME makes
dep() {
	"$CFS_SRC/deps/$1" "${@:2}" 2> piece.log && return
	tail -n 30 piece.log >&2
	return 1
}
dep secure-boot.sh > /dev/null || skip "no firmware"
loader=$(dep efi-stub.sh trixie) || skip "no systemd-boot"
blessing=$(dep systemd-boot.sh) || skip "no systemd-bless-boot"
kernel=$(dep debian-kernel.sh trixie) || skip "no kernel"
kver=$(cat "$kernel/kver")
system=$(piece system) || exit
initrd=$(signed_initramfs "$kernel" virtio_pci virtio_blk) || exit

# The Debian of the demonstration with kernel, initramfs, and what else it needs to
# update itself.
make_tree() { # DIR
	local modules=$1/usr/lib/modules
	cp -a "$system/tree" "$1" && cp -a "$blessing/root/." "$1/" &&
		DESTDIR=$PWD/$1 "$CFS_SRC/deps/install.sh" && mkdir "$modules" &&
		cp -a "$kernel/lib/modules/$kver" "$modules/" &&
		cp "$kernel/vmlinuz" "$modules/$kver/vmlinuz" &&
		cp "$initrd" "$modules/$kver/initramfs.img" &&
		cp "$CFS_SRC/tests/vm/bless-guest" "$1/usr/lib/" &&
		add_units "$1/usr/lib/systemd/system" "$1/etc/systemd/system"
}
add_units() { # VENDOR'S ADMINISTRATOR'S
	local console="StandardOutput=tty
		StandardError=tty
		TTYPath=/dev/console" unit
	cat > "$1/machine-check.service" <<-END
		[Unit]
		Before=boot-complete.target
		FailureAction=reboot
		[Service]
		Type=oneshot
		ExecStart=/usr/lib/bless-guest check
		$console
	END
	cat > "$1/machine-up.service" <<-END
		[Unit]
		After=multi-user.target boot-complete.target systemd-bless-boot.service
		[Service]
		ExecStart=/usr/lib/bless-guest up
		$console
	END
	mkdir "$1/boot-complete.target.requires"
	ln -s ../machine-check.service "$1/boot-complete.target.requires/"
	ln -s ../machine-up.service "$1/multi-user.target.wants/"
	rm "$1/multi-user.target.wants/boot-report.service"
	# of no use here, and slow
	for unit in ldconfig systemd-hwdb-update systemd-journal-catalog-update systemd-logind; do
		ln -s /dev/null "$2/$unit.service"
	done
}

make_images() {
	local n
	make_tree tree && cfsctl --repo repo init --insecure || return
	for n in 1 2 3; do
		echo $n > tree/usr/lib/version
		cfsctl --repo repo create-image tree "os-$n" || return
	done
	cfsctl --repo repo sign os-1 os-2 os-3 --cert "$signer/cert.pem" --key "$signer/key.pem"
}

# The disk as an installation leaves it: version 1 is there, and good.
make_disk() {
	local options=() arg boot
	cfsctl --repo repo disk root.img --state os-1 --size 512M > disk.log || return
	for arg in $("$CFS_SRC/tests/vm/qemu" -C) rw \
		"root=UUID=$(sed -n 's/^ *UUID: //p' disk.log)"; do
		options+=(--cmdline "$arg")
	done
	mkdir -p boot/EFI/BOOT
	cfsctl --insecure --repo repo prepare-boot --bootdir boot "${options[@]}" os-1 || return
	# This repository has no fs-verity, and the disk that is made of it has.
	sed -i 's/composefs.digest=?/composefs.digest=/' "boot/loader/entries/$kver.conf"
	echo "timeout 0" > boot/loader/loader.conf
	cp "$loader/systemd-bootx64.efi" boot/EFI/BOOT/BOOTX64.EFI
	boot=$("$CFS_SRC/tests/vm/partitions" disk.img 128 root.img) || return
	mformat -i "disk.img@@$boot" -T $((128 * 2048)) -F :: &&
		mcopy -i "disk.img@@$boot" -s boot/* ::
}
{ make_images && make_disk; } > made.log 2>&1 || {
	cat made.log
	exit 1
}
# QEMU ends when the machine restarts: it is switched on again as often as that is.
status=99
for ((n = 1; n < 9 && status == 99; n++)); do
	"$CFS_SRC/tests/vm/qemu" -E disk.img -l start -t 900
	status=$?
	cat start >> guest.raw
done
same "the machine turns itself off" $status 0
plain guest

guest() { # VERSION KEY [N]: the answer, the last one or the Nth
	sed -n "s/.*GUEST $1 $2: //p" guest.log | sed -n "${3:-\$}p"
}
# rows JSON: one for each deployment, with its version.
rows() {
	[ -z "$1" ] || python3 - "$1" repo/images/refs/os-* <<-'END'
	import json, os, sys
	versions = {os.path.basename(os.readlink(name)): name[-1] for name in sys.argv[2:]}
	for row in json.loads(sys.argv[1])["deployments"]:
	    words = [versions[row["digest"].partition(":")[2]]]
	    words += [k for k in ("booted", "next", "fallback", "verified") if row[k]]
	    words += [f"{entry['tries_left']} tries left" for entry in row["entries"]
	              if entry["tries_left"] is not None]
	    print(*words, end="; ")
	END
}
first=$kver.conf second=$first\ ${kver}_2 third=$first\ ${kver}_2.conf\ ${kver}_3

same "it was started five times" \
	"$(sed -n 's/.*GUEST \([1-3] check\|[1-3] up\): .*/\1/p' guest.log | paste -sd ,)" \
	"1 up,2 check,2 up,3 check,3 check,2 up"
same "version 1 starts, without a trial" "$(guest 1 up) $(guest 1 blessing)" "$first inactive"
same "  no unit of it failed" "$(guest 1 state) $(guest 1 failed)" "running "
same "  it is the one deployment" "$(rows "$(guest 1 deployments)")" "1 booted next verified; "
same "running, it deploys version 2" "$(guest 1 deploy)" 0
same "  with two tries" "$(guest 1 deployed)" "$second+2.conf"
same "version 2 starts, and one try is left" "$(guest 2 check)" "$second+1-1.conf"
same "  systemd-bless-boot takes the counter away" "$(guest 2 blessing 1) $(guest 2 up 1)" \
	"active $second.conf"
same "  no unit of it failed" "$(guest 2 state 1) $(guest 2 failed 1)" "running "
same "  with /etc and /var of version 1" \
	"$(guest 2 machine 1) $(guest 2 kept 1)" "$(guest 1 machine) etc var"
same "  it is booted, next and verified" "$(rows "$(guest 2 deployments 1)")" \
	"2 booted next verified; 1 fallback verified; "
same "it deploys version 3" "$(guest 2 deploy) $(guest 2 deployed)" "0 $third+2.conf"
same "which is started, and fails" "$(guest 3 check 1)" "$third+1-1.conf"
same "  twice" "$(guest 3 check 2)" "$third+0-2.conf"
same "  and is never up" "$(guest 3 up)" ""
same "version 2 is back" "$(guest 2 up 2) $(guest 2 machine 2)" \
	"$third+0-2.conf $(guest 1 machine)"
same "  booted, next and verified" "$(rows "$(guest 2 deployments 2)")" \
	"2 booted next verified; 1 fallback verified; 3 verified 0 tries left; "
[ "$tests_bad" = 0 ] || cut -c 1-200 guest.log
finish
