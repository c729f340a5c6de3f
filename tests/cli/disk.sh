#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl disk: what lands in the ext4 image, and what is refused.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/disk-repo.sh"

needs debugfs fsverity

dbg() { debugfs -R "$1" "${2:-out.img}" 2> /dev/null; }
mode() { dbg "stat $1" | sed -n 's/.*Mode: *\([0-7]*\).*/\1/p'; }
verity() { dbg "stat $1" | grep -q 'Flags: 0x180000'; }
disk() { cfsctl --repo repo disk "$@"; }

disk_repo repo sha256
head -c 300000 /dev/urandom > big
disk_object repo big > big.id
disk_object repo /dev/null > empty.id
head -c 65536 /dev/zero > even
disk_object repo even > even.id
small_image image
id=$(disk_image repo image)
disk_ref repo "$id" os/stable
head -c 500 /dev/urandom > sig
mkdir -p repo/signatures repo/streams
cp sig "repo/signatures/$id.p7s"
ln -s "../objects/${id:0:2}/${id:2}" repo/streams/a-stream
echo junk > repo/objects/00-not-an-object
echo junk > repo/images/.tmp-0123
mkdir -p boot/loader/entries
echo kernel > boot/vmlinuz
echo entry > boot/loader/entries/1.conf
chmod 600 boot/vmlinuz
ln -s vmlinuz boot/link

check "image is written" disk out.img --state os/stable --add boot:/boot \
	--label root
check "e2fsck finds nothing" e2fsck -fn out.img
same "label" "$(dumpe2fs -h out.img 2> /dev/null |
	sed -n 's/.*volume name: *//p')" root

for f in big even; do
	h=$(cat $f.id)
	p=/composefs/objects/${h:0:2}/${h:2}
	dbg "cat $p" | cmp - $f
	report $? "$f: contents read back"
	check "$f: has the verity flag" verity "$p"
done
h=$(cat even.id)
# A block of the Merkle tree and one of the descriptor, in sectors.
same "blocks of zeros are not allocated" \
	"$(dbg "stat /composefs/objects/${h:0:2}/${h:2}" |
		sed -n 's/.*Blockcount: *//p')" 16
h=$(cat empty.id)
check "empty object has the verity flag" \
	verity "/composefs/objects/${h:0:2}/${h:2}"
check "meta.json has the verity flag" verity /composefs/meta.json
dbg "cat /composefs/meta.json" | cmp - repo/meta.json
report $? "meta.json reads back"
dbg "cat /composefs/signatures/$id.p7s" | cmp - sig
report $? "signature file reads back"
dbg "stat /composefs/images/$id" | grep -q "Type: symlink"
report $? "image links are links"
same "a reference points where it did" \
	"$(dbg "cat /composefs/images/refs/os/stable")" "../../$id"
same "streams are links too" "$(dbg "cat /composefs/streams/a-stream")" \
	"../objects/${id:0:2}/${id:2}"
dbg "ls /composefs/objects" | grep -q not-an-object
same "what is no object stays out" $? 1
dbg "ls /composefs/images" | grep -q tmp-
same "temporary files stay out" $? 1

same "the repository is closed to other users" "$(mode /composefs)" 0700
same "  whatever it is here" "$(chmod 755 repo
	disk wide.img > /dev/null
	dbg 'stat /composefs' wide.img | sed -n 's/.*Mode: *\([0-7]*\).*/\1/p'
	chmod 700 repo)" 0700
same "etc/upper" "$(mode "/state/deploy/$id/etc/upper")" 0755
same "etc/work" "$(mode "/state/deploy/$id/etc/work")" 0700
same "var" "$(mode "/state/deploy/$id/var")" 0755
same "added file" "$(dbg 'cat /boot/vmlinuz')" kernel
same "added file's mode" "$(mode /boot/vmlinuz)" 0600
same "added file below" "$(dbg 'cat /boot/loader/entries/1.conf')" entry
dbg 'stat /boot/link' | grep -q 'Fast link dest: "vmlinuz"'
report $? "added link"
dbg 'stat /boot/vmlinuz' | grep -q 'User: *0 *Group: *0 '
report $? "all belongs to root"

p=/composefs/objects/${id:0:2}/${id:2}
blocks() { dbg "stat $p" "$1" | sed -n 's/.*Blockcount: //p'; }
head -c 9000 /dev/urandom > "repo/signatures/$id.p7s"
disk signed.img
disk unsigned.img --kernel-signatures no
cp sig "repo/signatures/$id.p7s"
same "signatures take part in fs-verity unless asked not to" \
	"$(($(blocks signed.img) - $(blocks unsigned.img)))" 16

# The same again, elsewhere and later, is the same.
cp -r repo copy
touch copy/meta.json
cfsctl --repo copy disk again.img --state "$id" --add "$PWD/boot:/boot" \
	--label root
