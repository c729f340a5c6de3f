#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The digests in an image are those of fsverity-utils, whatever the size of the
# file, the way to hash and the number of threads.
. "$CFS_SRC/tests/lib.sh"

command -v fsverity > /dev/null || skip "fsverity is not installed"

# Around blocks, what a block of hashes holds (64 and 128 of them), and twice
# that level; more than a window, and than a segment, of the digester.
sizes="65 4095 4096 4097 8192 262143 262144 262145 524287 524288 524289
1044480 1048575 1048576 1048577 2097152 4194303 4194304 4194305 12582913
16777215 16777216 16777217 67108863 67108864 67108865"

mkdir tree
for size in $sizes; do
	# Sparse, with a word in every megabyte and in the last block.
	truncate -s "$size" "tree/$size"
	for ((at = 0; at < size; at += 1 << 20)); do
		printf '%s at %s' "$size" "$at" |
			dd of="tree/$size" bs=1 seek="$at" conv=notrunc status=none
	done
	printf x | dd of="tree/$size" bs=1 seek=$((size - 1)) conv=notrunc status=none
done

wanted() { # HASH
	local size
	for size in $sizes; do
		echo "$size $(fsverity digest --compact \
			--hash-alg="$1" "tree/$size")"
	done
}

dumped() { # HASH
	cfsctl --no-repo --hash "$1" create-dumpfile \
		--no-propagate-usr-to-root tree |
		sed -n 's|^/\([0-9]*\) .* \([0-9a-f]*\)$|\1 \2|p' | sort -n
}

for hash in sha256 sha512; do
	want=$(wanted $hash)
	same "$hash, by the fastest way" "$(dumped $hash)" "$want"
	for way in openssl portable; do
		got=$(export CFS_HASH=$way && dumped $hash)
		same "$hash, by $way" "$got" "$want"
	done
done

mkcomposefs() {
	"$BIN/cfsctl" mkcomposefs --print-digest-only "$@" tree
}
want=$(mkcomposefs --threads=1)
for n in 2 3 16; do
	same "$n threads" "$(mkcomposefs --threads=$n)" "$want"
done

finish
