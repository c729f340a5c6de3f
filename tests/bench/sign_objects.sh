# SPDX-License-Identifier: Apache-2.0 OR MIT
# Signing all objects of an image, against what the key's arithmetic takes by
# itself: `openssl speed` of the same run, of the same library.
repo="$shm/repo"
cfs="$BIN/cfsctl --repo $repo --insecure --no-sync"
signed=$work/signed # the pack is removed before each run

# Seconds for a signature, by the CPU time of the process.
bare() { # ALGORITHM
	openssl speed -seconds 2 "$1" 2> /dev/null | awk 'END { print 1 / $(NF - 1) }'
}

# A script that signs with a key by some threads, and leaves the pack.
sign_by() { # NAME KEY THREADS
	cat > "$work/$1" <<-END
		#!/bin/sh
		rm -f $repo/signatures/*
		exec $cfs sign --objects=all --threads $3 --kernel-signatures=no \\
			--cert $work/$2.pem --key $work/$2.key os > $signed 2> $work/notes
	END
	chmod +x "$work/$1"
}

# With P-256 a signature takes so little that the rest is a third of it: to check
# the image, to find its objects, to load the library.  That has no bar.
measure_key() { # NAME SPEED BAR: of the CPU time, or -
	local n cost
	n=$($cfs image-objects os | wc -l)
	sign_by "$1-1" "$1" 1
	sign_by "$1-2" "$1" 2
	cost=$(bare "$2")
	compare -n "$rounds" "$1-1=$work/$1-1" "$1-2=$work/$1-2"
	cost=$(calc "($cost + $(bare "$2")) / 2 * $n * 1000000")
	if [ "$3" = - ]; then
		parts_row "sign --objects, $1, CPU to the bare signatures" \
			"$(calc "$(figure "$1-1" cpu) / $cost")"
		return
	fi
	row "sign --objects, $1, CPU to the bare signatures" "$3" - \
		"$(calc "$(figure "$1-1" cpu) / $cost")"
	row "sign --objects, $1, wall of two threads to one" 0.6 - \
		"$(ratio "$1-2" "$1-1" wall)"
}

# Bytes that a disk takes on this file system, holes not counted.
disk_bytes() { # FILE
	rm -f "$1"
	$cfs disk --image os --uuid 00000000-0000-4000-8000-000000000000 "$1" \
		> /dev/null 2>&1
	du -B1 "$1" | cut -f1
}

shape tree "$shm/tree" "$files"
title "sign --objects: $(find "$shm/tree" | wc -l) entries, sha512"
mkdir -p "$shm/tree/usr"
$cfs init > /dev/null
$cfs create-image "$shm/tree" os > /dev/null
for key in rsa3072 rsa2048; do
	openssl req -x509 -newkey "rsa:${key#rsa}" -nodes -subj /CN=bench \
		-keyout "$work/$key.key" -out "$work/$key.pem" 2> /dev/null
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-subj /CN=bench -keyout "$work/p256.key" -out "$work/p256.pem" 2> /dev/null
unsigned=$(disk_bytes "$shm/unsigned.img")
rm "$shm/unsigned.img"
measure_key p256 ecdsap256 -
measure_key rsa2048 rsa2048 1.1
measure_key rsa3072 rsa3072 1.1
row "disk, all objects signed by RSA-3072, bytes to unsigned" 1.015 - \
	"$(calc "$(disk_bytes "$shm/signed.img") / $unsigned")"
