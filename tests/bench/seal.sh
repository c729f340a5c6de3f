# SPDX-License-Identifier: Apache-2.0 OR MIT
# Sealing, signing and verifying an OCI image against computing the digest of its
# merged image from the layers, which all of them have to do.  One layer of random
# contents; the signer's key is RSA of 3072 bits.
repo="$shm/repo"
ours="$BIN/cfsctl --insecure --erofs-version 1 --repo $repo"
verify="$ours oci verify --cert $work/cert.pem"

cpu() { figure "$1" cpu; }

# A signer, and an image "plain" of the files.
make_image() { # DIRECTORY
	(cd "$1" && mkdir -p usr boot sysroot)
	tar --sort=name -C "$1" -cf "$shm/layer.tar" .
	python3 -B "$here/../oci/image.py" "$shm/layout" t --compress=none \
		"$shm/layer.tar" > /dev/null
	openssl req -x509 -newkey rsa:3072 -nodes -subj /CN=bench \
		-keyout "$work/key.pem" -out "$work/cert.pem" 2> /dev/null
	$ours init --algorithm sha256 > /dev/null
	$ours oci pull "oci:$shm/layout" plain > /dev/null
}

# Without the artifact of the run before, which would be kept.
seal_and_sign() { # NAME IMAGE OPTION...: a script
	cat > "$work/$1" <<-END
		#!/bin/sh
		set -e
		rm -rf $repo/streams/refs/oci-referrers
		$ours oci seal ${*:3} $2 > /dev/null
		$ours oci sign --cert $work/cert.pem --key $work/key.pem \\
			--kernel-signatures=no $2 > /dev/null
	END
	chmod +x "$work/$1"
}

# Bytes that were read of objects.
read_of_objects() { # COMMAND...
	strace -f -qq -y -e trace=read,pread64 -o "$work/strace" "$@" > /dev/null
	sed -n 's#.*(\([0-9]*\)<[^>]*/objects/[^>]*>.* = \([0-9]*\)$#\2#p' "$work/strace" |
		awk '{ n += $1 } END { print n + 0 }'
}

measure_plain() {
	seal_and_sign sign plain
	"$work/sign"
	compare -n "$rounds" "id=$ours oci compute-id plain" \
		"verify=$verify plain" "sign=$work/sign" "start=$work/empty"
	row "verify, CPU to compute-id of the merged image" 1.1 - "$(ratio verify id cpu)"
	row "seal and sign, ms of CPU for each of 3 signatures, over compute-id" 10 - \
		"$(calc "($(cpu sign) - $(cpu start) - $(cpu id)) / 3000")"
	row "verify, bytes of objects read to bytes of the image's files" 0.05 - \
		"$(calc "$(read_of_objects $verify plain) / $(du -sb "$shm/tree" | cut -f1)")"
}

measure_bootable() {
	$ours oci pull --bootable "oci:$shm/layout" boot > /dev/null
	seal_and_sign sign-boot boot --bootable
	"$work/sign-boot"
	compare -n "$rounds" "id=$ours oci compute-id boot" \
		"boot-id=$ours oci compute-id --bootable boot" \
		"verify=$verify --bootable boot"
	parts_row "verify, merged and bootable, CPU to compute-id of the merged image" \
		"$(ratio verify id cpu)"
	row "verify, merged and bootable, CPU to compute-id of each" 1.0 - \
		"$(calc "$(cpu verify) / ($(cpu id) + $(cpu boot-id))")"
}

shape tree "$shm/tree" "$files"
title "seal: $(find "$shm/tree" | wc -l) entries, sha256, RSA-3072"
make_image "$shm/tree"
printf '#!/bin/sh\nrm -rf %s/none\n' "$shm" > "$work/empty"
chmod +x "$work/empty"
measure_plain
measure_bootable
