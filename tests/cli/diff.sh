#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl diff: what differs between images, directories and dumpfiles.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

dump2image=$O/tests/tools/dump2image
export HOME=$TMPDIR/home

diff() { # A B OPTION...: status and output, without the lines about A and B
	local a=$1 b=$2
	shift 2
	cfsctl --no-repo diff "$@" -- "$a" "$b" > out 2>&1
	status=$?
	sed '1{/^A: /d};2{/^B: /d}' out
	return $status
}

gives() { # NAME WORDS STATUS A B OPTION...
	local name=$1 words=$2 status=$3
	shift 3
	got=$(diff "$@")
	same "$name: status" "$?" "$status"
	same "$name" "$got" "$words"
}

one() { # NAME LINE-A LINE-B WORDS: a tree of one file
	local root='/ 0 40755 2 0 0 0 0.0 - - -'

	printf '%s\n' "$root" "/f $2" > one.a
	printf '%s\n' "$root" "/f $3" > one.b
	got=$(diff one.a one.b)
	same "$1: status" "$?" 1
	same "$1" "$(sed -n 1p <<< "$got")" "/f: $4"
}

x=$(printf '1%.0s' $(seq 64))
xp=11/${x:2}
y=$(printf '2%.0s' $(seq 64))
yp=22/${y:2}
f='0 100644 1 0 0 0 0.0 - - -'
one mode "$f" "0 104600 1 0 0 0 0.0 - - -" "mode 0644 -> 4600"
one owner "$f" "0 100644 1 1 2 0 0.0 - - -" "uid 0 -> 1, gid 0 -> 2"
one mtime "$f" "0 100644 1 0 0 0 1700000000.5 - - -" \
	"mtime 0.0 -> 1700000000.000000005"
one "type" "$f" "0 40755 2 0 0 0 0.0 - - -" \
	"type file -> directory, mode 0644 -> 0755"
one rdev "0 20644 1 0 0 259 0.0 - - -" "0 20644 1 0 0 2050 0.0 - - -" \
	"rdev 1:3 -> 8:2"
one size "9 100644 1 0 0 0 0.0 $xp - $x" "8 100644 1 0 0 0 0.0 $xp - $x" \
	"size 9 -> 8"
one content "9 100644 1 0 0 0 0.0 $xp - $x" "9 100644 1 0 0 0 0.0 $yp - $y" \
	"content sha256:${x::16}... -> sha256:${y::16}..."
one "content in the image" "2 100644 1 0 0 0 0.0 - ab -" \
	'2 100644 1 0 0 0 0.0 - \x00\xff -' 'content "ab" -> 0x00ff'
one storage "5 100644 1 0 0 0 0.0 - hello -" \
	"5 100644 1 0 0 0 0.0 - - 555b589c26ee43b7a2510e6c67ced9fb3190b6da6e9e683984551f5d77a763de" \
	"storage in the image -> external"
one "no digest" "9 100644 1 0 0 0 0.0 $xp - $x" \
	"9 100644 1 0 0 0 0.0 $xp - -" "digest sha256:${x::16}... -> none"
one "sparse without digest" "9 100644 1 0 0 0 0.0 a\\x20b - -" \
	"9 100644 1 0 0 0 0.0 - - -" 'backing a\x20b -> none'
one target "1 120777 1 0 0 0 0.0 t - -" '3 120777 1 0 0 0 0.0 \n\x1b\\ - -' \
	'target t -> \n\x1b\\'
one nlink "$f" "0 100644 3 0 0 0 0.0 - - -" "nlink 1 -> 3"
one "xattr there" "$f" "$f user.a=b\\x20c" 'xattr user.a only in B ("b c")'
one "xattr gone" "$f user.a=\\xff" "$f" 'xattr user.a only in A (0xff)'
one "xattrs changed" "$f user.a=1 user.b=2" "$f user.a=2 user.b=3" \
	'xattr user.a "1" -> "2", xattr user.b "2" -> "3"'
one label "$f security.selinux=a:b:c:s0" \
	"$f security.selinux=a:b:c:s0\\x00" \
	'xattr security.selinux "a:b:c:s0" -> "a:b:c:s0\x00"'
cap2='\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'
cap3='\x00\x00\x00\x03\x01\x00\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\xe8\x03\x00\x00'
one capability "$f security.capability=$cap2" "$f security.capability=$cap3" \
	"xattr security.capability version 2 permitted=cap_net_raw effective -> version 3 permitted=cap_chown,cap_bpf rootid=1000"
acl='\x02\x00\x00\x00\x01\x00\x07\x00\xff\xff\xff\xff\x02\x00\x05\x00\xe8\x03\x00\x00\x04\x00\x04\x00\xff\xff\xff\xff\x10\x00\x05\x00\xff\xff\xff\xff\x20\x00\x00\x00\xff\xff\xff\xff'
one ACL "$f system.posix_acl_access=$acl" "$f system.posix_acl_access=\\x02" \
	"xattr system.posix_acl_access user::rwx,user:1000:r-x,group::r--,mask::r-x,other::--- -> 0x02"

# Hard links.
cat > links.a << 'END'
/ 0 40755 2 0 0 0 0.0 - - -
/a 0 100644 2 0 0 0 0.0 - - -
/b 0 @120000 - - - - 0.0 /a - -
END
sed 's|^/b.*|/b 0 100644 2 0 0 0 0.0 - - -|' links.a > links.b
gives "a link that became a file" "/b: hardlink /a -> none
changed: 1 (hardlink 1); only in A: 0 of 3; only in B: 0 of 3
only hard links differ: a copy made files of them (cp -a and rsync -H keep them), or a dumpfile has other link counts" \
	1 links.a links.b
gives "that is ignored" \
	"the trees are the same: 3 entries, but for what is ignored" \
	0 links.a links.b --ignore hardlink

# Entries of one side.
cat > tree.a << 'END'
/ 0 40755 4 0 0 0 0.0 - - -
/d 0 40755 3 0 0 0 0.0 - - -
/d/e 0 40755 2 0 0 0 0.0 - - -
/d/e/f 0 100644 2 0 0 0 0.0 - - -
/d/e/\x01\xff\\g 0 @120000 - - - - 0.0 /d/e/f - -
/z 3 100644 1 0 0 0 0.0 - abc -
END
cat > tree.b << 'END'
/ 0 40755 2 0 0 0 0.0 - - -
/y\n 0 10644 1 0 0 0 0.0 - - -
END
gives "what one side has is said once" '/d: only in A (directory, 3 entries below)
/y\n: only in B (fifo)
/z: only in A (file, 3 bytes)
changed: 0; only in A: 5 of 6; only in B: 1 of 2' 1 tree.a tree.b
gives "or all of it" '/d: only in A (directory, 3 entries below)
/d/e: only in A (directory)
/d/e/\x01\xff\\g: only in A (hard link of /d/e/f)
/d/e/f: only in A (file, 0 bytes)
/y\n: only in B (fifo)
/z: only in A (file, 3 bytes)
changed: 0; only in A: 5 of 6; only in B: 1 of 2' 1 tree.a tree.b --all

finish
