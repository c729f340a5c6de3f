#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Signatures that others made of an image go round with it, byte for byte: those of
# cosign, which are artifacts about the image, or have a tag of their own and then stay
# valid.  No cosign is needed: its files are written by hand, and openssl
# checks its signature as cosign does.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
command -v openssl > /dev/null || skip "needs openssl"

data=$CFS_SRC/tests/data/oci
keys=$data/sealing/keys
oci() { # REPO COMMAND...
	cfsctl --repo "$1" oci "${@:2}"
}
tar xf "$data/layouts.tar.xz" layouts/single
openssl ecparam -name prime256v1 -genkey -noout -out cosign.key 2> /dev/null
openssl ec -in cosign.key -pubout -out cosign.pub 2> /dev/null

# Writes what `cosign sign` stores about the image under the tag t, as an artifact
# (--registry-referrers-mode=oci-1-1) and under the tag sha256-HEX.sig, and a bundle
# of sigstore.  Prints the digests of the three manifests.
cat > cosign.py <<'END'
import base64, json, subprocess, sys
sys.path.insert(0, sys.argv[1] + "/tests/oci")
from layout import Layout, MANIFEST, OCI
lay = Layout("layouts/single")
image = lay.tagged("t")
payload = json.dumps({"critical": {
    "identity": {"docker-reference": "registry.example/os"},
    "image": {"docker-manifest-digest": image["digest"]},
    "type": "cosign container image signature"}, "optional": None}).encode()
signature = base64.b64encode(subprocess.run(
    ["openssl", "dgst", "-sha256", "-sign", "cosign.key"], input=payload,
    check=True, capture_output=True).stdout).decode()
layer = lay.blob(payload, "application/vnd.dev.cosign.simplesigning.v1+json",
                 annotations={"dev.cosignproject.cosign/signature": signature})
config = lay.json({"architecture": "", "os": "", "config": {}, "rootfs": {
    "type": "layers", "diff_ids": [layer["digest"]]}},
    OCI + "config.v1+json")
empty = lay.blob(b"{}", "application/vnd.oci.empty.v1+json")
kind = "application/vnd.dev.cosign.artifact.sig.v1+json"
bundle = "application/vnd.dev.sigstore.bundle.v0.3+json"
for tag, manifest in (
        (None, {"artifactType": kind, "config": dict(config, mediaType=kind),
                "layers": [layer], "subject": image}),
        (image["digest"].replace(":", "-") + ".sig",
         {"config": config, "layers": [layer]}),
        (None, {"artifactType": bundle, "config": empty, "subject": image,
                "layers": [lay.json({"mediaType": bundle}, bundle)],
                "annotations": {"dev.sigstore.bundle.content": "dsse-envelope"}})):
    entry = lay.document(manifest, MANIFEST)
    if "artifactType" in manifest:
        entry["artifactType"] = manifest["artifactType"]
    lay.add(entry, tag)
    print(entry["digest"])
