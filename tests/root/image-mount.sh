#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel shows an image as the directory it was made of.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
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

# Trees of every shape, by seed ($SEEDS): an image shows what it was made of, is the
# image of the tree's dumpfile, and fsck.erofs takes it.
. "$CFS_SRC/tests/dirtree.sh"
as_text() { # DIR VERSION: every name with all there is to know of it
	local time=%.9Y
	[ "$2" = 2 ] && time=%Y
	(cd "$1" && names=$TMPDIR/names &&
		find . -mindepth 1 ! -path './[0-9a-f][0-9a-f]' -print0 |
			LC_ALL=C sort -z > "$names" &&
		xargs -0r stat --printf "%f %h %u %g $time %t:%T %s %n\n" < "$names" |
			sed -E 's/^(4...( [^ ]+){5}) [0-9]+/\1 -/' &&
		find . -type l -printf '%p -> %l\n' | sort &&
		find . -type f -size -65c -exec sha256sum {} + | sort &&
		echo &&
		xargs -0r getfattr -h -d -m - -e hex < "$names" |
		awk -v RS= -v ORS='\n\n' 1)
}
# On disk users' names of overlayfs are escaped; its own are the image's.
unescape() {
	grep -av '^trusted\.overlay\.\(metacopy\|redirect\|opaque\)=' |
		sed 's/^trusted\.overlay\.overlay\./trusted.overlay./' |
		awk -v RS= -v ORS='\n\n' '!/^# file: [^\n]*$/'
}
shows() { # DIR VERSION
	as_text "$1" "$2" > want.text || return 1
	mount -t erofs -o ro,loop image mnt || return 1
	mounted=$PWD/mnt
	as_text mnt "$2" | unescape > got.text
	umount mnt && mounted=
	diff -a want.text got.text
}
for seed in ${SEEDS:-1}; do
	rm -rf tree
	dirtree tree $seed
	for version in 0 1 2; do
		cfs="cfsctl --no-repo --erofs-version $version"
		$cfs compute-id --no-propagate-usr-to-root -o image tree > id
		check "seed $seed, version $version: shows the tree" \
			shows tree $version
		check "  fsck.erofs takes it" fsck.erofs image
		$cfs create-dumpfile --no-propagate-usr-to-root tree > tree.dump
		$cfs compute-id --no-propagate-usr-to-root \
			--from-dumpfile tree.dump -o again > /dev/null
		check "  it is the image of its dumpfile" cmp image again
	done
done

# What the format says otherwise than a directory: whiteouts, which version 2
# has as they are and the others escaped for overlayfs, and sizes that no disk
# has.  Nobody reads such a file through EROFS alone: its chunks are holes, of
# a file without digest in version 2 they are not even there.
root='/ 0 40755 2 0 0 0 0.0 - - -'
printf '%s\n' "$root" '/d 0 40755 2 0 0 0 0.0 - - -' \
	'/d/w 0 20644 1 7 8 0 0.0 - - -' > special.dump
at=0
for size in 1 65 4096 4097 4294967295 4294967296 1099511627777 \
	8796093022208 8796093022209 9007199254740991 9007199254740992; do
	echo "/s$size $size 100644 1 0 0 0 0.0 - - -" >> special.dump
done
for version in 0 1 2; do
	sed "$([ $version = 2 ] && echo '/^.s\(8796093022209\|9\)/d')" special.dump > this.dump
	"$here/dump2image" -n $version this.dump image &&
		mount -t erofs -o ro,loop image mnt && mounted=$PWD/mnt
	same "version $version has files of any size" \
		"$(stat -c '/%n %s' mnt/s* | sed 's|mnt/||')" \
		"$(sed -n 's|^\(/s[0-9]*\) \([0-9]*\) .*|\1 \2|p' this.dump | sort)"
	case $version in
	2) want='character special file 0:0 7 8' ;;
	*) want='regular empty file 0:0 7 8' ;;
	esac
	same "version $version has whiteouts" \
		"$(stat -c '%F %t:%T %u %g' mnt/d/w)" "$want"
	marks=$(getfattr -m overlay --absolute-names mnt/d mnt/d/w | grep -c overlay)
	case $version in 0) want=4 ;; 1) want=6 ;; 2) want=0 ;; esac
	same "  and marks for them" "$marks" $want
	umount mnt && mounted=
	check "  fsck.erofs takes it" fsck.erofs image
done
finish
