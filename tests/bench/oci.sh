# SPDX-License-Identifier: Apache-2.0 OR MIT
# OCI images against what cannot be done without (hashing the archive,
# decompressing it, storing the same files from a directory) and against
# composefs-rs: a Debian root, and a tree of random contents, which do not
# compress, so that a layer's blob costs as much to hash as its archive.
repo="\"$BIN/cfsctl\" --insecure --repo \"$shm/repo-\$1\""
theirs="\"${CFSCTL_PEER:-}\" --insecure --repo \"$shm/repo-\$1\""
kinds="none gzip zstd"

# Repositories are of this algorithm from here on.
use() { # sha256|sha512
	alg=$1
	new="$repo init --algorithm $alg > /dev/null"
	their_new="$theirs init --insecure --algorithm fsverity-$alg-12 > /dev/null"
	compute_id="$BIN/cfsctl --no-repo --hash $alg compute-id --no-propagate-usr-to-root"
	tree_id="$compute_id $shm/tree"
}

script() { # NAME COMMANDS: with the number of the run as $1
	printf '#!/bin/sh\nset -e\n%s\n' "$2" > "$work/$1"
	chmod +x "$work/$1"
}
archive() { tar --sort=name --xattrs --xattrs-include='*' -C "$1" -cf "$2" .; }
layout() { # LAYOUT KIND ARCHIVE...: an image "t" of these layers
	python3 -B "$here/../oci/image.py" "$shm/$1" t "--compress=$2" \
		"${@:3}" > /dev/null
}
blob() { find "$shm/$1/blobs" -type f -size +1M; }
cpu() { figure "$1" cpu; }
bytes() { # of the files in a folder, each once
	find "$1" -type f -printf '%i %s\n' | sort -u | awk '{ n += $2 } END { print n }'
}

debian_tree() { # a distribution's, whose contents compress
	local root
	root=$("$here/../../deps/rootfs.sh") || return 1
	mkdir "$1"
	tar --xattrs --xattrs-include='*' --exclude='./dev/*' -C "$1" \
		-xf "$root/root.tar"
}

pull_scripts() {
	local kind
	script create "$new; $repo create-image \"$shm/tree\" --no-propagate-usr-to-root --xattrs keep-user-xattrs > /dev/null"
	script peer-create "$their_new; $theirs create-image \"$shm/tree\" > /dev/null"
	script copy "cp -r \"$shm/tree\" \"$shm/repo-\$1\""
	for kind in $kinds; do
		script "pull-$kind" "$new; $repo oci pull \"oci:$shm/first-$kind\" x > /dev/null"
		script "peer-$kind" "$their_new
			$theirs oci pull \"oci:$shm/first-$kind:t\" x > /dev/null"
	done
}

# Pulls of an image of one layer, by kind of compression.
measure_pulls() {
	local kind peers=
	pull_scripts
	if [ -x "${CFSCTL_PEER:-}" ]; then
		peers="peer-create=$work/peer-create\ {}"
		for kind in $kinds; do
			peers="$peers peer-$kind=$work/peer-$kind\ {}"
		done
	fi
	eval "set -- $peers"
	compare -n "$rounds" -c "rm -rf $shm/repo-{}" \
		"openssl=openssl dgst -sha256 $shm/first.tar" \
		"create-image=$work/create {}" "pull-none=$work/pull-none {}" \
		"pull-gzip=$work/pull-gzip {}" "pull-zstd=$work/pull-zstd {}" \
		"igzip=$(command -v igzip || echo gzip) -dc $(blob first-gzip)" \
		"zstd=zstd -dcq $(blob first-zstd)" \
		"blob-gzip=openssl dgst -sha256 $(blob first-gzip)" \
		"blob-zstd=openssl dgst -sha256 $(blob first-zstd)" \
		"copy=$work/copy {}" "tree-id=$tree_id" "$@"
}

