# SPDX-License-Identifier: Apache-2.0 OR MIT
# A small signed system for kernels with IPE, and what such a kernel makes of it.
# Sourced after lib.sh and fixture.sh.
#
#   ipe_system KEY CERT        makes it in the working folder; IPE policies are
#                              signed by KEY, whose CERT the kernel knows:
#       disk.img               ext4 with images, their state and signed objects
#       second.img             ext4 with the repository, without fs-verity
#       karg                   the argument that names the image to boot
#   ipe_initramfs KERNEL OUT OPTION...   an initramfs that boots it and then tries
#                              what may be executed (tests/vm/ipe-guest); OPTIONs
#                              are those of tests/vm/initramfs
#   ipe_verdict CONSOLE        checks what that said
#   ipe_same NAME KEY ANSWER   checks one answer, on the console $ipe_console

ipe_pair() { # NAME
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$1" \
		-keyout "$1.key" -out "$1.pem" 2> /dev/null || exit 1
}

# The system has no program that is not made here or static, except one with the
# libraries it needs.
ipe_tree() { # DIR
	local busybox true lib
	busybox=$(type -P busybox) && true=$(type -P true) || exit 1
	fixture_system "$1"
	mkdir -p "$1/usr/bin"
	cp "$busybox" "$1/usr/bin/busybox"
	rm "$1/sbin/init"
	cp "$busybox" "$1/sbin/init"
	for lib in "$true" $(ldd "$true" | grep -o '/[^ ]*'); do
		mkdir -p "$1${lib%/*}"
		cp -L "$lib" "$1$lib"
	done
	ln -sf "$true" "$1/usr/bin/dynamic"
	printf '#!/usr/bin/busybox sh\necho tiny\n' > "$1/usr/bin/tiny"
	printf '#!/usr/bin/busybox sh\n# %080d\necho long\n' 0 > "$1/usr/bin/long"
	chmod 755 "$1"/usr/bin/*
	find "$1" -exec touch -hd @1234567890 {} +
}

ipe_policy() { # KEY CERT OUT OPTION...
	cfsctl ipe-policy --key "$1" --cert "$2" "${@:4}" "$3" > /dev/null || exit 1
}

# The objects of the first image are signed. The others have one program more,
# whose object is not, and a script with an interpreter that is not; what they
# share with the first is signed there.
ipe_system() {
	local name
	ipe_pair image
	ipe_pair objects
	ipe_pair stranger
	ipe_tree tree
	fixture_repo repo --algorithm fsverity-sha512-12
	{
		cfsctl --repo repo create-image --ipe tree signed
		cfsctl --repo repo sign --objects signed --cert objects.pem --key objects.key
		{ cat tree/usr/bin/busybox && echo; } > tree/usr/bin/busybox-unsigned
		chmod 755 tree/usr/bin/busybox-unsigned
		find tree -exec touch -hd @1234567890 {} +
		cfsctl --repo repo create-image tree inline
		cfsctl --repo repo create-image --ipe tree os
		cfsctl --repo repo sign os --cert image.pem --key image.key
		cfsctl --repo repo disk disk.img --state os
		mkdir second && mv repo second
		mke2fs -q -t ext4 -O verity -b 4096 -d second second.img 64M
		mv second/repo .
	} > ipe.log 2>&1 || { cat ipe.log; exit 1; }
	echo "composefs.digest=v1-sha512-12:$(basename "$(readlink repo/images/refs/os)")" > karg
	ipe_policy "$1" "$2" composefs.p7b --policy-version 2.0.0
	ipe_policy "$1" "$2" older.p7b --policy-version 1.9.9
	ipe_policy "$1" "$2" newer.p7b --policy-version 2.0.1
	ipe_policy stranger.key stranger.pem stranger.p7b
	cfsctl ipe-policy > unsigned.p7b
}

ipe_initramfs() { # KERNEL OUT OPTION...
	local kernel=$1 out=$2 files=() name
	shift 2
	for name in composefs older newer stranger unsigned; do
		files+=(-f "$name.p7b=/etc/ipe/$name.p7b")
	done
	for name in image objects; do
		files+=(-f "$name.pem=/usr/lib/composefs/keys.d/$name.pem")
	done
	printf '[boot]\nallow-insecure = false\n[keys]\nrequire-signed = true\n' > setup-root-conf.toml
	"$CFS_SRC/tests/vm/initramfs" -k "$kernel" -b "$BIN/composefs-setup-root" \
		-b "$BIN/cfsctl" "${files[@]}" -N erofs -N overlay \
		-f setup-root-conf.toml=/usr/lib/composefs/setup-root-conf.toml \
		"$@" "$out" "$CFS_SRC/tests/vm/ipe-guest"
}

ipe_same() { # NAME KEY ANSWER
	same "$1" "$(tr -d '\r' < "$ipe_console" | sed -n "s/^IPE $2: //p" | head -n 1)" "$3"
}

ipe_verdict() {
	ipe_console=$1
	ipe_same "a policy that is not signed is not taken" unsigned "Bad message"
	ipe_same "nor one by a stranger" stranger "Required key not available"
	ipe_same "one by the key that the kernel knows is" composefs ok
	ipe_same "  and is the one that was signed" version 2.0.0
	ipe_same "  an older one does not take its place" older "Stale file handle"
	ipe_same "  a newer one does" newer ok
	ipe_same "    and is seen" newer-version 2.0.1
	ipe_same "the policy is active and enforced" active "1 1"
	ipe_same "composefs-setup-root, of the initramfs, runs under it" setup-root ok
	ipe_same "the image is the root" marker "$(sed 's/.*://' karg) kernel"
	ipe_same "  which says that the policy is enforced" marker-ipe enforcing
	ipe_same "a signed program runs" signed ok
	ipe_same "so does one with libraries that are signed" dynamic ok
	ipe_same "a program that is not signed does not" unsigned-program denied
	ipe_same "a signed script runs" long long
	ipe_same "a short one too, in an image made with --ipe" tiny tiny
	ipe_same "which without is kept in the image, and denied" inline denied
	ipe_same "but an interpreter may read it" sh-inline tiny
	ipe_same "a signed program runs where enable-verity was" enabled ok
	ipe_same "  and one that is not signed does not" enabled-unsigned denied
	ipe_same "a signed program's copy in memory is denied" tmpfs denied
	ipe_same "  and on the disk" var denied
	ipe_same "a signed library's copy is not mapped" library denied
	ipe_same "a program that is written to the initramfs runs" initramfs ok
	ipe_same "without enforcement the unsigned program runs" permissive ok
	ipe_same "  and a marker would say so" marker-permissive permissive
	ipe_same "denials are in the audit log" audit /usr/bin/busybox-unsigned
}
