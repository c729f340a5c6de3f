#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What composefs-rs' integration tests (cli.rs, copy_image.rs, oci_compat.rs) demand
# of OCI images and of the tools compatible with C's, in the order of theirs, with
# their image.  Rows about other commands: init.sh, create-image.sh, fsck.sh, gc.sh.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

cfs() { cfsctl --insecure --repo repo "$@"; }
has() { grep -qF -e "$1"; }
json() { # EXPRESSION: of the document d on stdin
	python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}
fresh() { # OPTION...
	rm -rf repo && cfsctl --repo repo init --insecure --erofs-version 2 "$@" \
		> /dev/null
}

# Its layer: a directory, a file, and a link to that whose header has no mode.
python3 - << 'X' || exit 1
import io, tarfile
def head(name, kind, size=0, mode=0o644, link=""):
    t = tarfile.TarInfo(name)
    t.type, t.size, t.mode, t.mtime, t.linkname = kind, size, mode, 1234567890, link
    b = bytearray(t.tobuf(tarfile.GNU_FORMAT))
    if kind == tarfile.LNKTYPE:
        b[100:108] = bytes(8)
        b[148:156] = b" " * 8
        b[148:156] = b"%06o\0 " % sum(b)
    return bytes(b)
text = b"hello from test layer\n"
open("layer.tar", "wb").write(
    head("usr/", tarfile.DIRTYPE, mode=0o755) +
    head("hello.txt", tarfile.REGTYPE, len(text)) + text.ljust(512, b"\0") +
    head("hello-link.txt", tarfile.LNKTYPE, link="hello.txt") + bytes(1024))
X
python3 -B "$CFS_SRC/tests/oci/image.py" layout t --gzip --arch amd64 layer.tar \
	> digest || exit 1
diff_id=sha256:$(sha256sum < layer.tar | cut -c-64)
# What its tests pin the image to, in each format.
v1=d06f1f6a73f62ed48e05ce9442ff045cdf2a9f5ba1ec623795de3d6177a253d91076459795d94f55d8c3d71dab458bb3fc0071255a50c0a4896d86ffdc870b9a
v2=f7684c21050615c02cec250e0c7d4118fb0ff6340af5039e06f2f372a7614fff25dfd38cf7f28ad67d8b86e86371b7deafa9ae4bf543630322aee6196417de92

fresh
same "oci images of nothing" "$(cfs oci images)" "No images found"
same "  as JSON" "$(cfs oci images --json | json 'd["images"]')" "[]"

# oci_pull_and_inspect, oci_compute_id_by_ref, compute_image_id
cfs oci pull oci:layout test-image > out
check "pull prints the manifest" has 'manifest sha256:' < out
check "  the tag" grep -q '^tagged .*test-image' out
config=$(sed -n 's/^config *//p' out)
same "images has name and architecture" \
	"$(cfs oci images --json | json '[(i["name"], i["architecture"]) for i in d["images"]]')" \
	"[('test-image', 'amd64')]"
check "  the table, too" eval 'cfs oci images | grep test-image | has amd64'
cfs oci inspect test-image > inspect
same "inspect has manifest, configuration and referrers" \
	"$(json '(json.loads(d["manifest"])["schemaVersion"], json.loads(d["config"])["architecture"], d["referrers"])' < inspect)" \
	"(2, 'amd64', [])"
same "  the manifest alone" \
	"$(cfs oci inspect test-image --manifest | json '(d["schemaVersion"], len(d["layers"]))')" \
	"(2, 1)"
same "  the configuration alone" \
	"$(cfs oci inspect test-image --config | json '(d["architecture"], d["os"], d["rootfs"]["diff_ids"])')" \
	"('amd64', 'linux', ['$diff_id'])"
same "  the configuration's digest is the manifest's" \
	"$(json 'json.loads(d["manifest"])["config"]["digest"]' < inspect)" "$config"
same "the image is the pinned one" "$(cfs oci compute-id "@$config")" "$v2"
same "  by its tag, too" "$(cfs oci compute-id test-image)" "$v2"
same "  and each time" "$(cfs oci compute-id "@$config")" "$v2"