pull_rows() { # WHAT
	local kind base entries
	entries=$(find "$shm/tree" | wc -l)
	base=$(calc "$(cpu openssl) + $(cpu create-image)")
	row "$1: pull, plain, CPU to openssl sha256 + create-image" 1.0 - \
		"$(calc "$(cpu pull-none) / $base")"
	row "$1: pull, plain, wall to openssl sha256 + create-image, CPU" 0.65 - \
		"$(calc "$(figure pull-none wall) / $base")"
	parts_row "$1: pull, plain, wall to its own CPU" \
		"$(calc "$(figure pull-none wall) / $(cpu pull-none)")"
	row "$1: pull, gzip, CPU to these + igzip" 1.0 - \
		"$(calc "$(cpu pull-gzip) / ($base + $(cpu igzip))")"
	row "$1: pull, zstd, CPU to these + zstd" 1.0 - \
		"$(calc "$(cpu pull-zstd) / ($base + $(cpu zstd))")"
	for kind in $kinds; do
		row "$1: pull, $kind, bytes of memory an entry over 16 MiB" 200 - \
			"$(calc "($(figure "pull-$kind" memory) - 16384) * 1024 / $entries")"
	done
}

peer_rows() { # WHAT
	[ -x "${CFSCTL_PEER:-}" ] || return 0
	row "$1: pull, plain, CPU to composefs-rs" 0.55 - "$(ratio pull-none peer-none cpu)"
	row "$1: pull, gzip, CPU to composefs-rs" 0.48 - "$(ratio pull-gzip peer-gzip cpu)"
	row "$1: pull, zstd, CPU to composefs-rs" 0.55 - "$(ratio pull-zstd peer-zstd cpu)"
	for kind in $kinds; do
		row "$1: pull, $kind, wall to composefs-rs" 0.55 - \
			"$(ratio "pull-$kind" "peer-$kind" wall)"
	done
	parts_row "$1: igzip, openssl of archive and blob, compute-id, CPU to composefs-rs" \
		"$(calc "($(cpu igzip) + $(cpu openssl) + $(cpu blob-gzip) + $(cpu tree-id)) / $(cpu peer-gzip)")"
	parts_row "$1: zstd, openssl of archive and blob, compute-id, CPU to composefs-rs" \
		"$(calc "($(cpu zstd) + $(cpu openssl) + $(cpu blob-zstd) + $(cpu tree-id)) / $(cpu peer-zstd)")"
	row "$1: create-image, CPU to composefs-rs" 0.45 - "$(ratio create-image peer-create cpu)"
	parts_row "$1: cp -r, compute-id, CPU to composefs-rs" \
		"$(calc "($(cpu copy) + $(cpu tree-id)) / $(cpu peer-create)")"
}

