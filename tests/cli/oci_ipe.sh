#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Images whose configuration asks for executables as objects: all commands make
# the same of them, before and after `oci seal --ipe` wrote the label.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

keys=$CFS_SRC/tests/data/oci/sealing/keys
label=containers.composefs.ipe
image() { python3 -B "$CFS_SRC/tests/oci/image.py" layout "$@" > /dev/null; }
cfs() { cfsctl --insecure --repo "$repo" "$@"; }
oci() { cfs oci "$@"; }
# Paths of executables that are kept in an image
inline() { cfs lint "$1" 2> /dev/null | grep -o '^/[^ :]*' | paste -sd ' '; }

refers() { # IMAGE DIGEST: does the stream of its configuration?
	local config
	config=$(oci inspect "$1" --manifest | python3 -c '
import json, sys
print(json.load(sys.stdin)["config"]["digest"])')
	od -An -v -tx1 "$repo/streams/oci-config-$config" | tr -d ' \n' | grep -q "$2"
}

mkdir -p tree/usr/bin tree/usr/lib tree/boot tree/sysroot tree/etc
printf '#!/bin/sh\nexit 0\n' > tree/usr/bin/script
ln tree/usr/bin/script tree/usr/bin/name
printf '#!/bin/sh\nexit 0\n' > tree/usr/bin/twin
printf x > tree/usr/bin/one
: > tree/usr/bin/nothing
head -c 64 /dev/zero > tree/usr/bin/long
head -c 65 /dev/zero > tree/usr/bin/longer
printf 'ID=x\n' > tree/usr/lib/os-release
chmod 755 tree/usr/bin/*
find tree -exec touch -hd @1234567890 {} +
tar --sort=name --owner=0 --group=0 -C tree -cf layer.tar usr boot sysroot etc
image plain layer.tar
image asks --label $label=1 layer.tar
image no --label $label=0 layer.tar
image false --label $label=false layer.tar
image empty --label $label= layer.tar

repo=repo
cfs init --algorithm sha256 > /dev/null
for i in plain asks no false empty; do
	quiet oci pull --bootable oci:layout:$i $i
done
id() { oci compute-id "$@"; }
for how in "" --bootable; do
	for i in no false empty; do
		same "a label that is '$i' asks for nothing $how" \
			"$(id $how $i)" "$(id $how plain)"
	done
	check "one that asks gives another image $how" test \
		"$(id $how asks)" != "$(id $how plain)"
	same "and the same outside of the repository $how" \
		"$(id $how oci:layout:asks)" "$(id $how asks)"
	check "which is the one that pull made $how" cfs image-objects "$(id $how asks)"
	same "executables of the plain image are in it $how" \
		"$(inline "$(id $how plain)")" \
		"/usr/bin/long /usr/bin/name /usr/bin/one /usr/bin/script /usr/bin/twin"
	same "none of the other $how" "$(inline "$(id $how asks)")" ""
done
directory=$(cfs create-image --ipe tree)
same "create-image --ipe of the directory makes the same image" "${directory#*:}" "$(id asks)"
same "create-image of it, that of the plain one" "$(cfs compute-id tree)" "$(id plain)"
same "a layer alone is as it is in the archive" "$(id --layer 0 asks)" "$(id --layer 0 plain)"
object() { oci dump asks | awk -v path="$1" '$1 == path { print $9 }'; }
small=$(object /usr/bin/one)
check "the object of a script is the script" cmp "$repo/objects/$(object /usr/bin/twin)" \
	tree/usr/bin/script
same "and the shortest executable has one" "$(cat "$repo/objects/$small")" x
same "what a program has not executed stays" "$(oci dump asks | awk '$1 == "/usr/lib/os-release" { print $8 }')" \
	"$(oci dump plain | awk '$1 == "/usr/lib/os-release" { print $8 }')"

check "the repository is whole" quiet cfs fsck
check "the images, too" quiet oci fsck
quiet cfs gc
check "gc keeps the objects" quiet cfs fsck
for damage in "rm -f" "truncate -s 0"; do
	cp -a $repo kept
	$damage "$repo/objects/$small"
	check "$damage of such an object is found" bash -c "! cfsctl --insecure --repo $repo fsck > /dev/null 2>&1"
	check "and mended" quiet oci fsck --repair
	check "and the repository is whole" quiet cfs fsck
	check "with its content" cmp "$repo/objects/$small" "kept/objects/$small"
	rm -rf kept
done

repo=other
cfs init --algorithm sha256 > /dev/null
repo=repo
repo=other
quiet oci copy --from repo asks
check "a copy is whole" quiet cfs fsck
same "with the object" "$(cat "$repo/objects/$small")" x
repo=repo

sign() { quiet oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" "$@"; }
verify() { oci verify --bootable --cert "$keys/rsa.cert.pem" "$@"; }
quiet oci seal asks
sign asks
check "it is signed and verified" quiet verify asks
cfs sign --objects asks --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" > out 2> err
same "every executable can be signed" "$(grep -c 'kept in the image' err)" 0
cfs sign --objects plain --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" > out 2> err
check "  those of the plain one cannot, and it is said what helps" grep -q 'oci seal --ipe' err
before=$(id plain)
check "the configuration refers to the image that pull made" refers plain "$before"
old=$(oci inspect plain --manifest | sha256sum)
check "oci seal --ipe asks for it" quiet oci seal --ipe plain
same "  by a label" "$(oci inspect plain --config | python3 -c "
import json, sys
print(json.load(sys.stdin)['config']['Labels']['$label'])")" 1
same "  the images are those of the other one" "$(id plain) $(id --bootable plain)" \
	"$(id asks) $(id --bootable asks)"
check "  which its configuration refers to" refers plain "$(id asks)"
check "  and to the one to boot" refers plain "$(id --bootable asks)"
same "  and no longer to the one before" "$(refers plain "$before"; echo $?)" 1
new=$(oci inspect plain --manifest | sha256sum)
check "  the manifest is another one" test "$old" != "$new"
check "  a second time it changes nothing" quiet oci seal --ipe plain
same "    of the manifest" "$(oci inspect plain --manifest | sha256sum)" "$new"
sign plain
check "  it is signed and verified" quiet verify plain
check "  and exported" quiet oci export plain oci:shipped:plain
repo=third
cfs init --algorithm sha256 > /dev/null
check "  to be pulled where the signature is demanded" quiet oci pull --bootable \
	--require-signature --trust-cert "$keys/rsa.cert.pem" oci:shipped:plain plain
check "  and verified there" quiet verify plain
same "  with the argument that boots it" "$(oci composefs-digest-karg plain)" \
	"composefs.digest=?v1-sha256-12:$(id --bootable plain)"
repo=repo

quiet oci seal --label no
quiet oci seal --ipe no
same "a label that names the image is of the new one" \
	"$(oci inspect no --config | python3 -c "
import json, sys
print(json.load(sys.stdin)['config']['Labels']['containers.composefs.fsverity'])")" "$(id no)"
check "and a check takes it" quiet oci fsck
quiet oci seal --inline false
refuse "digests in the manifest are of an image without the label" "label the image as it was before" \
	oci seal --ipe false
check "the label comes first" quiet oci seal --ipe --inline empty
same "  and then the digests" "$(oci inspect empty --manifest | python3 -c "
import json, sys
print(json.load(sys.stdin)['annotations']['composefs.merged.erofs.v1.fsverity-sha256-12'])")" "$(id empty)"

# A label whose name another writer has spelled with an escape is that label: it
# is replaced.
spell() { # FROM TO WHAT WITH: the image FROM, with a text of its configuration changed
	PYTHONPATH=$CFS_SRC/tests/oci python3 -B - "$@" << 'EOF'
import json, sys
from layout import MANIFEST, Layout
lay = Layout("layout")
source, tag, old, new = sys.argv[1:]
with open(lay.file(lay.tagged(source)["digest"]), "rb") as f:
    manifest = json.load(f)
with open(lay.file(manifest["config"]["digest"]), "rb") as f:
    text = f.read()
assert old.encode() in text
manifest["config"] = lay.blob(text.replace(old.encode(), new.encode()),
                              manifest["config"]["mediaType"])
lay.add(lay.blob(json.dumps(manifest).encode(), MANIFEST), tag)
lay.save()
EOF
}
spell no spelled $label "containers.composefs.\\u0069pe"
quiet oci pull --bootable oci:layout:spelled spelled
check "a label with an escape in its name is replaced" quiet oci seal --ipe spelled
same "  and asks for objects" "$(id spelled)" "$(id asks)"
same "  by its name" "$(oci inspect spelled --config | grep -o 'containers[^:]*: *"[^"]*"')" \
	"$label\": \"1\""
spell no away Labels 'L\u0061bels'
quiet oci pull --bootable oci:layout:away away
refuse "labels that have such a name themselves are left alone, in clear words" \
	"'Labels' is written with escapes, as \"L\\u0061bels\"" oci seal --ipe away

finish