check "equal repositories make equal bytes" cmp out.img again.img
cp -r --sparse=never repo full
cp -r --sparse=always repo holey
for copy in full holey; do
	cfsctl --repo $copy disk $copy.img
done
check "whatever holes their files have" cmp full.img holey.img
SOURCE_DATE_EPOCH=1700000000 disk dated.img
same "SOURCE_DATE_EPOCH is the time" \
	"$(dbg 'stat /composefs' dated.img | grep -c 'mtime: 0x6553f100')" 1
disk other.img --state os/stable
same "other contents have another UUID" \
	"$([ "$(blkid -o value -s UUID out.img)" != \
		"$(blkid -o value -s UUID other.img)" ] && echo yes)" yes
disk uuid.img --uuid 01234567-89ab-4cde-8f01-23456789abcd
same "UUID as asked for" "$(blkid -o value -s UUID uuid.img)" \
	01234567-89ab-4cde-8f01-23456789abcd

disk sized.img --size 64M
same "size as asked for" "$(stat -c %s sized.img)" $((64 << 20))
check "e2fsck finds nothing in it" e2fsck -fn sized.img
refuse "too small is refused" "the contents need" disk small.img --size 4M
need=$(disk small.img --size 4M 2>&1 | sed -n 's/.*--size \([0-9]*M\).*/\1/p')
check "the size it names is enough" disk small.img --size "$need"
check "e2fsck finds nothing in that either" e2fsck -fn small.img

refuse "no size" "size 12x" disk x.img --size 12x
refuse "no UUID" "is not an UUID" disk x.img --uuid 1234
refuse "neither yes nor no" "expected yes or no" disk x.img \
	--kernel-signatures maybe
refuse "label too long" "longer than 16 bytes" disk x.img \
	--label 12345678901234567
refuse "no such image" "image not found: nothing" disk x.img --state nothing
refuse "state given twice" "is in the image already" disk x.img \
	--state "$id" --state os/stable
refuse "added over the repository" "in the image already" disk x.img \
	--add boot/vmlinuz:/composefs/meta.json
refuse "path that is none" "do not go into a path" disk x.img \
	--add boot:/a/../b
refuse "no path" "HOSTPATH:/PATH" disk x.img --add boot
mkfifo boot/fifo
refuse "no file" "is no file, directory or link" disk x.img --add boot:/boot
rm boot/fifo
refuse "not a file to write to" "no regular file" disk /dev/null
SOURCE_DATE_EPOCH=soon refuse "no time" "SOURCE_DATE_EPOCH" disk x.img
same "nothing is left of what was refused" "$(ls -A | grep -c 'x.img\|tmp-')" 0

# Damage.
h=$(cat big.id)
cp -r repo bad
# Eight bytes: a single one is there already once in 256 times.
printf "damaged!" | dd of="bad/objects/${h:0:2}/${h:2}" bs=1 seek=200000 \
	conv=notrunc status=none
echo before > kept.img
refuse "damaged object is refused" "${h:2} is damaged" \
	cfsctl --repo bad disk kept.img --force
same "the old file stays" "$(cat kept.img)" before
head -c 20000 /dev/zero > "bad/signatures/$id.p7s"
refuse "oversized signature is refused" "is no signature" \
	cfsctl --repo bad disk kept.img --force
refuse "an existing file is kept" "kept.img: it exists; --force replaces it" \
	disk kept.img
same "  whole" "$(cat kept.img)" before
check "--force replaces it" disk kept.img --force
check "  with the image" e2fsck -fn kept.img
refuse "a missing directory is named as it was given" "no/x.img: No such file" \
	disk no/x.img
rm -r bad

# What is printed.
disk told.img --label told > text 2> err
uuid=$(blkid -o value -s UUID told.img)
check "the UUID is printed" grep -qx "  UUID: $uuid" text
check "the label is printed" grep -qx "  label: told" text
check "and how to boot it" grep -qx \
	"  boot os/stable with: root=UUID=$uuid rw composefs.digest=v1-sha256-12:$id" text
same "without --state that is said, once" "$(grep -c 'without --state' err)" 1
disk told.img --force --state os/stable --json > json 2> err
same "with it nothing is" "$(cat err)" ""
check "all of it in JSON" python3 -c '
import json, os, sys
uuid, id = sys.argv[1:]
j = json.load(open("json"))
assert j["path"] == "told.img" and j["size"] == os.stat("told.img").st_size, j
assert j["uuid"] == uuid and j["label"] is None, j
assert j["root"] == "root=UUID=" + uuid, j
assert j["images"] == [{"digest": "sha256:" + id, "names": ["os/stable"],
	"karg": "composefs.digest=v1-sha256-12:" + id, "state": True}], j
' "$(blkid -o value -s UUID told.img)" "$id"

# Only what is named.
mkdir -p t1/usr t2/usr t3/usr
for t in 1 2 3; do
	head -c $((5000 * t)) /dev/urandom > t$t/usr/own
	cp big t$t/usr/shared