# oci_pull_v1_digest_stability, v1_repo_uses_v1_by_default
same "format 1 on demand" "$(cfs --erofs-version 1 oci compute-id test-image)" "$v1"
cfsctl --repo v1 init --insecure > /dev/null
cfsctl --repo v1 oci pull oci:layout t > /dev/null
same "  and by the repository" "$(cfsctl --repo v1 oci compute-id t)" "$v1"
check "  which says so" has v1_erofs < v1/meta.json

# oci_layer_inspect, layer_tar_roundtrip
same "a layer's JSON" \
	"$(cfs oci layer "$diff_id" --json | json '(d["diffId"], d["entryCount"], d["size"])')" \
	"('$diff_id', 3, $(stat -c %s layer.tar))"
cfs oci layer "$diff_id" --dumpfile > dump
check "  a file in its dumpfile, inline" grep -qxF \
	'/hello.txt 22 100644 1 0 0 0 1234567890.0 - hello\x20from\x20test\x20layer\n -' dump
same "  which has three lines" "$(wc -l < dump)" 3
check "  the archive comes out again" eval 'cfs oci layer "$diff_id" | cmp - layer.tar'

# oci_tag_and_untag, oci_gc_removes_untagged
cfs oci pull oci:layout a:v1 > /dev/null
quiet cfs oci tag "$(cat digest)" b:v2
same "a tag more" "$(cfs oci images --json | json '[i["name"] for i in d["images"]]')" \
	"['a:v1', 'b:v2', 'test-image']"
for tag in a:v1 b:v2 test-image; do
	quiet cfs oci untag "$tag"
done
quiet cfs gc
same "no tag, no image" "$(cfs oci images --json | json 'd["images"]')" "[]"
same "  and no stream" "$(cd repo/streams && ls)" refs

# oci_fsck_healthy, oci_fsck_corrupted_manifest, oci_fsck_single_image
cfs oci pull oci:layout one > /dev/null
cfs oci pull oci:layout two > /dev/null
same "oci fsck of what is whole" "$(cfs oci fsck --json | json '(d["ok"], d["images_checked"], d["images_corrupted"], d["repo"]["ok"])')" \
	"(True, 2, 0, True)"
same "  of one" "$(cfs oci fsck one --json | json '(d["ok"], d["images_checked"])')" "(True, 1)"
refuse "  of none" "OCI integrity check failed" eval 'cfs oci fsck none > out'
stream=$(readlink -f "repo/streams/oci-manifest-$(cat digest)")
rm "$stream" && echo corrupt > "$stream"
same "  of a damaged manifest" "$(cfs oci fsck --json | json '(d["ok"], d["images_corrupted"])')" \
	"(False, 2)"
refuse "  as text" "OCI integrity check failed" eval 'cfs oci fsck > out'

# oci_pull_bootable_expected_digest_recovers, _not_found, _requires_bootable
mkdir -p boot && tar -xf layer.tar -C boot && mkdir -p boot/boot boot/sysroot
tar --owner=0 --group=0 --numeric-owner --mtime=@1234567890 --sort=name -C boot \
	-cf boot.tar usr boot sysroot
python3 -B "$CFS_SRC/tests/oci/image.py" boots t --gzip boot.tar > /dev/null
fresh
boot=$(cfs --erofs-version 1 --no-repo oci compute-id --bootable oci:boots)
check "a digest of another format is found" eval \
	'cfs oci pull oci:boots x --bootable --expected-digest "$boot" > out'
check "  and which one it is" has 'format-version=V1' < out
check "  with the digest" grep -q "^Boot image: $boot" out
refuse "a digest that none has: what was tried" tried \
	cfs oci pull oci:boots y --bootable --expected-digest "$(printf 'ab%.0s' {1..64})"
check "  how often" has combinations < "$TMPDIR/stderr.$$"
refuse "no digest but of one to boot" bootable \
	cfs oci pull oci:boots y --expected-digest "$boot"

