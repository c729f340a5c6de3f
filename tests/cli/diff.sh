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
only hard links differ: a copy or mkcomposefs made files of them (cp -a and rsync -H keep them), or a dumpfile has other link counts" \
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

# Every kind of source with every other.
mkdir -p dir/usr/bin dir/usr/share
printf 'a longer file than what is kept in an image, for an object %64d' 1 \
	> dir/usr/bin/big
echo small > dir/usr/bin/small
ln dir/usr/bin/small dir/usr/bin/again
ln -s ../bin dir/usr/share/link
mkfifo dir/usr/share/fifo
printf x > dir/$'\xff \n"\e'
find dir -exec touch -h -d @1700000000.5 {} +
cfsctl --no-repo create-dumpfile dir > the.dump
cfsctl --no-repo compute-id -o the.img dir > the.id
cfsctl --repo repo init --insecure > /dev/null
cfsctl --repo repo create-image dir os/one > /dev/null
cfsctl --repo repo create-image dir the.name > /dev/null
id=$(cat the.id)

pairs() { # WANTED-STATUS OTHER...: each of the other with each of dir
	local want=$1 a b
	shift
	for a in "$@"; do
		for b in dir the.dump the.img os/one "$id"; do
			cfsctl --repo repo diff "$a" "$b" > out 2>&1
			[ $? = "$want" ] || { echo "$a $b"; cat out; return 1; }
			cfsctl --repo repo diff "$b" "$a" > out 2>&1
			[ $? = "$want" ] || { echo "$b $a"; cat out; return 1; }
			cfsctl --repo repo diff --json "$a" "$b" > out.json
			python3 -m json.tool out.json > /dev/null || return 1
		done
	done
}
check "the same from every kind of source" \
	pairs 0 dir the.dump the.img os/one "$id" refs/the.name
cp -a dir other
chmod 600 other/usr/bin/big
touch -d @1700000000.5 other/usr/bin
cfsctl --no-repo create-dumpfile other > other.dump
cfsctl --no-repo compute-id -o other.img other > /dev/null
cfsctl --repo repo create-image other os/two > /dev/null
check "and what differs" pairs 1 other other.dump other.img os/two
same "which is said" "$(cfsctl --repo repo diff os/one other |
	sed '1,2d')" "/usr/bin/big: mode 0644 -> 0600
changed: 1 (mode 1); only in A: 0 of 10; only in B: 0 of 10
only modes differ: one side was unpacked or built with another umask"
# A directory against what --bootable made of it.
mkdir -p tree/usr/bin tree/boot/efi tree/sysroot
touch tree/boot/efi/x tree/boot/vmlinuz tree/usr/bin/true
touch -d @5000 tree/boot
cfsctl --repo repo create-image --bootable tree os/boot > /dev/null
last() { cfsctl --repo repo diff "$@" | tail -n 1; }
bootable="only /boot, /sysroot and SELinux labels differ: one side was made \
with --bootable, which diff takes for directories, too"
same "a bootable image of a directory" "$(last tree os/boot)" "$bootable"
same "the other way around" "$(last os/boot tree)" "$bootable"
same "as JSON" "$(cfsctl --repo repo diff --json tree os/boot |
	sed -n 's/^    "hint": "\(.*\)"$/\1/p')" "$bootable"
check "with --bootable there is no difference" \
	cfsctl --repo repo diff --bootable tree os/boot
chmod 700 tree/usr/bin
check "where more differs that is not the reason" \
	sh -c '! cfsctl --repo repo diff tree os/boot | grep -e --bootable'
chmod 755 tree/usr/bin
touch tree/usr/bin/false
check "nor where a file is missing elsewhere" \
	sh -c '! cfsctl --repo repo diff tree os/boot | grep -e --bootable'
check "a dumpfile on stdin" sh -c 'cfsctl --no-repo diff - dir < the.dump'
check "and from a pipe" cfsctl --no-repo diff dir <(cat the.dump)
same "digests are told" "$(cfsctl --no-repo diff dir the.img | head -2)" \
	"A: dir: directory, as an image of version 1, sha512:$id
B: the.img: image of version 1, sha512:$id"
same "digests are of the other side's algorithm" \
	"$(cfsctl --no-repo --hash sha256 create-dumpfile dir > 256.dump
	cfsctl --no-repo diff dir 256.dump | tail -1)" \
	"the trees are the same: 10 entries"
same "unless another is asked for" \
	"$(cfsctl --no-repo --hash sha512 diff dir 256.dump | tail -1)" \
	"digests are of sha512 in A and of sha256 in B: the contents of 1 file not compared, nothing else differs"
