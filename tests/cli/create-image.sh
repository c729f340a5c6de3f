#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Images of directories: the rows of composefs-rs' cli.rs that are not about
# OCI, and ours.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

has() { grep -qF -e "$1"; }
hex() { sed 's/.*://'; }
object() { echo "repo/objects/${1:0:2}/${1:2}"; }
cfs() { cfsctl --repo repo "$@"; }
# Owners are part of an image: what upstream made of root's files counts for
# root alone.
upstream() { [ "$(id -u)" != 0 ] || same "$@"; }

fixture_rootfs root
fixture_repo repo

id=$(cfs create-image root)
check "an image has an id" grep -qxE 'sha512:[0-9a-f]{128}' <<< "$id"
same "and the same one again" "$(cfs create-image root)" "$id"
# Made by cfsctl 0.9.4 of composefs-rs from the same fixture:
# cfsctl --insecure --repo R create-image root
# (its tests/cli.rs has no digest of it).
upstream "which upstream gives it too" "$id" "sha512:f0fb65ba75abaeaa8eaf1f52ccf3d0a8a170a073ee9bf8c01cba4679da1bbab8244713043b21a09da53992ba4993b993707b8b872e6dfef1e9324b681f4cfb39"
hexid=${id#sha512:}
same "its link is relative" "$(readlink "repo/images/$hexid")" \
	"../objects/${hexid:0:2}/${hexid:2}"
check "it has no name" has 'No images found' <<< "$(cfs images)"
same "as JSON too" "$(cfs images --json | tr -d ' \n')" '{"images":[]}'

cfs create-image root my-image > /dev/null
same "a name is a relative link" "$(readlink repo/images/refs/my-image)" \
	"../$hexid"
cfs create-image root a/b/c > /dev/null
same "also far down" "$(readlink repo/images/refs/a/b/c)" "../../../$hexid"
check "names are listed" has my-image <<< "$(cfs images)"
check "with short digests" has "${hexid:0:12} " <<< "$(cfs images)"
check "or whole ones" has "$hexid" <<< "$(cfs images --no-trunc)"
check "and as JSON" python3 -c '
import json, sys
i = json.load(sys.stdin)["images"]
assert [x["name"] for x in i] == ["a/b/c", "my-image"]
assert all(x["digest"] == sys.argv[1] for x in i)' "$hexid" \
	<<< "$(cfs images --json)"

objects=$(cfs image-objects refs/my-image)
same "by name, digest and refs/ the objects are the same" \
	"$(cfs image-objects my-image; cfs image-objects "$hexid")" \
	"$objects
$objects"
same "the only object is the long file" \
	"$(sha512sum < "$(object "$(hex <<< "$objects")")")" \
	"$(sha512sum < root/usr/bin/hello)"
same "objects are read-only to others" \
	"$(stat -c %a "$(object "$(hex <<< "$objects")")")" 644
same "dump-files finds the object" \
	"$(cfs dump-files my-image /usr/bin/hello --backing-path-only)" \
	"/usr/bin/hello $(hex <<< "$objects" | sed 's|^..|&/|')"
same "and what is inline" \
	"$(cfs dump-files my-image /usr/lib/readme.txt --backing-path-only)" \
	"/usr/lib/readme.txt inline"
same "and directories with their contents" \
	"$(cfs dump-files my-image /usr/lib | cut -d ' ' -f 1 | xargs)" \
	"/usr/lib /usr/lib/readme.txt"
refuse "dump-files misses what is not there" '/x not found' \
	cfs dump-files my-image /x
refuse "a directory has no object" '/usr is a directory' \
	cfs dump-files my-image /usr --backing-path-only
refuse "an unknown image is named" 'image not found: zzz' \
	cfs image-objects zzz

same "compute-id agrees" "$(cfs compute-id root)" "$hexid"
same "without a repository too" "$(cfsctl --no-repo compute-id root)" "$hexid"
same "and with one that is not there" \
	"$(cfsctl --repo nowhere compute-id root)" "$hexid"
check "nothing was made there" test ! -e nowhere
same "-o writes that very image" "$(cfs compute-id root -o img; sha512sum < img)" \
	"$hexid
$(sha512sum < "$(object "$hexid")")"
mkfifo pipe
cat pipe > from-pipe &
check "-o writes to a pipe" cfs compute-id root -o pipe
wait $!
check "and does not replace it" cmp img from-pipe
for v in 0 1 2; do
	same "format $v: created as computed" \
		"$(cfs --erofs-version $v create-image root | hex)" \
		"$(cfs --erofs-version $v compute-id root)"
done
check "formats differ" test "$(cfs --erofs-version 1 compute-id root)" != \
	"$(cfs --erofs-version 2 compute-id root)"
upstream "format 2 is upstream's too" "$(cfs --erofs-version 2 compute-id root)" \
	"b3a116eb2edb295031c66b0cdd1bbf0616ad3c0d586169f9dddda80314be92e2004eadff9ec75a3c950c5327cd422d6d0d5e9868d5e3b10a07eb02bdb136198e"
upstream "sha256 is upstream's too" \
	"$(cfsctl --no-repo --hash sha256 compute-id root)" "7c663c91649d73ec7ff0fc9429b2ce882f26bc668c3f91eb46af16310ba3f37a"
fixture_repo sha256 --algorithm fsverity-sha256-12
upstream "a repository decides the hash" \
	"$(cfsctl --repo sha256 create-image root)" "sha256:7c663c91649d73ec7ff0fc9429b2ce882f26bc668c3f91eb46af16310ba3f37a"
upstream "for compute-id too" "$(cfsctl --repo sha256 compute-id root)" \
	"7c663c91649d73ec7ff0fc9429b2ce882f26bc668c3f91eb46af16310ba3f37a"
check "a contradiction is told" has warning \
	<<< "$(cfsctl --repo sha256 --hash sha512 compute-id root 2>&1)"
fixture_repo v2 --erofs-version 2
upstream "a repository decides the format" \
	"$(cfsctl --repo v2 create-image root)" "sha512:b3a116eb2edb295031c66b0cdd1bbf0616ad3c0d586169f9dddda80314be92e2004eadff9ec75a3c950c5327cd422d6d0d5e9868d5e3b10a07eb02bdb136198e"
check "compute-id does not take it, and says so" has erofs-version \
	<<< "$(cfsctl --repo v2 compute-id root 2>&1)"

for n in 1 2 7 300; do
	fixture_repo threads$n
	same "the image does not depend on threads ($n)" \
		"$(cfsctl --repo threads$n create-image --threads $n root)" \
		"$(cfs create-image root)"
	check "  nor do the objects" \
		diff -r threads1/objects threads$n/objects
	same "  nor the digest" "$(cfs compute-id --threads $n root)" \
		"$(cfs compute-id root)"
	same "  nor what fsck says" \
		"$(cfsctl --repo threads$n fsck --threads $n)" \
		"$(cfsctl --repo threads1 fsck)"
done
fixture_boot threads
check "compute-karg and create-dumpfile take --threads" sh -c '
	cfsctl --no-repo compute-karg --threads 2 threads &&
	cfsctl --no-repo create-dumpfile --threads 2 root'

# A repository may want every image in several formats.
fixture_repo several
python3 - << 'X'
import json
with open('several/meta.json') as f:
    meta = json.load(f)
meta['erofs_formats'] = {'default': 1, 'extra': [0, 2]}
with open('several/meta.json', 'w') as f:
    json.dump(meta, f)
X
same "a repository may want several formats: the default one is printed" \
	"$(cfsctl --repo several create-image root name | hex)" \
	"$(cfs --erofs-version 1 compute-id root)"
for v in 0 1 2; do
	check "  format $v is made" \
		test -e "several/images/$(cfs --erofs-version $v compute-id root)"
done
same "  and no other" "$(cd several/images && ls -d [0-9a-f]* | wc -l)" 3
same "  the name is that of the default one" \
	"$(basename "$(readlink several/images/refs/name)")" \
	"$(cfs --erofs-version 1 compute-id root)"
check "  fsck reads them all" has 'images: 3/3 ok' \
	<<< "$(cfsctl --repo several fsck)"
rm -rf several/images
cfsctl --repo several --erofs-version 2 create-image root > /dev/null
same "  --erofs-version makes one alone" \
	"$(cd several/images && ls -d [0-9a-f]*)" \
	"$(cfs --erofs-version 2 compute-id root)"

upstream "the root is as it is on request" \
	"$(cfsctl --no-repo compute-id --no-propagate-usr-to-root root)" \
	"704a714c1e40ba9549e07d4f32b394f4d9ef7e7f11cb547c75050e146faa2857f83b2c0aedafb35bcaed530a85fcc8d903952ddc9d50e30e531255442f8d46cb"
mkdir -p no-usr
refuse "a tree without /usr is refused, with a way out" \
	'no-usr: there is no /usr to take' cfs create-image no-usr
check "which works" \
	cfs create-image --no-propagate-usr-to-root no-usr
refuse "no boot without /boot" "it would not boot: no /boot, no /sysroot" \
	cfs create-image --bootable root
check "create-dumpfile prints both paths" sh -c '
	cfsctl --no-repo create-dumpfile root > dump &&
	grep -q "^/usr/bin/hello " dump && grep -q "^/etc/hostname " dump'
same "a dumpfile gives the same image" \
	"$(cfsctl --no-repo compute-id --from-dumpfile dump \
		--no-propagate-usr-to-root)" "$hexid"
same "on stdin as well" \
	"$(cfs create-image --from-dumpfile - --no-propagate-usr-to-root \
		dumped < dump | hex)" "$hexid"
fixture_repo other
refuse "but not without its objects" 'not in the repository' \
	cfsctl --repo other create-image --from-dumpfile dump \
	--no-propagate-usr-to-root
refuse "--no-repo is for computing" no-repo cfsctl --no-repo create-image root
refuse "--xattrs knows its modes" "--xattrs 'x': expected allowlist-only or keep-user-xattrs" \
	cfs compute-id --xattrs x root
if setfattr -n user.test -v 1 root/usr/bin/hello 2> /dev/null; then
	same "user xattrs are dropped" "$(cfs compute-id root)" "$hexid"
	check "or kept" test "$hexid" != \
		"$(cfs compute-id --xattrs keep-user-xattrs root)"
	setfattr -x user.test root/usr/bin/hello
fi

# Upstream's fixture has no init: that is no more than a warning.
fixture_boot boot
id=$(cfs create-image --bootable boot bootable | hex)
same "compute-karg is about the bootable one" "$(cfs compute-karg boot)" \
	"composefs.digest=v1-sha512-12:$id"
same "which has a karg of its own" "$(cfs composefs-digest-karg bootable)" \
	"composefs.digest=v1-sha512-12:$id"
upstream "upstream has the same" "$id" "a4e1930bc4dc9ac787bb64e3ce33e8821a5ced8ef39458a56053ce34233f5e671e7dac8e27a89a45dce1b531781264d48b6870cd791f8e4af5b377448e715cb6"
same "insecure" "$(cfs --insecure compute-karg boot)" \
	"composefs.digest=?v1-sha512-12:$id"
same "for either command" "$(cfs composefs-digest-karg --insecure bootable)" \
	"composefs.digest=?v1-sha512-12:$id"
id2=$(cfs --erofs-version 2 create-image --bootable boot boot2 | hex)
same "format 2 has the older form" "$(cfs --erofs-version 2 compute-karg boot)" \
	"composefs=$id2"
same "several kargs keep their order" \
	"$(cfs composefs-digest-karg boot2 bootable)" \
	"composefs=$id2
composefs.digest=v1-sha512-12:$id"

# Names that no command would ever find.
h64=$(printf '0123456789abcdef%.0s' 1 2 3 4)
for name in "$h64" "$h64$h64" "${h64^^}" "sha256:$h64" sha512:012345678901 refs/x; do
	refuse "no name: ${name:0:24}" "name '${name:0:24}" cfs create-image root "$name"
	refuse "nor for an image that is imported" "name '${name:0:24}" \
		cfs import-image "$name" < "$(object "$hexid")"
done
same "nothing got such a name" "$(find repo/images -path '*refs*' -name '*0123456789*')" ""

check "an image goes from one repository to another" sh -c "
	cfsctl --repo other import-image x/y < '$(object "$hexid")' > imported"
same "under the same digest" "$(hex < imported)" "$hexid"
refuse "what is no image is not taken in" 'not a composefs image' \
	sh -c 'cfsctl --repo other import-image z < /etc/passwd'
refuse "nothing is no image" "import image from stdin: the input is empty" \
	sh -c 'cfsctl --repo other import-image z < /dev/null'
refuse "nor is an empty pipe" "the input is empty" \
	sh -c ': | cfsctl --repo other import-image z'
check "and gets no name" test ! -e other/images/refs/z

# Labels come from the tree's own policy, and from nothing else.
policy=labelled/etc/selinux/mine/contexts/files
mkdir -p labelled/usr/bin labelled/boot labelled/sysroot $policy
printf 'SELINUXTYPE=mine\n' > labelled/etc/selinux/config
printf '/usr(/.*)? usr_t\n/usr/bin/.* -- bin_t\n' > $policy/file_contexts
echo x > labelled/usr/bin/tool
labels() {
	cfsctl --no-repo create-dumpfile --bootable labelled |
		sed -n 's/^\([^ ]*\) .*security.selinux=/\1 /p'
}
same "files are labelled by the policy in the tree" "$(labels)" \
	"/usr usr_t
/usr/bin usr_t
/usr/bin/tool bin_t"
printf '/usr(/.*)? usr_t extra\n' > $policy/file_contexts
refuse "a policy that is not understood is no policy to go by" \
	'/etc/selinux/mine/contexts/files/file_contexts: line 1: expected' \
	cfsctl --no-repo compute-id --bootable labelled

# Expressions that backtrack: each is within its limit, all of them are not.
for i in $(seq 100); do
	echo "/usr/bin/(a|a|a)*$i -- slow_t"
done > $policy/file_contexts
for i in $(seq 50); do : > labelled/usr/bin/aaaaaaaaab$i; done
refuse "a policy that takes long for the tree names its worst rule" \
	"too long, most of it for /etc/selinux/mine/contexts/files/file_contexts: line " \
	cfsctl --no-repo compute-id --bootable labelled

# What a root lacks to boot is said before any of it is read.
mkdir -p bare/usr/lib
: > bare/unreadable
lacks() { # WORDS OPTION...: exit status and stderr of create-image
	local words=$1
	shift
	refuse "lint: $words" "$words" cfs create-image --bootable "$@" bare
}
lacks "read bare: it would not boot: no /boot, no /sysroot, no /dev, no /proc, \
no /run, no /sys, no /sbin/init, no /usr/lib/os-release or /etc/os-release; \
make directories with \`cd bare && mkdir boot sysroot dev proc run sys etc var\`, \
or in the image alone with --make-mountpoints"
lacks "it would not boot: no /sbin/init, no /usr/lib/os-release or \
/etc/os-release; --lint warn makes the image regardless" --lint error \
	--make-mountpoints
same "nothing was read" "$(cfs create-image --bootable bare 2>&1 | grep -c stored)" 0
check "and nothing made" test ! -e bare/boot
lacks "it would not boot: no /boot, no /sysroot; make" --lint off
lacks "no /sys, no /sbin/init, no /usr/lib/os-release or /etc/os-release; make" --lint warn
for lint in "" "--lint auto" "--lint warn"; do
	# shellcheck disable=SC2086
	same "what is no system is warned of: $lint" \
		"$(cfs create-image --bootable --make-mountpoints $lint bare 2>&1 > /dev/null)" \
		"warning: bare: no /sbin/init, no /usr/lib/os-release or /etc/os-release: the system will not boot"
done
same "or nothing" "$(cfs create-image --bootable --make-mountpoints --lint off bare 2>&1 > /dev/null)" ""
for command in compute-id create-dumpfile; do
	refuse "$command --bootable too" "it would not boot: no /boot" \
		cfs $command --bootable bare
done
refuse "and compute-karg" "it would not boot: no /boot" cfs compute-karg bare
: > bare/usr/lib/os-release
lacks "it would not boot: no /sbin/init; --lint warn makes" --make-mountpoints
same "unless a warning is all that is wanted" \
	"$(cfs create-image --bootable --make-mountpoints --lint warn bare 2>&1 > /dev/null)" \
	"warning: bare: no /sbin/init: the system will not boot"
fixture_system bare
same "nothing is wrong with a system" \
	"$(cfs create-image --bootable bare 2>&1 > /dev/null)" ""
rmdir bare/var bare/etc
same "without /etc and /var it boots" \
	"$(cfs create-image --bootable bare 2>&1 > /dev/null)" \
	"warning: bare: no /etc, no /var: the system cannot keep changes there"
mkdir bare/var bare/etc
printf '# x\n/dev/vda1 /boot vfat x 0 0\nUUID=1 / ext4 rw 0 1\n' > bare/etc/fstab
same "a line of fstab for / is told" \
	"$(cfs create-image --bootable bare 2>&1 > /dev/null)" \
	"warning: bare/etc/fstab: line 3 is for /, which composefs mounts: remove it"
rm bare/etc/fstab
chmod 644 bare/sbin/init
lacks "it would not boot: no program at /sbin/init; --lint"
rm bare/sbin/init
ln -s /usr/lib/none bare/sbin/init
lacks "it would not boot: no /sbin/init"
ln -sf /usr/lib/systemd bare/sbin/init
printf x > bare/usr/lib/systemd
chmod 755 bare/usr/lib/systemd
same "links are followed inside the root" \
	"$(cfs create-image --bootable bare 2>&1 > /dev/null)" ""
rmdir bare/proc
echo > bare/proc
lacks "it would not boot: no directory at /proc; --lint" --make-mountpoints
rm bare/proc
mv bare/boot bare/efi
ln -s efi bare/boot
lacks "it would not boot: no directory at /boot, no /proc; make directories with \`cd bare && mkdir proc\`"
rm bare/boot
mv bare/efi bare/boot
made=$(cfsctl --no-repo create-dumpfile --bootable --make-mountpoints bare)
mkdir bare/proc
touch -d @1234567890 bare bare/proc
same "a mount point that is made is as one that is there" "$made" \
	"$(cfsctl --no-repo create-dumpfile --bootable bare)"
refuse "it is for bootable images" "--make-mountpoints is for images with --bootable" \
	cfs create-image --make-mountpoints bare
fixture_repo bare/inside/repo
refuse "a repository in what is read is refused" \
	"the repository bare/inside/repo is inside bare, and would become part" \
	cfsctl --repo bare/inside/repo create-image --bootable bare
refuse "by any name" "is inside" sh -c 'ln -s bare/inside link
	cd bare/usr && cfsctl --repo ../../link/repo create-image ..'
refuse "no /usr is told before anything is read" "there is no /usr to take" \
	sh -c 'mkdir no-usr/deep; cfsctl --no-repo compute-id no-usr'

# Times that are later than a given one, for builds that are to be repeatable.
mkdir -p dated/usr
echo old > dated/old
echo new > dated/new
touch -d @1000000000.5 dated/old
touch -d @1700000000.5 dated/new dated/usr dated
clamp() { # OPTION...: times in the tree
	cfsctl --no-repo create-dumpfile --no-propagate-usr-to-root "$@" dated |
		cut -d' ' -f 1,8 | tr '\n' ' '
}
as_it_is="/ 1700000000.500000000 /new 1700000000.500000000 /old 1000000000.500000000 /usr 1700000000.500000000 "
clamped="/ 1600000000.0 /new 1600000000.0 /old 1000000000.500000000 /usr 1600000000.0 "
same "times are clamped to a number" "$(clamp --clamp-mtime=1600000000)" "$clamped"
same "or to SOURCE_DATE_EPOCH" \
	"$(SOURCE_DATE_EPOCH=1600000000 clamp --clamp-mtime)" "$clamped"
same "of which the number is not one" \
	"$(SOURCE_DATE_EPOCH=5 clamp --clamp-mtime=1600000000)" "$clamped"
same "SOURCE_DATE_EPOCH alone changes nothing" \
	"$(SOURCE_DATE_EPOCH=1600000000 clamp)" "$as_it_is"
mkdir -p dated/boot dated/sysroot
clamped=$(cfs compute-id --clamp-mtime=5 dated)
same "create-image clamps them" "$(cfs create-image --clamp-mtime=5 dated | hex)" "$clamped"
same "compute-karg too" "$(cfs compute-karg --clamp-mtime=5 dated)" \
	"composefs.digest=v1-sha512-12:$(cfs compute-id --bootable --clamp-mtime=5 dated)"
touch dated/new
same "and a build at another time is the same" \
	"$(cfs compute-id --clamp-mtime=5 dated)" "$clamped"
check "diff of the directory knows of it" quiet \
	cfs diff --clamp-mtime=5 dated "$clamped"
refuse "there has to be a time" "--clamp-mtime: SOURCE_DATE_EPOCH is not set" \
	env -u SOURCE_DATE_EPOCH cfsctl --no-repo compute-id --clamp-mtime dated
for bad in '' x -5 1.5 99999999999999999999; do
	refuse "'$bad' is none" "--clamp-mtime '$bad': expected a number of seconds" \
		cfsctl --no-repo compute-id "--clamp-mtime=$bad" dated
done
refuse "nor is that in the environment" "SOURCE_DATE_EPOCH=now: not a number" \
	env SOURCE_DATE_EPOCH=now cfsctl --no-repo compute-id --clamp-mtime dated

# A file that is mostly a hole, as lastlog is, takes no more room as an object,
# whichever way it is copied; nor does one of zeros that is none.
truncate -s 64M sparse
if [ "$(du -k sparse | cut -f 1)" = 0 ]; then
	mkdir -p holes
	mv sparse holes/lastlog
	printf x | dd of=holes/lastlog bs=1 seek=50000000 conv=notrunc status=none
	head -c 1000000 /dev/zero > holes/zeros
	stored() { # OBJECTS: KiB taken by files there
		find "$1" -type f -size +500k -exec du -k {} + | awk '{ n += $1 } END { print n }'
	}
	fixture_repo holey --algorithm fsverity-sha256-12
	id=$(cfsctl --repo holey create-image --no-propagate-usr-to-root holes)
	check "objects keep holes" [ "$(stored holey/objects)" -le 64 ]
	same "and the digests that they had" "$id" "sha256:$(cfsctl --no-repo \
		--hash sha256 compute-id --no-propagate-usr-to-root holes)"
	check "fsck finds them whole" quiet cfsctl --repo holey fsck
	cfsctl mkcomposefs --digest-store=digest-store holes holes.img
	check "so do those of mkcomposefs" [ "$(stored digest-store)" -le 64 ]
	cfsctl mkcomposefs --digest-store=holes/inside holes holes.img
	check "also when the store is in what is stored" \
		[ "$(stored holes/inside)" -le 64 ]
	check "the same bytes" diff -r holes/inside digest-store
else
	rm sparse
fi

finish
