#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Images go from one repository to another, also of another algorithm, and layers
# one by one.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@"
}
json() { # EXPRESSION: of the document d on stdin
	python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}
on() { # REPOSITORY COMMAND...
	cfsctl --repo "$@"
}
fresh() { # REPOSITORY OPTION...
	rm -rf "${1:?}" && cfsctl --repo "$1" init --insecure "${@:2}" > /dev/null
}

mkdir -p tree/usr/bin tree/boot tree/sysroot tree/etc
head -c 300000 /dev/urandom > tree/usr/bin/large
echo kernel > tree/boot/vmlinuz
echo small > tree/etc/small
ln tree/etc/small tree/etc/twin
ln -s small tree/etc/link
printf 'a b=\\' > 'tree/etc/odd name'
tar --sort=name --mtime=@1.5 --owner=0 --group=7 --numeric-owner --format=pax \
	--pax-option=delete=atime,delete=ctime -C tree -cf base.tar usr boot sysroot
tar --sort=name --mtime=@2 --owner=0 --group=0 --numeric-owner -C tree -cf etc.tar etc
base=sha256:$(sha256sum < base.tar | cut -c-64)
etc=sha256:$(sha256sum < etc.tar | cut -c-64)
one=$(image lay one base.tar etc.tar)
echo signature > sig
sig=$(image lay - --artifact application/vnd.example.sig --subject one sig)
fresh a
quiet on a oci pull --bootable oci:lay:one x

# Copies.
fresh b
on b oci copy x --from a --name y > out
same "the copy is the image" "$(sed -n 1,2p out)" "Copied image x from a to destination repo, tagged as y
Manifest digest: $one"
same "with the same streams" "$(ls b/streams)" "$(ls a/streams)"
same "the same images, the one to boot too" "$(ls b/images)" "$(ls a/images)"
same "the same objects" "$(cd b && find objects -type f | sort)" "$(cd a && find objects -type f | sort)"
check "and the artifact about it" grep -q "$sig" <(on b oci inspect y)
check "fsck finds nothing" quiet on b fsck
cp -a a damaged
rm "$(grep -lxr signature damaged/objects)"
fresh d
check "without an artifact that is damaged" quiet on d oci copy x --from damaged 2> notes
check "  with a note" grep -q "^note: artifact $sig about the image is left out" notes
on b oci copy "@$one" --from a > out
same "without a tag it has none" "$(on b oci images --json | json 'len(d["images"])')" 1
fresh c --algorithm sha256
check "into a repository of another algorithm" quiet on c oci copy x --from a --name y
same "where its images are others" "$(on c oci compute-id --bootable y)" \
	"$(on a --hash sha256 oci compute-id --bootable x 2> /dev/null || on c oci compute-id --bootable "@$one")"

# An image of layers that lack a directory.
tar --sort=name --owner=0 --group=0 -C tree -cf lacks.tar etc/small usr
image lacks one lacks.tar > /dev/null
fresh k
quiet on k oci pull --create-parents oci:lacks:one x
fresh l
refuse "a directory that no layer describes has to be asked for" "describes its directory /etc" \
	on l oci copy x --from k --name x
check "  and is made then" quiet on l oci copy --create-parents x --from k --name x
same "  as in a pull" "$(on l oci inspect x)" "$(on k oci inspect x)"

# Blobs that are kept.
image gz one --gzip base.tar etc.tar > gz.digest
fresh k
quiet on k oci pull --keep-blobs oci:gz:one x
for option in "" --zerocopy; do
	fresh l
	# shellcheck disable=SC2086
	check "kept blobs are copied ${option:-too}" quiet on l oci copy x --from k --name x $option
	quiet on l gc
	check "  and it goes out as it came" quiet on l oci export --preserve-digests x "oci:sent$option"
done
quiet on c oci copy x --from k --name k
check "  from a repository of another algorithm" quiet on c oci export --preserve-digests k oci:sentc
blob=$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["layers"][0]["digest"])' \
	"gz/blobs/sha256/$(sed 's/.*://' gz.digest)")
find k/objects -type f -exec cmp -s {} "gz/blobs/sha256/${blob#*:}" \; -delete
fresh l
check "without one that is gone" quiet on l oci copy x --from k --name x 2> notes
check "  with a note" grep -q "^note: the kept blob of layer 0 ($blob) is left out: its object is missing" notes
check "  which is whole" quiet on l oci fsck --read-data
refuse "from which nothing can be shared" "requires matching hash algorithms" \
	on c oci copy x --from a --name z --zerocopy
fresh b
check "files are shared" quiet on b oci copy x --from a --name y --zerocopy
same "they are the same ones" \
	"$(stat -c %h b/objects/"$(on a oci layer "$base" --dumpfile | awk '/large/ { print $9 }')")" 2
check "and what came is whole" quiet on b fsck
refuse "no such image" "nothing" on b oci copy nothing --from a
refuse "no such repository" "open repository nowhere: there is no such directory" \
	on b oci copy x --from nowhere
# gc of the repository that is copied from has to wait, and is waited for.
flock -x a sh -c ': > locked; while [ ! -e seen ]; do sleep 0.1; done' &
while [ ! -e locked ]; do sleep 0.1; done
rm -f err
on b oci copy x --from a --name y > out 2> err &
pid=$!
while ! grep -qs . err && kill -0 $pid 2> /dev/null; do sleep 0.1; done
: > seen
wait $pid
same "a copy from a repository that is locked waits" "$? $(grep -c "^waiting for .* to release the repository's lock\$" err)" "0 1"
wait
refuse "it has to be said" "--from PATH is missing" on b oci copy x
object=$(on a oci layer "$base" --dumpfile | awk '/large/ { print $9 }')
chmod u+w "a/objects/$object"
printf "damaged!" | dd of="a/objects/$object" conv=notrunc status=none
fresh b
refuse "a damaged object: the layer is named" "layer 0" on b oci copy x --from a --name y
same "and nothing is" "$(on b oci images)" "No images found"
refuse "nor is it shared" "${object:3}" on b oci copy x --from a --name y --zerocopy