lay.save()
END
{ read -r artifact && read -r tagged && read -r bundle; } < <(python3 -B cosign.py "$CFS_SRC")
sig=$(python3 -c 'import json
for m in json.load(open("layouts/single/index.json"))["manifests"]:
    name = m.get("annotations", {}).get("org.opencontainers.image.ref.name", "")
    if name.endswith(".sig"): print(name)')

# What cosign does: the signature is by the key over the payload, whose digest is
# that of the manifest under the tag x.
cat > verify.py <<'END'
import base64, hashlib, json, subprocess, sys
layout, manifest = sys.argv[1:]
def blob(digest):
    data = open(layout + "/blobs/sha256/" + digest[7:], "rb").read()
    assert "sha256:" + hashlib.sha256(data).hexdigest() == digest
    return data
image = [m["digest"] for m in json.load(open(layout + "/index.json"))["manifests"]
         if m.get("annotations", {}).get("org.opencontainers.image.ref.name") == "x"]
layer = json.loads(blob(manifest))["layers"][0]
payload = blob(layer["digest"])
assert [json.loads(payload)["critical"]["image"]["docker-manifest-digest"]] == image
open("signature", "wb").write(base64.b64decode(
    layer["annotations"]["dev.cosignproject.cosign/signature"]))
sys.exit(subprocess.run(["openssl", "dgst", "-sha256", "-verify", "cosign.pub",
    "-signature", "signature"], input=payload, stdout=subprocess.DEVNULL).returncode)
END
verifies() { # LAYOUT MANIFEST
	python3 verify.py "$@" 2> err
}
types() { # LAYOUT: digests and types of the artifacts in its index
	python3 -c 'import json, sys
for m in json.load(open(sys.argv[1] + "/index.json"))["manifests"]:
    if "artifactType" in m: print(m["digest"], m["artifactType"])' "$1" | sort
}
want="$(printf '%s application/vnd.dev.cosign.artifact.sig.v1+json\n%s application/vnd.dev.sigstore.bundle.v0.3+json\n' \
	"$artifact" "$bundle" | sort)"

for repo in first second; do
	cfsctl --repo $repo init --insecure > /dev/null
done
check "an image with artifacts of others is pulled" quiet oci first pull oci:layouts/single:t os
same "they are listed, as they are" "$(oci first inspect os | python3 -c 'import json, sys
print("\n".join(sorted(json.load(sys.stdin)["referrers"])))')" \
	"$(printf '%s\n' "$artifact" "$bundle" | sort)"
for id in $artifact $bundle; do
	check "  byte for byte" eval \
		"oci first inspect @$id --manifest | head -c -1 | cmp - layouts/single/blobs/sha256/${id#sha256:}"
done
same "they prove nothing to oci verify" \
	"$(oci first verify --cert "$keys/rsa.cert.pem" os > said.txt 2> err; echo $?)" 3
ours=$(oci first sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" os)
check "signed by us as well, the image is exported" \
	quiet oci first export --preserve-digests os oci:out:x
same "with the artifacts of all" "$(types out | grep -v "^$ours ")" "$want"
check "cosign's signature is valid" verifies out "$artifact"
check "a second repository pulls it" quiet oci second pull oci:out:x os
same "by our signature" \
	"$(oci second verify --cert "$keys/rsa.cert.pem" os > said.txt 2> err; echo $?)" 0
check "and exports it" quiet oci second export --preserve-digests os oci:again:x
same "which changes nothing" "$(diff -r out again && echo same)" same
cp -r again bad
printf x >> "bad/blobs/sha256/${artifact#sha256:}"
check "a damaged signature is noticed" eval '! verifies bad "$artifact"'

# gc keeps them as long as the image is there.
cfsctl --repo second gc > gc.out
check "gc leaves them" quiet oci second export --preserve-digests os oci:third:x
same "  as they were" "$(diff -r out third && echo same)" same

# The signer that is replaced is ours alone.
oci second sign --cert "$keys/other.cert.pem" --key "$keys/other.key.pem" \
	--replace-signer "$keys/rsa.cert.pem" os > next 2> said
check "rotated keys leave signatures of others" quiet oci second export os oci:rotated:x
same "  as they were" "$(types rotated | grep -v "^$(cat next) ")" "$want"
check "  and valid" verifies rotated "$artifact"

# The older form is a tag beside that of the image, with an image of something that
# is no archive: it stays where it is, and is valid where the image goes.
refuse "what is under the other tag is no image" \
	"media type 'application/vnd.dev.cosign.simplesigning.v1+json' is not that of an archive" \
	oci first pull "oci:layouts/single:$sig" "os:$sig"
mkdir -p out/blobs/sha256
cp -n layouts/single/blobs/sha256/* out/blobs/sha256/
check "copied by another program, it is about the image that was exported" \
	verifies out "$tagged"
finish
