#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl oci pull, images, inspect, tag, untag, layer: what comes into the
# repository, what is named, and what is left out.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@"
}
oci() {
	cfsctl --repo repo oci "$@"
}
fresh() {
	rm -rf repo && cfsctl --repo repo init --insecure > /dev/null
}
# TAR FILE...: an archive of the current folder's files, always the same.
archive() {
	tar --sort=name --mtime=@1 --owner=0 --group=0 --numeric-owner \
		-C tree -cf "$@"
}
json() { # EXPRESSION: of the document d on stdin
	python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

mkdir -p tree/usr/bin tree/etc tree/boot tree/sysroot
head -c 300000 /dev/zero | tr '\0' a > tree/usr/bin/large
head -c 20000 /dev/zero | tr '\0' b > tree/usr/bin/medium
echo small > tree/etc/small
archive base.tar usr boot sysroot
archive etc.tar etc
one=$(image lay one base.tar etc.tar)
image lay two --gzip base.tar etc.tar > two.digest

fresh
oci pull oci:lay:one > out
same "the first pull stores what is large" \
	"$(grep -o '^objects  [0-9]* new' out)" "objects  11 new"
same "the tag is what was pulled" "$(oci images --json | json 'd["images"][0]["name"]')" "oci:lay:one"
oci pull oci:lay:one > again
same "the second pull stores nothing" "$(grep -o '^objects  [0-9]* new' again)" "objects  0 new"
same "and says the same of the image" "$(head -3 again)" "$(head -3 out)"
oci pull oci:lay:two b > out
same "of the same layers compressed only documents are new" \
	"$(grep -o '^objects  [0-9]* new' out)" "objects  3 new"
same "two tags, in order" "$(oci images --json | json '[i["name"] for i in d["images"]]')" "['b', 'oci:lay:one']"
same "images are the same" "$(oci compute-id b)" "$(oci compute-id oci:lay:one)"
same "a digest finds the image" "$(oci compute-id "@$one")" "$(oci compute-id b)"
check "the table has digest and layers" grep -q "${one:7:12}.*2.*0" <(oci images)
same "or the whole digest" \
	"$(oci images --no-trunc | grep -F oci:lay:one | grep -o 'sha256:[0-9a-f]*')" "$one"
same "inspect has the manifest as it came" \
	"$(oci inspect "@$one" --manifest | head -c -1 | sha256sum | cut -c-64)" "${one#sha256:}"
same "and the EROFS image" "$(oci inspect b | json 'd["composefs_erofs"]')" "$(oci compute-id b)"
same "a layer comes out as it went in" \
	"$(oci layer "sha256:$(sha256sum < etc.tar | cut -c-64)" | sha256sum)" "$(sha256sum < etc.tar)"
refuse "of layers that are not there" "not found" oci layer "sha256:$(printf 0%.0s {1..64})"

oci tag b c > out
same "a tag is set" "$(cat out)" "Tagged $(cat two.digest) as c"
check "and taken away" oci untag c
refuse "once" "Failed to remove tag c" oci untag c
refuse "what is not there gets no tag" "sha256:" oci tag "@sha256:$(printf 1%.0s {1..64})" d

check "blobs are kept on demand" oci pull --keep-blobs oci:lay:two b
kept=$(readlink -f repo/streams/oci-blob-* | wc -l)
same "for layers that are compressed" "$kept" 2
quiet cfsctl --repo repo gc
same "  as long as the image is" "$(ls -d repo/streams/oci-blob-* | wc -l)" 2
check "  also after another pull" eval 'quiet oci pull oci:lay:two b &&
	quiet cfsctl --repo repo gc && [ "$(ls -d repo/streams/oci-blob-* | wc -l)" = 2 ]'
check "  so that it goes out as it came" quiet oci export --preserve-digests b oci:sent:b
for blob in repo/streams/oci-blob-*; do blob=${blob##*:}; done
find repo/objects -type f -exec cmp -s {} "lay/blobs/sha256/$blob" \; -delete
refuse "a kept blob that is gone is a finding" "integrity check failed" eval "oci fsck > out"
check "  and another pull mends it" eval "quiet oci pull --keep-blobs oci:lay:two b && quiet oci fsck"
cp -a repo gone
quiet cfsctl --repo gone oci untag b
quiet cfsctl --repo gone gc
same "  and they go with it" "$(find gone/streams -name 'oci-blob-*')" ""

# Origins.
tar -C lay -cf lay.tar . && fresh
check "an archive of a layout" oci pull oci-archive:lay.tar:one x
same "is the same image" "$(oci inspect x --manifest | head -c -1 | sha256sum | cut -c-64)" "${one#sha256:}"
gzip -k lay.tar
mkdir -p none
refuse "a compressed one is refused without skopeo" "the archive is compressed (gzip)" \
	env PATH=none "$BIN/cfsctl" --repo repo oci pull oci-archive:lay.tar.gz:one y
if command -v skopeo > /dev/null; then
	check "and taken with it, as by composefs-rs" quiet oci pull oci-archive:lay.tar.gz:one y
	same "  the same image" "$(oci inspect y --manifest)" "$(oci inspect x --manifest)"
	quiet oci untag y
fi
refuse "no such tag: those there are are named" "one, two" oci pull oci:lay:three
refuse "several, and none was asked for" "several" oci pull oci:lay
refuse "not a layout" "empty" oci pull oci:empty
refuse "no transport" "no-transport" oci pull no-transport:x

# A pull that fails: what was good stays until the next gc, and that is said.
image half one base.tar etc.tar > /dev/null
layer=$(sha256sum < etc.tar | cut -c-64)
mv "half/blobs/sha256/$layer" kept
fresh
refuse "a layer is missing" "layer 1 (sha256:$layer): the blob is missing" \
	oci pull oci:half:one x
fresh
oci pull --threads 1 oci:half:one x 2> err
check "  what is left is said" grep -q \
	"note: 1 of 2 missing layers are in the repository now; the next pull goes on from there" err
same "  nothing has a tag" "$(oci images)" "No images found"
check "  a gc takes it away" eval 'cfsctl --repo repo gc > /dev/null &&
	[ -z "$(find repo/streams -name "oci-layer-*")" ]'
mv kept "half/blobs/sha256/$layer"
check "  and the next pull is whole" quiet oci pull oci:half:one x

# Platforms.
image other one --arch riscv64 base.tar etc.tar > /dev/null
oci pull oci:other y 2> err > out
check "the only image is taken, with a word" grep -q "note: the image is for linux/riscv64" err
refuse "another one is not there" "riscv64" oci pull --platform linux/s390x oci:other z
refuse "a platform has two parts" "OS/ARCH" oci pull --platform linux oci:other z
for mode in disabled auto; do
	check "--local-fetch $mode is as without" quiet oci pull --local-fetch $mode oci:lay:one z
done
refuse "files are not shared with other stores" "stored anew" \
	oci pull --local-fetch zerocopy oci:lay:one z
refuse "there is no other mode" "local-fetch" oci pull --local-fetch always oci:lay:one z
quiet oci untag z

# Without a repository.
same "an image is computed where it is" \
	"$(cfsctl --no-repo oci compute-id oci:lay:two)" "$(oci compute-id x)"
same "its kernel argument, too" \
	"$(cfsctl --no-repo --insecure oci composefs-digest-karg oci-archive:lay.tar:one)" \
	"$(cfsctl --repo repo --insecure oci composefs-digest-karg x)"
same "and its tree" "$(cfsctl --no-repo oci dump oci:lay:one)" "$(oci dump x)"
stream_of() { # manifest or config, of x
	readlink "repo/streams/oci-$1-sha256:$(oci inspect "--$1" x | head -c -1 |
		sha256sum | head -c 64)" | sed 's|.*objects||; s|/||g'
}
config=sha256:$(oci inspect --config x | head -c -1 | sha256sum | head -c 64)
stream=$(stream_of config)
same "the stream of the configuration is checked" \
	"$(oci compute-id "@$config" "$stream")" "$(oci compute-id x)"
same "  or that of the manifest" "$(oci dump x "$(stream_of manifest)")" "$(oci dump x)"
refuse "another one is refused" "is the digest of neither the stream" \
	oci compute-id x "$(oci compute-id x)"
refuse "  before a boot entry is made" "is the digest of neither the stream" \
	oci prepare-boot --bootdir none x "$(oci compute-id x)"
refuse "  and what is no digest" "must have 64 or 128 hex digits" oci dump x 00
refuse "an image elsewhere has no stream" "leave out" oci dump oci:lay:one "$stream"
find repo | sort > before
quiet oci compute-id oci:lay:two
same "a layer alone, stored or not" "$(oci dump --layer 0 x)" \
	"$(cfsctl --no-repo oci dump --layer 0 oci:lay:two)"
check "  has an image" test "$(oci compute-id --layer 0 x | wc -c)" = 129
refuse "a layer that the image lacks" "there is no layer 9: the image has" \
	oci compute-id --layer 9 x
refuse "  also unstored" "there is no layer 9: the image has" \
	cfsctl --no-repo oci compute-id --layer 9 oci:lay:two
refuse "a layer is not booted" "exclude each other" \
	oci compute-id --layer 0 --bootable x
refuse "no number of a layer" "is not the number of a layer" \
	oci compute-id --layer x x
check "nothing is stored" diff before <(find repo | sort)
refuse "a tag is one of a repository" "'x' would be an image in a repository" cfsctl --no-repo oci compute-id x

# Images to boot.
boot=$(oci compute-id --bootable x)
check "the expected one" quiet oci pull --bootable --expected-digest "$boot" oci:lay:one x
same "is said" "$(tail -1 quiet.out)" "Boot image: $boot (xattr-mode=allowlist-only, format-version=V1)"
v2=$(cfsctl --repo repo --erofs-version 2 oci compute-id --bootable x)
check "also of a format that is not the repository's" \
	quiet oci pull --bootable --expected-digest "$v2" oci:lay:one x
same "which is said" "$(tail -1 quiet.out)" "Boot image: $v2 (xattr-mode=allowlist-only, format-version=V2)"
check "and stays" test -e "repo/images/$v2"
tar -xf "$CFS_SRC/tests/data/oci/layouts.tar.xz" layouts/boot-plain
rm -rf old && cfsctl --repo old init --insecure --algorithm sha256 > /dev/null
old=bf14006cbeafaa373902b9cb411c6c4654ffd0277e2f92da787b95067dd57bbf
check "also by the rule for times that composefs-rs had up to 0.9.0" \
	quiet cfsctl --repo old oci pull --bootable --expected-digest $old oci:layouts/boot-plain:t x
same "which is said" "$(tail -1 quiet.out)" \
	"Boot image: $old (xattr-mode=allowlist-only, format-version=V1, nanoseconds of up to 0.9.0)"
same "and referred to" "$(cfsctl --repo old oci inspect x | json 'd["composefs_boot_erofs"]')" "$old"
refuse "another one" "(tried 12 mode/version combinations)" \
	oci pull --bootable --expected-digest "${boot//[0-9]/0}" oci:lay:one never
refuse "has no tag" "never" oci inspect never
refuse "what is expected boots" "needs --bootable" oci pull --expected-digest "$boot" oci:lay:one x
refuse "a digest has the right length" "--expected-digest" oci pull --bootable --expected-digest abc oci:lay:one x

# Damage.
fresh
image bad one --lie base.tar etc.tar > /dev/null
refuse "a damaged blob: layer and digest" "layer 1 (sha256:$(sha256sum < etc.tar | cut -c-64))" \
	oci pull oci:bad:one x
check "the good layer stays" grep -q "note: 1 of 2 missing layers" "stderr.$$"
same "nothing is named" "$(oci images)" "No images found"
check "the right blob in its place, and it goes on" cp "lay/blobs/sha256/$(sha256sum < etc.tar | cut -c-64)" bad/blobs/sha256/
check "to the end" quiet oci pull oci:bad:one x
rm "bad/blobs/sha256/$(sha256sum < base.tar | cut -c-64)"
check "what is there is not asked for" quiet oci pull oci:bad:one x
fresh
refuse "a missing blob" "the blob is missing" oci pull oci:bad:one x
archive orphan.tar etc/small
image orphans one base.tar orphan.tar > /dev/null
orphan="layer 1 (sha256:$(sha256sum < orphan.tar | cut -c-64)): entry at offset 0: no"
refuse "a directory that no layer describes: layer, digest and offset" \
	"$orphan entry of any layer describes its directory /etc" \
	oci pull oci:orphans:one x
refuse "  also unstored" "$orphan entry of any layer" \
	cfsctl --no-repo oci compute-id oci:orphans:one

# What skopeo says of a registry leads to our options.
mkdir skopeo
cat > skopeo/skopeo << 'EOF'
#!/bin/sh
echo 'time="x" level=fatal msg="pinging container registry r:5000: Get \"https://r:5000/v2/\": http: server gave HTTP response to HTTPS client"' >&2
exit 1
EOF
chmod +x skopeo/skopeo
for command in "pull docker://r:5000/x" "push x docker://r:5000/x"; do
	fresh
	quiet oci pull oci:lay:one x
	PATH=$PWD/skopeo:$PATH refuse "a registry without TLS leads to the option: oci $command" \
		"HTTP response to HTTPS client; if the registry does not use TLS, --no-tls-verify allows that" \
		oci $command
done

# Artifacts about an image.
echo signature > sig
echo other > sbom
sig=$(image lay - --artifact application/vnd.example.sig --subject one sig)
image lay - --artifact application/vnd.example.bom --subject two sbom > /dev/null
large=$(for i in $(seq 17); do echo $i > blob.$i; echo blob.$i; done)
much=$(image lay - --artifact application/vnd.example.much --subject one $large)
echo third > third
broken=$(image lay - --artifact application/vnd.example.lie --subject one --lie third)
malformed=$(PYTHONPATH=$CFS_SRC/tests/oci python3 -B -c '
from layout import MANIFEST, Layout
lay = Layout("lay")
entry = lay.blob(b"{\"config\":", MANIFEST)
lay.add(entry, "malformed")
lay.save()
print(entry["digest"])')
fresh
check "an image with artifacts" quiet oci pull oci:lay:one x 2> err
same "the one that is about it and good comes with it" \
	"$(oci inspect x | json 'd["referrers"]')" "['$sig']"
same "and is counted" "$(oci images --json | json 'd["images"][0]["referrer_count"]')" 1
check "one of too many blobs is left out" grep -q "artifact $much.*larger than what is taken" err
check "one that is damaged is, too" grep -q "artifact $broken.*not what its digest says" err
check "what it may be is all that is said of a manifest that cannot be read" \
	grep -q "^note: manifest $malformed, which is perhaps an artifact about the image, is left out: its manifest is malformed" err
check "an artifact is an image that can be opened" quiet oci inspect "@$sig"
oci pull oci:lay:one x > out 2>&1
check "the next pull has nothing new" grep -q "^objects  0 new" out

# Differences.
echo other > tree/etc/small
archive other.tar etc
image lay three base.tar other.tar > /dev/null
check "an image is like itself, wherever it is" oci diff x oci:lay:two
oci diff oci:lay:one oci:lay:three > out
same "another one differs" $? 1
check "in a file that is named" grep -q "/etc/small" out
check "the sides are OCI images" grep -q "^A: oci:lay:one: OCI image" out
mkdir dir && tar -C dir -xpf base.tar && tar -C dir -xpf other.tar
check "a directory is compared, too" oci diff --ignore owner oci:lay:three dir
check "and what diff takes" oci diff oci:lay:three <(oci dump oci:lay:three)
check "rules make a difference" eval '! oci diff --no-propagate-usr-to-root --ignore owner x oci:lay:three > out'
refuse "no such image" "nothing" oci diff x nothing

# Names.
for tag in @x . .. "$(printf 'a\033b')" ""; do
	refuse "no tag '$(printf %q "$tag")'" "name" oci pull oci:lay:one "$tag"
done
refuse "a name that is empty is called that" "a name cannot be empty" oci pull oci:lay:one ""
check "a reference is a tag" quiet oci pull oci:lay:one example.org/a/b:1
same "as it is" "$(oci images --json | json 'd["images"][0]["name"]')" example.org/a/b:1
finish
