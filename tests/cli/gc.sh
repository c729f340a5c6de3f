#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# gc: what is kept, what is removed, and what is said of it.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

cfs() { cfsctl --repo repo "$@"; }
objects() { find repo/objects -type f | wc -l; }
links() { find repo/images repo/streams -type l 2> /dev/null | wc -l; }
has() { grep -qF -e "$1"; }
# The digest of the image NAME.
id_of() { basename "$(readlink "repo/images/refs/$1")"; }

fixture_rootfs tree
fresh() {
	rm -rf repo
	fixture_repo repo
}

# As composefs-rs prints it.
fresh
same "an empty repository" "$(cfs gc)" "Objects: 0 removed (0 bytes)"
cfs create-image tree > /dev/null
size=$(find repo/objects -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
before=$(find repo | sort)
same "a dry run of an image without a name" "$(cfs gc -n)" \
	"Dry run (no files deleted):
Objects: 2 removed ($size bytes)
Pruned symlinks: 1 images, 0 streams"
same "  changes nothing" "$(find repo | sort)" "$before"
same "which is removed" "$(cfs gc)" "Objects: 2 removed ($size bytes)
Pruned symlinks: 1 images, 0 streams"
same "  with its link" "$(objects) $(links)" "0 0"
same "once" "$(cfs gc)" "Objects: 0 removed (0 bytes)"

# objects/ alone is what other programs have, too.
mkdir -p store/objects/00
echo mine > "store/objects/00/$(printf '%062d' 1)"
refuse "objects without a repository are not garbage" "belong to another program" \
	cfsctl --repo store gc
refuse "  nor in a dry run" "belong to another program" cfsctl --repo store gc -n
same "  and stay" "$(find store -type f | wc -l)" 1
quiet cfsctl --repo store --hash sha256 init --insecure --ensure
same "  unless they are called one" "$(cfsctl --repo store gc)" \
	"Objects: 1 removed (5 bytes)"

# Names.
cfs create-image tree os/a > /dev/null
cfs create-image tree os/b > /dev/null
head -c 1000 /dev/zero > tree/etc/zeros
cfs create-image tree os/c > /dev/null
same "nothing of named images is removed" "$(cfs gc)" \
	"Objects: 0 removed (0 bytes)"
cfs gc --dry-run > out
check "a name that is not the only one frees nothing" \
	has 'nothing: os/b is the same' < out
check "  another frees its image and what only that needs" \
	eval 'grep "os/c" out | has "2 objects, "'
rm repo/images/refs/os/c
same "which is what its removal does" "$(cfs gc | cut -d\( -f 1)" \
	"Objects: 2 removed 
Pruned symlinks: 1 images, 0 streams"
check "what is left is whole" quiet cfs fsck

# Why an object is kept.
image=$(id_of os/a)
same "--why names all that keep it" "$(cfs gc --why "sha512:$image" | tail -n 2)" \
	"  image os/a: images/$image
  image os/b: images/$image"
same "  of an object by its path, too" \
	"$(cfs gc --why "$(cd repo && find objects -size 256 -type f)" |
		tail -n 1)" "  image os/b: images/$image"