check "which is a difference" sh -c 'cfsctl --no-repo diff the.img 256.dump \
	> /dev/null; [ $? = 1 ]'

# How a directory is read.
mkdir -p raw/usr/bin
touch -d @5.5 raw/usr/bin raw/usr
touch -d @7.0 raw
cfsctl --no-repo create-dumpfile --no-propagate-usr-to-root raw > raw.dump
check "a root like /usr" sh -c 'cfsctl --no-repo diff raw.dump raw > out
	[ $? = 1 ] && grep -q "^/: mtime 7.0 -> 5.500000000" out &&
	grep -q "^only the root directory .*--no-propagate-usr-to-root" out'
check "or as it is" \
	cfsctl --no-repo diff --no-propagate-usr-to-root raw.dump raw

# Images of the same tree that are not the same.
for v in 0 1 2; do
	"$dump2image" -n $v tree.a v$v.img
	"$dump2image" -n $v the.dump the$v.img
done
gives "another version" "the trees are the same: 6 entries
images: header and superblock: composefs_version 1 -> 0
images: mkcomposefs writes version 0 and cfsctl version 1, unless another is asked for" \
	1 v1.img v0.img
# Version 1 marks the directory that holds one.
printf '%s\n' '/ 0 40755 2 0 0 0 0.0 - - -' \
	'/gone 0 20644 1 0 0 0 0.0 - - -' > white.dump
"$dump2image" -n 0 white.dump white0.img
"$dump2image" -n auto white.dump white1.img
gives "whiteouts" "the trees are the same: 2 entries
images: header and superblock: composefs_version 0 -> 1
images: behind the superblock the first byte that differs is 1154: in A field xattr_icount of the inode of /, in B field xattr_icount of the inode of /
images: mkcomposefs writes version 1 of a tree with whiteouts and else 0, cfsctl writes 1, unless another is asked for" \
	1 white0.img white1.img
gives "another layout" "the trees are the same: 6 entries
images: header and superblock: composefs_version 1 -> 2, inos 261 -> 5, blocks 4 -> 1, xattr_blkaddr 2 -> 0
images: behind the superblock the first byte that differs is 1152: in A field format of the inode of /, in B field format of the inode of /
images: version 2 is the former default of composefs-rs, and asked for with --erofs-version now" \
	1 v1.img v2.img
gives "that is not to count" \
	"the trees are the same: 6 entries" 0 v1.img v0.img --ignore bytes
gives "no nanoseconds in version 2" "the trees are the same: 10 entries
images of version 2 have no nanoseconds: those of 9 mtimes not compared
images: the same, byte for byte" 0 the2.img dir
poke() { # FROM TO OFFSET BYTES
	cp "$1" "$2"
	printf "$4" | dd of="$2" bs=1 seek="$3" conv=notrunc status=none
}
poke v1.img poked.img 1072 '\x01'
poke poked.img poked.img2 1172 '\x77'
gives "an image of another writer" "the trees are the same: 6 entries
images: header and superblock: uuid 0x00000000000000000000000000000000 -> 0x01000000000000000000000000000000
images: behind the superblock the first byte that differs is 1172: in A field ino of the inode of /, in B field ino of the inode of /
images: B is not what this program writes for its tree as version 1" \
	1 v1.img poked.img2
gives "and its tree" "the trees are the same: 6 entries
images: header and superblock: uuid 0x01000000000000000000000000000000 -> 0x00000000000000000000000000000000
images: A is not what this program writes for its tree as version 1" \
	1 poked.img tree.a
cat > links.c << 'END'
/ 0 40755 2 0 0 0 0.0 - - -
/b 0 100644 2 0 0 0 0.0 - - -
/a 0 @120000 - - - - 0.0 /b - -
END
check "hard links in another order" sh -c '
	cfsctl --no-repo diff links.a links.c > out
	[ $? = 1 ] && grep -q "^the trees are the same" out &&
	grep -q "^hard links: a dumpfile has another" out'
printf '%s\n' '/ 0 40755 2 0 0 0 0.0 - - -' \
	'/f 9007199254740993 100644 1 0 0 0 0.0 - - -' > huge.dump
check "what cannot be an image" sh -c 'cfsctl --no-repo diff huge.dump tree.b \
	> out; [ $? = 1 ] && grep -q "^A cannot be an image of version 1: " out'

# As JSON.
member() { # FILE EXPRESSION
	python3 -c "import json, sys; d = json.load(open(sys.argv[1]))
print($2)" "$1"
}
cfsctl --no-repo diff --json --all tree.a tree.b > out.json
same "JSON: status" "$?" 1
same "JSON: paths" \
	"$(member out.json '" ".join(e["path"] for e in d["entries"])')" \
	'/d /d/e /d/e/\x01\xff\\g /d/e/f /y\n /z'