# copy_image.rs
fresh
cfs oci pull oci:layout x > pulled
cfsctl --repo to init --insecure --erofs-version 2 > /dev/null
cfsctl --repo to oci copy x --from repo > out
same "a copy has the same digests" \
	"$(sed -n 's/^\(Manifest\|Config\) digest: *//p' out)" \
	"$(sed -n 's/^\(manifest\|config\) *//p' pulled)"
same "  and the same stream for the layer" \
	"$(readlink "to/streams/oci-layer-$diff_id")" \
	"$(readlink "repo/streams/oci-layer-$diff_id")"
same "  that has the same bytes" "$(cfsctl --repo to cat "oci-layer-$diff_id" | sha256sum)" \
	"$(cfs cat "oci-layer-$diff_id" | sha256sum)"
cfsctl --repo sha256 init --insecure --algorithm fsverity-sha256-12 > /dev/null
cfsctl --repo sha256 oci copy x --from repo --name x > out
same "another algorithm, the same digests" \
	"$(sed -n 's/^\(Manifest\|Config\) digest: *//p' out)" \
	"$(sed -n 's/^\(manifest\|config\) *//p' pulled)"
check "  and another image" test "$(cfsctl --repo sha256 oci compute-id x | wc -c)" = 65
refuse "no zerocopy between algorithms" "zerocopy" \
	cfsctl --repo sha256 oci copy x --from repo --name y --zerocopy
check "  and why" has "hash algorithm" < "$TMPDIR/stderr.$$"
echo content > blob
artifact=$(python3 -B "$CFS_SRC/tests/oci/image.py" layout art \
	--artifact application/vnd.example.thing blob)
quiet cfs oci pull oci:layout:art art
check "an artifact is copied" eval \
	'cfsctl --repo to oci copy art --from repo --name art > out'
same "  with its digest" "$(sed -n 's/^Manifest digest: *//p' out)" "$artifact"
same "  and stays one" "$(cfsctl --repo to oci images --json |
	json '[i["is_container"] for i in d["images"] if i["name"] == "art"]')" "[False]"

# oci_compat.rs, mkcomposefs_*
mkdir links.bin
for program in mkcomposefs composefs-info; do
	ln -s "$BIN/cfsctl" links.bin/$program
done
PATH=$PWD/links.bin:$PATH
magic() { od -An -tx1 -j "$2" -N 4 "$1" | tr -d ' '; }
trees() {
	fixture_rootfs container
	ln -s usr/lib container/lib
	mkdir -p "nested/$(printf 'd/%.0s' $(seq 20))" wide links
	echo deep > "nested/$(printf 'd/%.0s' $(seq 20))file"
	for i in $(seq 1000); do echo "$i" > "wide/f$i"; done
	echo target > links/target
	ln -s target links/relative
	ln -s /target links/absolute
	ln -s nothing links/broken
	ln -s . links/loop
}
trees
c=
tools=$("$CFS_SRC/deps/mkcomposefs.sh" 2> log) && c=$tools/bin/mkcomposefs
for tree in container nested wide links; do
	cfsctl --no-repo --hash sha256 create-dumpfile --no-propagate-usr-to-root \
		$tree > $tree.dump
	mkcomposefs --from-file $tree.dump $tree.img
	same "$tree: the image is that of its dumpfile" \
		"$(composefs-info dump $tree.img | mkcomposefs --from-file - - | sha256sum)" \
		"$(sha256sum < $tree.img)"
	same "  with both magic numbers" "$(magic $tree.img 0) $(magic $tree.img 1024)" \
		"9a6278d0 e2e1f5e0"
	if [ -x "$c" ]; then
		check "  and the bytes of C's" eval '"$c" --from-file $tree.dump - | cmp - $tree.img'
	else
		echo "ok - $tree: bytes of C's # SKIP no mkcomposefs of C"
	fi
done
mkcomposefs --digest-store=store container container.img
same "a digest store has two levels" \
	"$(cd store && find . -type f | grep -cvE '^\./[0-9a-f]{2}/[0-9a-f]{62}$')" 0
same "  and the one large file" "$(find store -type f | wc -l)" 1
finish
