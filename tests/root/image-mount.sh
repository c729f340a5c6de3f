#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel shows an image as the directory it was made of.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

[ "$(id -u)" = 0 ] || skip "needs root"
here=$O/tests/tools
mounted=
trap '[ -z "$mounted" ] || umount "$mounted"' EXIT

mkdir -p dir/sub/deep dir/empty dir/many
printf 'small' > dir/inline
head -c 64 /dev/urandom > dir/sixty-four
: > dir/sub/nothing
ln -s target dir/sub/link
ln -s "$(printf 'x%.0s' $(seq 1000))" dir/long-link
ln dir/inline dir/sub/deep/again
mkfifo dir/fifo
mknod dir/null c 1 3
mknod dir/block b 7 300
chmod 4711 dir/inline
chown 70000:3 dir/sub
touch -d @1000.5 dir/sub
touch -h -d @2000 dir/long-link
for i in $(seq 700); do : > "dir/many/file-$i-$(printf 'n%.0s' $(seq $((i % 90))))"; done
setfattr -n trusted.t -v value dir/inline dir/sub dir/many
setfattr -n trusted.overlay.x -v escaped dir/empty

list() { # DIR: everything that stat tells, and contents
	(cd "$1" && find . -mindepth 1 ! -path './[0-9a-f][0-9a-f]' \
		-printf '%p %y %m %n %U %G %l ' \
		\( -type d -printf 'd' -o -printf '%s' \) -exec stat -c ' %t:%T' {} \; |
		LC_ALL=C sort
	find . -type f -exec sha256sum {} + | LC_ALL=C sort)
}
times() { (cd "$1" && find . -mindepth 1 ! -path './[0-9a-f][0-9a-f]' -printf "%p $2\n" | LC_ALL=C sort); }
xattrs() { (cd "$1" && getfattr -h -d -m 'trusted\.t' inline sub many 2> /dev/null); }

list dir > want.list
xattrs dir > want.xattrs
mkdir mnt
for version in 0 1 2; do
	"$here/dump2image" -n -s $version dir image.$version ||
		{ check "version $version is written" false; continue; }
	if ! mount -t erofs -o ro,loop image.$version mnt; then
		check "version $version can be mounted" false
		continue
	fi
	mounted=$PWD/mnt
	list mnt > got.list
	check "version $version shows the same files" diff want.list got.list
	same "version $version has the xattrs" "$(xattrs mnt)" "$(cat want.xattrs)"
	case $version in 2) time=%Ts ;; *) time=%T@ ;; esac
	check "version $version has the times" \
		diff <(times dir "$time") <(times mnt "$time")
	same "version $version keeps users' overlay xattrs apart" \
		"$(getfattr --only-values -n trusted.overlay.overlay.x mnt/empty)" escaped
	umount mnt && mounted=
done
finish