same "JSON: counts" "$(member out.json '[d["summary"][k] for k in
	("same", "changed", "only_in_a", "only_in_b", "entries_a")]')" \
	"[False, 0, 5, 1, 6]"
same "JSON: what is below" "$(member out.json 'd["entries"][0]["below_a"]')" 3
same "JSON: a link" "$(member out.json 'd["entries"][2]["hardlink"]')" /d/e/f
one "for JSON" "$f user.a=1 user.\\x22=\\x00\\xff" "0 100600 1 5 0 0 0.1 - - -" \
	'mode 0644 -> 0600, uid 0 -> 5, mtime 0.0 -> 0.000000001, xattr user." only in A (0x00ff), xattr user.a only in A ("1")'
cfsctl --no-repo diff --json one.a one.b > out.json
same "JSON: fields" "$(member out.json 'd["entries"][0]["fields"]')" \
	"{'mode': {'a': '0644', 'b': '0600'}, 'uid': {'a': 0, 'b': 5}, 'mtime': {'a': '0.0', 'b': '0.000000001'}}"
same "JSON: xattrs" "$(member out.json 'd["entries"][0]["xattrs"][0]')" \
	"{'key': 'user.\"', 'a': {'text': '0x00ff', 'hex': '00ff'}, 'b': None}"
cfsctl --no-repo diff --json v1.img v2.img > out.json
same "JSON: images" "$(member out.json '[d["images"][k] for k in
	("same", "offset", "a", "canonical")]')" \
	"[False, 1152, 'field format of the inode of /', {'a': True, 'b': True}]"

# What is left out.
for w in mode owner,mtime user.a 'user."' "mode,uid,mtime,xattrs"; do
	cfsctl --no-repo diff --ignore "$w" one.a one.b | sed -n 3p
done > out
same "fields and xattrs can be ignored" "$(cat out)" \
	'/f: uid 0 -> 5, mtime 0.0 -> 0.000000001, xattr user." only in A (0x00ff), xattr user.a only in A ("1")
/f: mode 0644 -> 0600, xattr user." only in A (0x00ff), xattr user.a only in A ("1")
/f: mode 0644 -> 0600, uid 0 -> 5, mtime 0.0 -> 0.000000001, xattr user." only in A (0x00ff)
/f: mode 0644 -> 0600, uid 0 -> 5, mtime 0.0 -> 0.000000001, xattr user.a only in A ("1")
the trees are the same: 2 entries, but for what is ignored'
long=$(printf 'v%.0s' $(seq 100))
one "long values are cut" "$f" "$f user.a=$long" \
	"xattr user.a only in B (\"${long::80}\"... (100 bytes))"
same "or not" "$(diff one.a one.b --no-trunc | sed -n 1p)" \
	"/f: xattr user.a only in B (\"$long\")"

# Trouble is 2.
trouble() { # NAME WORDS ARGUMENT...
	local name=$1 words=$2
	shift 2
	cfsctl "$@" > out 2> err
	same "$name: status" "$?" 2
	check "$name" grep -qF -e "$words" err
}
trouble "one operand" "B is missing" --no-repo diff dir
trouble "no such field" "--ignore 'modes': there is no such field" \
	--no-repo diff --ignore modes dir dir
trouble "stdin twice" "only one of the two can be the standard input" --no-repo diff - -
trouble "no file, no repository" "none: no such file (not searching" \
	--no-repo diff none dir
trouble "no such image" "none" --repo repo diff none dir
trouble "no repository there" "none: no such file; as an image: open" \
	--repo gone diff none dir
trouble "no dumpfile" "read /etc/passwd as a dumpfile: " \
	--no-repo diff /etc/passwd dir
trouble "an empty file" "as a dumpfile" --no-repo diff /dev/null dir
poke v1.img bad.img 1300 '\xff\xff\xff\xff\xff\xff\xff\xff'
trouble "a bad image" "read bad.img: image" --no-repo diff v1.img bad.img
truncate -s 4096 zeros.img
poke zeros.img plain.img 1024 '\xe2\xe1\xf5\xe0'
trouble "an image that is not composefs'" "not a composefs image" \
	--no-repo diff plain.img dir
trouble "a root without /usr" "usr" --no-repo diff dir/usr dir
check "a full disk" sh -c 'cfsctl --no-repo diff tree.a tree.b > /dev/full \
	2> err; [ $? = 2 ] && grep -q "write to stdout" err'
check "help says it" sh -c 'cfsctl help diff | grep -q "Exit status: 0"'

finish