same "  or says that nothing does" \
	"$(cfs gc --why "${image//[0-9]/0}" | tail -n 1)" "  nothing needs it"
refuse "  and refuses what cannot be one" "neither the digest of an object" \
	cfs gc --why os/a

# Roots that are given.
fresh
cfs create-image tree one > /dev/null
image=$(id_of one)
rm repo/images/refs/one
for root in "$image" "sha512:$image"; do
	same "--root ${root:0:6}... keeps an image" "$(cfs gc --root "$root")" \
		"Objects: 0 removed (0 bytes)"
done
same "-r does" "$(cfs gc -r "$image")" "Objects: 0 removed (0 bytes)"
refuse "a root that is nothing is refused" \
	"--root on: no image, stream or name is called that" cfs gc --root on
same "  before anything is removed" "$(objects)" 3
cfs gc -n --root "${image//[0-9]/0}" 2> err > /dev/null
check "a digest that is nothing is a warning" \
	has "warning: ${image//[0-9]/0}: the repository has no such image" < err

# Damage.
cfs gc > /dev/null
cfs create-image tree one > /dev/null
image=$(id_of one)
mkdir -p repo/streams/refs/oci
ln -s ../../oci-manifest-sha256:0 repo/streams/refs/oci/gone
cfs create-image tree/etc --no-propagate-usr-to-root > /dev/null
cfs gc > out 2> err
same "a tag of a missing image is no failure" $? 0
check "  but said" has "warning: streams/refs/oci/gone: there is no stream \
oci-manifest-sha256:0, so the name keeps nothing" < err
check "  and the rest is collected" has 'Pruned symlinks: 1 images' < out
check "  the tag is the user's" test -L repo/streams/refs/oci/gone
cfs create-image tree/etc --no-propagate-usr-to-root > /dev/null
n=$(objects)
file=repo/objects/${image:0:2}/${image:2}
cp "$file" good
rm "$file"
echo bad > "$file"
refuse "a damaged image stops it" "nothing was removed: the errors above leave \
unknown what is still needed" cfs gc
check "  which is told" has "objects/${image:0:2}/${image:2}: its digest is" \
	< "$TMPDIR/stderr.$$"
check "  and for what" has "images/refs/one needs it" < "$TMPDIR/stderr.$$"
same "  with all objects there" "$(objects)" "$n"
refuse "  a dry run says so, too" "nothing was removed" cfs gc -n
mv good "$file"
quiet cfs gc
same "  until it is repaired" "$(objects)" $((n - 1))

# Other programs' leftovers.
touch repo/.tmp-1 repo/objects/.tmp-object-abcdefghijkl
ln -s x repo/.symlink-abcdefghijkl
check "temporary files are removed" \
	has 'Temporary files: 3 removed' <<< "$(cfs gc 2> /dev/null)"
same "  all of them" "$(find repo -name '.[ts]*')" ""

# Locks.
cfs gc > /dev/null 2>&1
(
	exec 3< repo
	flock -s 3
	: > locked
	while [ ! -e waiting ]; do sleep 0.1; done
) &
while [ ! -e locked ]; do sleep 0.1; done
check "a dry run does not wait for another reader" quiet cfs gc -n
rm -f err
cfs gc > /dev/null 2> err &
pid=$!
while ! grep -qs . err && kill -0 $pid 2> /dev/null; do sleep 0.1; done
: > waiting
wait $pid
same "gc does, and succeeds" $? 0
check "  and says for whom, or that it does" \
	grep -q "^waiting for .* to release the repository's lock\$" err

# Upstream: --require-verity, --hash, and directories that are no repository.
refuse "no repository without fs-verity is collected if that is demanded" \
	"--require-verity" cfs --require-verity gc
check "the hash may be given" quiet cfs --hash sha512 gc
refuse "  but not another one" "--hash sha256" cfs --hash sha256 gc
mkdir empty
refuse "an empty directory is no repository" "init" cfsctl --repo empty gc
mkdir -p old/objects
refuse "nor is one with an empty objects/" "no object to infer" cfsctl --repo old gc

# JSON.
cfs gc -n --json --why "$image" 2> err > out
check "JSON is one document" python3 -c 'import json, sys
d = json.load(open("out"))
assert list(d) == ["result", "dry_run", "stopped", "roots", "why", "findings"]
r = d["result"]
assert [r["objects_removed"], r["images_pruned"], r["objects_kept"]] == [0, 0, 3]
assert d["dry_run"] is True and d["stopped"] is False
a, = d["roots"]
assert [a["name"], a["type"], a["would_free_objects"]] == ["one", "image", 3]
assert a["object"].startswith("sha512:")
assert d["why"][0]["exists"] and len(d["why"][0]["kept_by"]) == 1
f, = d["findings"]
assert [f["code"], f["stops"]] == ["dangling-name", False]'
same "  without words beside it" "$(cat err)" ""
finish