# What is done with an image that is there.
measure_rest() { # WHAT
	local peers=
	sh -c "set -- kept; $new; $repo oci pull oci:$shm/first-none x > /dev/null"
	if [ -x "${CFSCTL_PEER:-}" ]; then
		set -- "$1" \
			"peer-again=$CFSCTL_PEER --insecure --repo $shm/repo-kept oci pull oci:$shm/first-none:t x" \
			"peer-fsck=$CFSCTL_PEER --insecure --repo $shm/repo-kept oci fsck" \
			"peer-id=$CFSCTL_PEER --insecure --repo $shm/repo-kept oci compute-id x"
	fi
	local what=$1 ours="$BIN/cfsctl --insecure --repo $shm/repo-kept"
	shift
	compare -n "$rounds" -c true "again=$ours oci pull oci:$shm/first-none x" \
		"fsck=$ours oci fsck" "id=$ours oci compute-id x" \
		"tree-id=$tree_id" "objects-id=$compute_id $shm/repo-kept/objects" "$@"
	row "$what: oci fsck, CPU a byte to compute-id of the tree" 1.0 - \
		"$(calc "$(ratio fsck tree-id cpu) * $(bytes "$shm/tree") / $(bytes "$shm/repo-kept")")"
	parts_row "$what: compute-id of objects/, CPU to that of the tree" "$(ratio objects-id tree-id cpu)"
	[ $# != 0 ] || return 0
	row "$what: oci fsck, CPU to composefs-rs" 0.5 - "$(ratio fsck peer-fsck cpu)"
	parts_row "$what: compute-id of objects/, CPU to composefs-rs" "$(ratio objects-id peer-fsck cpu)"
	row "$what: pull of what is there, CPU to composefs-rs" 0.5 - "$(ratio again peer-again cpu)"
	row "$what: oci compute-id, CPU to composefs-rs" 0.6 - "$(ratio id peer-id cpu)"
}

calls() { # COMMAND: how many, and what it says of objects
	strace -f -qq -c -o "$work/strace" sh -c "set -- count; $1" > "$work/said"
	awk '$NF == "total" { print $(NF - 2) + 0 ? $(NF - 2) : $(NF - 1) }' "$work/strace"
}
objects() { sed -n "s/^objects  \([0-9]*\) new + \([0-9]*\) .*/\\$1/p" "$work/said"; }

measure_calls() {
	local n
	sh -c "set -- count; $new"
	n=$(calls "$repo oci pull oci:$shm/first-none x")
	row "system calls to store an object" 8 - "$(calc "$n / $(objects 1)")"
	# The same files in another archive: all of them are read, and there.
	(cd "$shm/tree" && date > usr/version)
	archive "$shm/tree" "$shm/second.tar"
	layout second none "$shm/second.tar"
	n=$(calls "$repo oci pull oci:$shm/second other")
	row "system calls for an object that the repository has already" 2 - "$(calc "$n / $(objects 2)")"
	rm -rf "$shm/repo-count" "$shm/second" "$shm/second.tar"
}

# Stores OLD, and measures how NEW, with ARCHIVE on top, is pulled beside it and
# alone.
measure_next() { # WHAT OLD NEW ARCHIVE
	local next i
	for i in $(seq 0 "$rounds"); do
		sh -c "set -- $i; $new; $repo oci pull oci:$shm/$2 x > /dev/null"
	done
	script next "$repo oci pull oci:$shm/$3 x > /dev/null"
	script alone "$new; $repo oci pull oci:$shm/$3 x > /dev/null"
	compare -n "$rounds" -c true "next=$work/next {}"
	next=$(cpu next)
	rm -rf "$shm"/repo-*
	compare -n "$rounds" -c "rm -rf $shm/repo-{}" "alone=$work/alone {}" \
		"openssl=openssl dgst -sha256 $4"
	row "$1, CPU to its first pull" 0.5 - "$(calc "$next / $(cpu alone)")"
	parts_row "$1: openssl of the new archive, CPU to its first pull" "$(ratio openssl alone cpu)"
}

# One file in twenty is another.
change_tree() {
	find "$shm/tree" -type f -size +0 | sort | awk 'NR % 20 == 0' |
	while read -r file; do
		printf 'next version' | dd of="$file" conv=notrunc status=none
	done
	archive "$shm/tree" "$shm/third.tar"
}

load() { # WHAT
	title "oci: $1, $(find "$shm/tree" | wc -l) entries, $alg"
	(cd "$shm/tree" && mkdir -p usr boot sysroot)
	rm -rf "$shm"/first-*
	archive "$shm/tree" "$shm/first.tar"
	for kind in $kinds; do
		layout "first-$kind" "$kind" "$shm/first.tar"
	done
	measure_pulls
	pull_rows "$1"
	peer_rows "$1"
	measure_rest "$1"
	rm -rf "$shm"/repo-*
}

use sha256
if debian_tree "$shm/tree"; then
	# What both make without --algorithm.
	use sha512
	load "Debian root, by default"
	use sha256
	load "Debian root"
	title "the next version: one file in twenty is another"
	change_tree
	layout third none "$shm/third.tar"
	measure_next "Debian root: the next version, its one layer made anew" first-none third "$shm/third.tar"
	# As images are built: what changes often is a layer above what does not.
	mkdir "$shm/app"
	cp -a "$shm/tree/usr/bin" "$shm/tree/usr/sbin" "$shm/app"
	archive "$shm/app" "$shm/app.tar"
	layout below none "$shm/first.tar"
	layout above none "$shm/first.tar" "$shm/app.tar"
	measure_next "Debian root: the next version, another layer over the first" below above "$shm/app.tar"
	rm -rf "${shm:?}"/*
fi
shape tree "$shm/tree" "$files"
load "random contents"
title "system calls of a pull, for each object"
measure_calls
