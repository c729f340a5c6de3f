# SPDX-License-Identifier: Apache-2.0 OR MIT
# Images of one layer are pulled, against what cannot be done without: hashing the
# archive, decompressing it, and storing the same files from a directory.
title "oci pull of $files files, sha256"
shape tree "$shm/tree" "$files"
(cd "$shm/tree" && mkdir -p usr boot sysroot)
layer() { # NAME: layouts of the tree, one for each kind of compression
	tar --sort=name --xattrs --xattrs-include='*' -C "$shm/tree" -cf "$shm/$1.tar" .
	for kind in none gzip zstd; do
		python3 -B "$here/../oci/image.py" "$shm/$1-$kind" t \
			"--compress=$kind" "$shm/$1.tar" > /dev/null
	done
}
layer first
blob() { find "$shm/$1/blobs" -type f -size +1M; }
repo="\"$BIN/cfsctl\" --insecure --repo \"$shm/repo-\$1\""
script() { # NAME COMMANDS: with the number of the run as $1
	printf '#!/bin/sh\nset -e\n%s\n' "$2" > "$work/$1"
	chmod +x "$work/$1"
}
new="$repo init --algorithm sha256 > /dev/null"
script create "$new; $repo create-image \"$shm/tree\" --no-propagate-usr-to-root --xattrs keep-user-xattrs > /dev/null"
for kind in none gzip zstd; do
	script "pull-$kind" "$new; $repo oci pull \"oci:$shm/first-$kind\" x > /dev/null"
done
set -- "openssl=openssl dgst -sha256 $shm/first.tar" \
	"create-image=$work/create {}" "pull=$work/pull-none {}" \
	"pull-gzip=$work/pull-gzip {}" "pull-zstd=$work/pull-zstd {}" \
	"igzip=$(command -v igzip || echo gzip) -dc $(blob first-gzip)" \
	"zstd=zstd -dcq $(blob first-zstd)"
if [ -x "${CFSCTL_PEER:-}" ]; then
	theirs="\"$CFSCTL_PEER\" --insecure --repo \"$shm/repo-\$1\""
	for kind in none gzip zstd; do
		script "peer-$kind" "$theirs init --insecure --algorithm fsverity-sha256-12 > /dev/null
			$theirs oci pull \"oci:$shm/first-$kind:t\" x > /dev/null"
		set -- "$@" "peer-$kind=$work/peer-$kind {}"
	done
fi
compare -n "$rounds" -c "rm -rf $shm/repo-{}" "$@"
cpu() { figure "$1" cpu; }
row "oci pull, plain, CPU to openssl sha256 + create-image" 1.0 - \
	"$(calc "$(cpu pull) / ($(cpu openssl) + $(cpu create-image))")"
row "oci pull, plain, wall to its CPU" 0.65 - \
	"$(calc "$(figure pull wall) / $(cpu pull)")"
row "oci pull, gzip, CPU to these + igzip" 1.0 - \
	"$(calc "$(cpu pull-gzip) / ($(cpu openssl) + $(cpu create-image) + $(cpu igzip))")"
row "oci pull, zstd, CPU to these + zstd" 1.0 - \
	"$(calc "$(cpu pull-zstd) / ($(cpu openssl) + $(cpu create-image) + $(cpu zstd))")"
for kind in pull pull-gzip pull-zstd; do
	row "$kind, bytes of memory an entry over 16 MiB" 200 - \
		"$(calc "($(figure $kind memory) - 16384) * 1024 / $files")"
done
if [ -x "${CFSCTL_PEER:-}" ]; then
	row "oci pull, plain, CPU to composefs-rs" 0.55 - "$(ratio pull peer-none cpu)"
	row "oci pull, gzip, CPU to composefs-rs" 0.48 - "$(ratio pull-gzip peer-gzip cpu)"
	row "oci pull, zstd, CPU to composefs-rs" 0.55 - "$(ratio pull-zstd peer-zstd cpu)"
	row "oci pull, plain, wall to composefs-rs" 0.55 - "$(ratio pull peer-none wall)"
fi

title "system calls of a pull, for each object that is stored or there"
sh -c "set -- count; $new"
calls() { # COMMAND: how many, and what it says of objects
	strace -f -qq -c -o "$work/strace" sh -c "set -- count; $1" > "$work/said"
	awk '$NF == "total" { print $(NF - 2) + 0 ? $(NF - 2) : $(NF - 1) }' "$work/strace"
}
objects() { sed -n "s/^objects  \([0-9]*\) new + \([0-9]*\) .*/\\$1/p" "$work/said"; }
n=$(calls "$repo oci pull oci:$shm/first-none x")
row "system calls for a stored object" 8 - "$(calc "$n / $(objects 1)")"
# The same files in another archive: all of them are read, and there.
(cd "$shm/tree" && date > usr/version)
layer second
n=$(calls "$repo oci pull oci:$shm/second-none other")
row "system calls for an object that is there" 2 - "$(calc "$n / $(objects 2)")"
rm -rf "$shm/repo-count"

title "the next version: one file in twenty is another"
find "$shm/tree" -type f -size +0 | sort | awk 'NR % 20 == 0' |
while read -r file; do
	printf 'next version' | dd of="$file" conv=notrunc status=none
done
layer third
script again "$new; $repo oci pull oci:$shm/first-none x > /dev/null"
script next "$repo oci pull oci:$shm/third-none x > /dev/null"
for i in 0 1 2; do
	sh -c "set -- $i; $new; $repo oci pull oci:$shm/first-none x > /dev/null"
done
compare -n 3 -c true "next=$work/next {}"
next=$(figure next cpu)
compare -n 3 -c "rm -rf $shm/repo-{}" "pull=$work/again {}"
row "pull of the next version, CPU to the first" 0.5 - \
	"$(calc "$next / $(figure pull cpu)")"
