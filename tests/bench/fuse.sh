# SPDX-License-Identifier: Apache-2.0 OR MIT
# An image served by FUSE, against the kernel's mount of it: CPU time of client
# and server, messages between them, and what a large image costs at the start.
[ "$(id -u)" = 0 ] || { echo "the fuse group needs root"; exit 1; }
[ -c /dev/fuse ] || { echo "the fuse group needs /dev/fuse"; exit 1; }
title "an image of $files files by FUSE: CPU time of client and server in microseconds, messages"
shape tree "$shm/tree" "$files"
# Version 1 is what composefs-fuse of composefs' C tools can read.
"$BIN/cfsctl" --erofs-version 1 --repo "$work/repo" init --insecure > /dev/null
"$BIN/cfsctl" --insecure --repo "$work/repo" create-image \
	--no-propagate-usr-to-root "$shm/tree" img > /dev/null
mkdir "$work/mnt"
unshare -m --propagation private python3 "$here/fuse.py" "$BIN/cfsctl" \
	"$O/tests/tools/fuseconst" "$work/repo" img \
	"$work/mnt" "$rounds" "${CFSCTL_PEER:-}" "${COMPOSEFS_FUSE:-}" > "$work/fuse"
cat "$work/fuse"

fuse() { # WAY PHASE cpu|messages
	awk -v w="$1" -v p="$2" -v c="$3" \
		'$1 == w && $2 == p { print c == "cpu" ? $3 : $4 }' "$work/fuse"
}
# A way that this kernel or peer lacks has no figures, and no row.
fuse_row() { # WHAT BAR WAY PHASE [AGAINST]: CPU against the kernel's mount
	local got of
	got=$(fuse "$3" "$4" cpu)
	of=$(fuse "${5:-kernel}" "$4" cpu)
	[ -z "$got" ] || [ -z "$of" ] || row "$1" "$2" - "$(calc "$got / $of")"
}
message_row() { # WHAT BAR WAY PHASE DIVISOR
	local got
	got=$(fuse "$3" "$4" messages)
	[ -z "$got" ] || row "$1" "$2" - "$(calc "$got / $5")"
}
for way in plain passthrough overlay; do
	fuse_row "FUSE, $way: first walk" 1.3 $way walk-first
	fuse_row "FUSE, $way: later walks" 1.05 $way walk-later
done
# What overlayfs asks of a server is the kernel's: no server can do with less.
fuse_row "FUSE, overlay, against a server that answers with constants: first walk" 1.05 \
	overlay walk-first const
[ -z "$(fuse const walk-first cpu)" ] || for phase in walk-first walk-later; do
	parts_row "FUSE, overlay, such a server: $phase" \
		"$(calc "$(fuse const $phase cpu) / $(fuse kernel $phase cpu)")"
done
# It asks for metacopy and, of a file with an object, for redirect, first for its
# length; of an empty file for whiteout; of a directory but the root for opaque,
# redirect and origin.
asked=$(find "$shm/tree" -mindepth 1 -xdev -printf '%y %s\n' | awk '
	/^d/ { n += 3 } /^f/ { n += $2 > 64 ? 3 : $2 > 0 ? 1 : 2 } END { print n }')
fuse_row "FUSE, plain: first read" 2.2 plain read-first
fuse_row "FUSE, plain: second read" 1.15 plain read-again
fuse_row "FUSE, passthrough: first read" 2.2 passthrough read-first
fuse_row "FUSE, passthrough: second read" 2.2 passthrough read-again
fuse_row "FUSE, overlay: first read" 1.1 overlay read-first
fuse_row "FUSE, overlay: second read" 1.1 overlay read-again
for phase in walk-first walk-later read-first read-again; do
	fuse_row "FUSE, plain, against composefs-rs: $phase" 0.7 plain $phase peer
done
for way in plain passthrough; do
	for phase in walk-first walk-later read-first read-again; do
		fuse_row "FUSE, $way, against composefs-fuse: $phase" 1.0 $way $phase c-peer
	done
done
for way in plain passthrough overlay; do
	message_row "FUSE, $way: messages of a later walk" 0 $way walk-bare 1
	# find(1) asks for statfs, which no kernel remembers.
	message_row "FUSE, $way: messages of a later walk, a statfs" 1 $way walk-later 3
done
message_row "FUSE, plain: messages of the first walk, for each directory" 2.1 plain walk-first \
	"$(find "$shm/tree" -xdev -type d | wc -l)"
[ -z "$(fuse overlay walk-first messages)" ] ||
	row "FUSE, overlay: messages of the first walk beyond that, to what overlayfs asks" 1 - \
		"$(calc "($(fuse overlay walk-first messages) - $(fuse plain walk-first messages)) / $asked")"
message_row "FUSE, plain: messages of the second read, a statfs" 1 plain read-again 1
message_row "FUSE, passthrough: messages of the second read, for each file" 2 \
	passthrough read-again "$(find "$shm/tree" -type f | wc -l)"

title "the start of a server, of 2 and of a million entries"
shape os 1000000 > "$shm/many.dump"
printf '/ 4096 40755 2 0 0 0 1.0 - - -\n/a 0 100644 1 0 0 0 1.0 - - -\n' > "$shm/few.dump"
for image in few many; do
	"$ours" --from-file "$shm/$image.dump" "$shm/$image.img"
	for _ in $(seq "$rounds"); do
		unshare -m --propagation private "$O/tests/tools/fusestart" "$shm/$image.img" \
			"$work/repo/objects" "$work/mnt"
	done | sort -n | sed -n "$(((rounds + 1) / 2))p" > "$work/start-$image"
	echo "$image: $(stat -c %s "$shm/$image.img") bytes;" \
		"CPU us, anonymous KiB, of files KiB: $(cat "$work/start-$image")"
done
row "FUSE, start with a million entries, CPU in ms" 5 - \
	"$(calc "$(cut -d' ' -f1 "$work/start-many") / 1000")"
row "FUSE, start with a million entries, resident MiB" 8 - \
	"$(awk '{ print ($2 + $3) / 1024 }' "$work/start-many")"