done
cfsctl init --algorithm sha256 --insecure some > /dev/null
for t in 1 2 3; do
	cfsctl --repo some create-image --no-propagate-usr-to-root t$t os/t$t \
		> some.$t
done
cfsctl --repo some create-image --no-propagate-usr-to-root t1 deep/er/name \
	> /dev/null
read -r one two < <(sed 's/.*://' some.1 some.2 | paste -s -d ' ')
mkdir -p some/signatures some/streams/refs
cp sig "some/signatures/$one.p7s"
cp sig "some/signatures/$two.p7s"
ln -s "../objects/${one:0:2}/${one:2}" some/streams/a-stream
some() { cfsctl --repo some disk "$@"; }
files() { # IMG: all names in it
	debugfs -R "rdump /composefs $1.d" "$1" > /dev/null 2>&1
}
mkdir one.img.d all.img.d two.img.d
check "a chosen image is written" some one.img --image os/t1
check "  e2fsck finds nothing" e2fsck -fn one.img
files one.img
(cd one.img.d/composefs && find . -type f -o -type l) | sort > have
{
	echo ./meta.json
	echo "./images/$one"
	echo ./images/refs/os/t1
	echo ./images/refs/deep/er/name
	echo "./signatures/$one.p7s"
	{
		echo "$one"
		cfsctl --repo some image-objects os/t1 | sed 's/.*://'
	} | sed 's|^..|./objects/&/|'
} | sort > want
check "  with all its names, its signature and what it needs, and nothing else" \
	cmp have want
same "  also no empty directories of others" "$(cd one.img.d/composefs &&
	find . -mindepth 1 -type d -empty)" "./streams"
cp -r one.img.d/composefs apart
check "  it is whole by itself" cfsctl --repo apart fsck
some all.img > text 2> /dev/null
same "without --image everything is written" "$(grep -c '  boot ' text)" 3
files all.img
check "  streams too" test -L all.img.d/composefs/streams/a-stream
some two.img --image os/t2 --image "$one" --image os/t2 --state os/t1 > text
files two.img
same "two images share what both need" \
	"$(find two.img.d/composefs/objects -type f | wc -l)" 5
same "  how the one with state boots is told" "$(grep '  boot ' text |
	sed 's/:.*//')" "  boot deep/er/name with"
refuse "state of what is not there is refused" \
	"--state os/t3: the image is not on the disk" \
	some x.img --image os/t1 --state os/t3
refuse "a name that does not exist is refused" "image not found: none" \
	some x.img --image none
h=$(cfsctl --repo some dump-files --backing-path-only os/t2 /usr/own)
rm "some/objects/${h#* }"
refuse "an image without its objects is refused" \
	"image os/t2 is not whole: 1 object is missing, needed by /usr/own" \
	some x.img --image os/t2
refuse "  also among all" "needed by /usr/own" some x.img
check "  which says how to leave it out" grep -q -e '--image NAME' stderr.$$
check "  as is done so" some one.img --force --image os/t1
same "nothing is left of what was refused" "$(ls -A | grep -c 'x.img\|tmp-')" 0

# Killed in the middle of 160 MB. tests/cli/killed_disk.sh does it everywhere.
for i in $(seq 40); do
	head -c 4000000 /dev/urandom > "many.$i"
	disk_object repo "many.$i" > /dev/null
	rm "many.$i"
done
if strace -qq -o /dev/null true 2> /dev/null; then
	KILL_POINTS=1
	. "$CFS_SRC/tests/killer.sh"
	check "killed while it writes" \
		kill_at pwrite64 60 cfsctl --repo repo disk killed.img
	same "  nothing is left" "$(ls -A | grep -c 'killed\|tmp-')" 0
	cfsctl --repo repo disk holes.img > /dev/null 2>&1
	check "written to a file system without holes" quiet strace -f -qq \
		-o /dev/null -e trace=fallocate \
		-e inject=fallocate:error=EOPNOTSUPP \
		cfsctl --repo repo disk whole.img
	check "  with the same bytes" cmp holes.img whole.img
	rm holes.img whole.img
fi
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	mkdir -m 777 free
	chmod -R go+rX repo
	disk root.img
	check "written without root" as_nobody cfsctl --repo repo disk free/o.img
	check "with the same bytes" cmp root.img free/o.img
fi

mkdir tiny
cat > full.sh <<'END'
mount -t tmpfs -o size=20m none tiny || exit 9
cfsctl --repo repo disk tiny/full.img 2> full.err
echo $? > full.rc
ls -A tiny > full.ls
END
if unshare -rm bash full.sh 2> /dev/null; then
	same "no room on this machine: fails" "$(cat full.rc)" 1
	same "and says so" "$(grep -ci 'no space left' full.err)" 1
	same "and leaves nothing" "$(cat full.ls)" ""
fi
finish
