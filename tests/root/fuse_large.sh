#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# An image of many entries by FUSE: a server keeps nothing of it in memory, neither
# at the start nor after all of it was looked at.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

[ -c /dev/fuse ] && (: < /dev/fuse) 2> /dev/null || skip "there is no /dev/fuse"
trap 'umount -q -l mnt' EXIT

mkdir mnt
python3 - > many.dump << 'END'
print("/ 4096 40755 102 0 0 0 1.0 - - -")
for d in range(100):
    print("/%02d 4096 40755 2 0 0 0 1.0 - - -" % d)
    for f in range(1000):
        print("/%02d/%03d 20 100644 1 0 0 0 1.0 - %s - user.note=%d" % (d, f, "x" * 20, f))
END
printf '%s\n' '/ 4096 40755 2 0 0 0 1.0 - - -' '/a 0 100644 1 0 0 0 1.0 - - -' > few.dump
cfsctl --insecure --repo repo init > log 2>&1
for image in few many; do
	cfsctl --insecure --repo repo create-image --no-propagate-usr-to-root \
		--from-dumpfile $image.dump $image > log ||
		exit 1
	# CPU time, which depends on what else runs, and KiB: anonymous, of files
	read -r _ anon file < <("$O/tests/tools/fusestart" repo/images/refs/$image \
		repo/objects "$PWD/mnt")
	eval "$image=$anon total=$((anon + file))"
	check "$image: at its start a server has at most 8 MiB" [ $total -le 8192 ]
done
size=$(stat -Lc %s repo/images/refs/many)
check "  of an image that is larger" [ "$size" -gt 8388608 ]
check "  and no memory of its own for what is in it" [ $((many - few)) -le 256 ]

cfsctl --insecure --repo repo fuse-serve --foreground --mode plain many mnt &
server=$!
until mountpoint -q mnt || ! kill -0 $server 2> /dev/null; do sleep 0.05; done
same "all names" "$(find mnt -printf '%s\n' | wc -l)" 100101
same "  one by one, in any order" "$(cat mnt/99/999 mnt/00/500)" "$(printf 'x%.0s' {1..40})"
anon=$(awk '/^RssAnon:/ { print $2 }' /proc/$server/status)
check "  after which the server has at most 8 MiB of its own" [ "$anon" -le 8192 ]
umount mnt
wait $server
same "it ends with the mount" $? 0
finish
