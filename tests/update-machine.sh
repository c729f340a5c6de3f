# SPDX-License-Identifier: Apache-2.0 OR MIT
# shellcheck shell=bash
# A machine that is updated, in User-Mode Linux: its disk, its boot partition, and
# the versions that it can get. Sourced after lib.sh and fixture.sh.
#
#   machine_new           makes it, with version 1, in the working folder:
#       disk.img            ext4 with fs-verity: the repository, and state
#       boot.img            FAT: the boot entries, kernels and initramfs
#       registry.img        ext4: OCI images of all versions, signed
#     Version 2 has another initramfs, another /etc/motd, and one file more in
#     /etc. The first process of version 3 ends at once.
#   machine_boot WHAT [OPTION]...   starts what the boot loader (tests/vm/boot-loader)
#     chooses, and ends the machine when WHAT is done there; OPTIONs are those of
#     tests/vm/uml. Sets $entry, the name of the boot entry, and $status.
#     WHAT is nothing, or one of
#       edit                an administrator changes /etc, and writes to /var
#       pull:N              gets version N
#       deploy:N            deploys it
#       update:N            both
#       bless               calls this start a good one
#       undeploy:N          removes it
#       rollback            has the other version started next
#   said KEY              what the last start said of it ("GUEST KEY: ...")
#   machine_entries       the names of the boot entries

command -v mformat > /dev/null || skip "no mformat (package mtools)"
machine_kernel=$("$CFS_SRC/deps/uml-kernel.sh") || exit 1

# Files of programs and libraries go where they are here.
machine_copy() { # DIR FILE...
	local dir=$1 file
	shift
	for file; do
		mkdir -p "$dir${file%/*}"
		cp -L "$file" "$dir$file" || return 1
	done
}

machine_tree() { # DIR
	local name loaded=()
	# What cfsctl loads when it needs it.
	for name in libcrypto.so.3 libzstd.so.1; do
		loaded+=("$("$CFS_SRC/tests/vm/library" $name)")
	done
	fixture_system "$1"
	mkdir -p "$1"/usr/{bin,lib/composefs/keys.d}
	cp "$(type -P busybox)" "$1/usr/bin/busybox"
	"$1/usr/bin/busybox" --list | while read -r name; do
		[ "$name" = busybox ] || ln -s busybox "$1/usr/bin/$name"
	done
	cp "$BIN/cfsctl" "$1/usr/bin/cfsctl"
	# shellcheck disable=SC2046 # several words
	machine_copy "$1" "${loaded[@]}" $(ldd "$BIN/cfsctl" "${loaded[@]}" \
		"$1/usr/bin/busybox" 2> /dev/null | grep -o '/[^ ]*\.so[^ :]*' | sort -u) || return 1
	cp vendor.pem "$1/usr/lib/composefs/keys.d/vendor.pem"
	cp "$CFS_SRC/tests/vm/update-guest" "$1/sbin/init"
	chmod 755 "$1/sbin/init"
}

machine_initramfs() {
	cat > start <<-'END'
	#!/usr/bin/busybox sh
	export PATH=/usr/bin
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mount -t devtmpfs dev /dev
	mount -t tmpfs run /run
	mount -t ext4 /dev/ubda /sysroot || exit 1
	composefs-setup-root || exit 1
	for dir in proc sys dev run; do
		mount --move /$dir /sysroot/$dir
	done
	exec switch_root /sysroot /sbin/init
	END
	chmod 755 start
	printf '[boot]\nallow-insecure = false\n[keys]\nrequire-signed = true\n' > conf.toml
	"$CFS_SRC/tests/vm/initramfs" -k "$machine_kernel" -N erofs -N overlay \
		-b "$BIN/composefs-setup-root" -f start=/start \
		-f vendor.pem=/usr/lib/composefs/keys.d/vendor.pem \
		-f conf.toml=/usr/lib/composefs/setup-root-conf.toml initrd start
}

machine_version() { # N
	local modules
	modules=tree/usr/lib/modules/$(cat "$machine_kernel/kver")
	mkdir -p "$modules"
	echo "$1" > tree/usr/version
	cp "$machine_kernel/linux-uml" "$modules/vmlinuz"
	cp initrd "$modules/initramfs.img"
	if [ "$1" -gt 1 ]; then
		head -c 4096 /dev/zero >> "$modules/initramfs.img"
		echo "version 2" > tree/etc/motd
		echo new > tree/etc/new
	fi
	[ "$1" != 3 ] || printf '#!/usr/bin/sh\nexit 1\n' > tree/sbin/init
	tar --sort=name --owner=0 --group=0 --mtime=@1 -C tree -cf layer.tar . &&
		python3 -B "$CFS_SRC/tests/oci/image.py" oci t layer.tar &&
		cfsctl --repo repo oci pull --bootable oci:oci:t "system:$1" &&
		cfsctl --repo repo oci seal --bootable "system:$1" &&
		cfsctl --repo repo oci sign --cert vendor.pem --key vendor.key "system:$1" &&
		cfsctl --repo repo oci export "system:$1" "oci:registry:$1" &&
		rm -r oci layer.tar
}

machine_make() {
	local n
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=vendor \
		-keyout vendor.key -out vendor.pem || return 1
	machine_tree tree && machine_initramfs || return 1
	echo "version 1" > tree/etc/motd
	fixture_repo repo --algorithm fsverity-sha512-12
	for n in 1 2 3; do
		machine_version $n || return 1
	done
	mke2fs -q -t ext4 -b 4096 -d registry registry.img 120M || return 1
	mkdir boot
	cfsctl --repo repo oci prepare-boot --bootdir boot --entry-id system \
		--cmdline rw system:1 &&
		cfsctl --repo repo disk disk.img --size 112M --image system:1 \
			--state system:1 || return 1
	# This repository has no fs-verity, and the disk that is made of it has.
	sed -i 's/composefs.digest=?/composefs.digest=/' boot/loader/entries/system.conf
	truncate -s 272M boot.img
	mformat -i boot.img -F -c 8 :: && mcopy -s -i boot.img boot/* ::
}

machine_new() {
	machine_make > machine.log 2>&1 || {
		cat machine.log
		return 1
	}
}

machine_uml() {
	"$CFS_SRC/tests/vm/uml" "$@"
}
# Without a boot entry the machine does not start.
machine_boot() { # WHAT [OPTION]...
	local what=$1
	shift
	rm -rf chosen console
	entry=$("$CFS_SRC/tests/vm/boot-loader" boot.img chosen) || {
		status=1
		return 1
	}
	# shellcheck disable=SC2046 # several words
	machine_uml -k chosen -i chosen/initrd -l console -D disk.img \
		-D boot.img -D registry.img "$@" rdinit=/start $(cat chosen/options) \
		"entry=$entry" ${what:+"do=$what"} 2> machine.log
	status=$?
}

said() { # KEY
	sed -n "s/\r$//; s/^GUEST $1: //p" console | head -n 1
}

machine_entries() {
	mdir -b -i boot.img ::/loader/entries | sed 's,.*/,,' | sort | xargs
}