# Layers.
fresh b
on b oci import-layer "$base" name < base.tar > out
same "a layer has the digest of its stream" "$(cat out)" \
	"sha512:$(readlink b/streams/oci-layer-"$base" | tr -d / | sed 's/.*objects//')"
same "it has a name" "$(readlink b/streams/refs/name)" "../oci-layer-$base"
same "it comes out by it" "$(on b cat refs/name | sha256sum)" "$(sha256sum < base.tar)"
same "and by its own" "$(on b cat "oci-layer-$base" | sha256sum)" "$(sha256sum < base.tar)"
same "a second time it is not read" "$(on b oci import-layer "$base" < /dev/null)" "$(cat out)"
refuse "an archive is what its digest says" "its digest is $base" on b oci import-layer "$etc" < base.tar
check "the other one" quiet on b oci import-layer "$etc" < etc.tar
on b oci layer "$base" --json > out
same "sizes add up" \
	"$(json 'd["size"] == d["splitstream"]["externalSize"] + d["splitstream"]["inlineSize"]' < out)" True
same "all of it is counted" "$(json 'd["size"]' < out)" "$(stat -c %s base.tar)"
same "entries, objects" "$(json '(d["entryCount"], d["splitstream"]["externalObjects"], d["splitstream"]["externalSize"])' < out)" "(6, 1, 300000)"
mkdir -p copies
head -c 100 /dev/zero | tee copies/a > copies/b
tar -C copies -cf copies.tar a b
copies=sha256:$(sha256sum < copies.tar | cut -c-64)
on b oci import-layer "$copies" < copies.tar > out
same "an object of two files counts once, and its bytes twice" \
	"$(on b oci layer "$copies" --json | json '(d["entryCount"], d["splitstream"]["externalObjects"], d["splitstream"]["externalSize"])')" \
	"(2, 1, 200)"
same "entries in the order of the archive" "$(on b oci layer "$etc" --dumpfile)" \
	'/etc 0 40755 1 0 0 0 2.0 - - -
/etc/link 5 120777 1 0 0 0 2.0 small - -
/etc/odd\x20name 5 100644 1 0 0 0 2.0 - a\x20b=\\ -
/etc/small 6 100644 1 0 0 0 2.0 - small\n -
/etc/twin 0 @120000 - - - - 0.0 /etc/small - -'
same "with groups and nanoseconds" "$(on b oci layer "$base" --dumpfile | head -1)" "/usr 0 40755 1 0 7 0 1.500000000 - - -"
refuse "one or the other" "exclude each other" on b oci layer "$etc" --dumpfile --json
refuse "no stream" "there is no stream nothing" on b cat nothing
refuse "no ref" "there is no such ref" on b cat refs/nothing

# The images of an image.
boot=$(on a oci inspect x | json 'd["composefs_boot_erofs"]')
plain=$(on a oci inspect x | json 'd["composefs_erofs"]')
same "one leads to all" "$(on a oci linked-erofs-images "$boot" | json d)" \
	"[{'id': '$plain', 'bootable': False, 'version': 1, 'xattrMode': None}, {'id': '$boot', 'bootable': True, 'version': 1, 'xattrMode': 'allowlist-only'}]"
same "so does another" "$(on a oci linked-erofs-images "$plain")" "$(on a oci linked-erofs-images "$boot")"
# Whoever wants the image to boot, or the other one, looks for it by "bootable",
# as bootc does: one image in both parts is there once for each.
mkdir -p bare/usr bare/boot bare/sysroot
tar --sort=name --mtime=@1 --owner=0 --group=0 -C bare -cf bare.tar usr boot sysroot
image both one bare.tar > /dev/null
quiet on a oci pull --bootable oci:both:one both
both=$(on a oci compute-id both)
same "an image may be the one to boot as it is" "$(on a oci compute-id --bootable both)" "$both"
same "  and is there as either then" \
	"$(on a oci linked-erofs-images "$both" | json '[(e["id"], e["bootable"]) for e in d]')" \
	"[('$both', False), ('$both', True)]"
same "  in what inspect prints, too" \
	"$(on a oci inspect both | json '(d["composefs_erofs"], d["composefs_boot_erofs"])')" \
	"('$both', '$both')"
on a oci untag both > /dev/null
fresh m
quiet on m oci pull --xattrs keep-user-xattrs oci:lay:one x
check "an image with all xattrs alone can be mounted" quiet on m oci mount --check x
quiet on m oci pull oci:lay:one x
same "merged images of two modes are told apart" \
	"$(on m oci linked-erofs-images "$plain" | json '[e["xattrMode"] for e in d]')" \
	"[None, 'keep-user-xattrs']"
refuse "but not any" "image not found" on a oci linked-erofs-images "${boot//[0-9]/0}"

# A transaction keeps others from what needs the repository alone.
cfsctl --repo a transaction &
for _ in $(seq 2000); do
	flock --nonblock --exclusive a true || break
	sleep 0.05
done
check "a transaction holds a lock" eval '! flock --nonblock --exclusive a true'
check "that others who read share" quiet on a oci images
kill %1
wait %1 2> /dev/null
check "until it is killed" flock --nonblock --exclusive a true
finish
