#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Layers of a repository that were replaced by those of another image of the same
# signer: the signatures are valid, and only reading the contents detects it.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

keys=$CFS_SRC/tests/data/oci/sealing/keys
tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz"
oci() { cfsctl --insecure --repo repo oci "$@"; }
cfsctl --insecure --repo repo init --algorithm sha256 > /dev/null
for image in single hardlinks; do
	quiet oci pull oci:layouts/$image:t $image
done
mkdir bin
ln -s "$BIN/cfsctl" bin/composefs-info
verify() { quiet oci verify --cert "$keys/rsa.cert.pem" "$@"; }
sign() { oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" "$@" > /dev/null 2>&1; }
sign single
check "an image is verified" verify single
check "and its layers are those of its configuration" verify --read-data single

# Gives the streams of manifest and configuration of `single` the layer of `hardlinks`.
python3 - << 'END'
import json, os, subprocess

def object_of(stream):
    return os.path.realpath("repo/streams/" + stream)
def id_of(path):
    return bytes.fromhex("".join(path.split("/")[-2:]))
def manifest_of(tag):
    return os.path.basename(os.readlink("repo/streams/refs/oci/" + tag))
def read(tag):
    text = subprocess.run(["cfsctl", "--insecure", "--repo", "repo", "oci", "inspect", tag, "--manifest"],
                          check=True, capture_output=True).stdout
    return json.loads(text)
def store(name, data):
    with open("new", "wb") as f:
        f.write(data)
    digest = subprocess.run(["bin/composefs-info", "measure-file", "new"], check=True,
                            capture_output=True, text=True).stdout.strip()
    path = f"objects/{digest[:2]}/{digest[2:]}"
    os.makedirs(os.path.dirname("repo/" + path), exist_ok=True)
    os.replace("new", "repo/" + path)
    os.unlink("repo/streams/" + name)
    os.symlink("../" + path, "repo/streams/" + name)
    return bytes.fromhex(digest)

layers = [id_of(object_of("oci-layer-" + read(tag)["layers"][0]["digest"])) for tag in ("single", "hardlinks")]
config = "oci-config-" + read("single")["config"]["digest"]
manifest = manifest_of("single")
old = id_of(object_of(config))
data = open(object_of(config), "rb").read()
assert layers[0] in data
new = store(config, data.replace(*layers))
data = open(object_of(manifest), "rb").read()
assert old in data and layers[0] in data
store(manifest, data.replace(old, new).replace(*layers))
END
refuse "another image has not these layers" digest-mismatch verify single
# Whoever exchanged them has the signature of `hardlinks`, by the same key.
sign single
check "with the signature of the one that they make it is verified" verify single
refuse "unless they are read" "in the place of" verify --read-data single
same "which is a failure of the verification" "$(verify --read-data single 2> /dev/null; echo $?)" 4
cp "$keys/rsa.cert.pem" signer.pem
name_it() { # RULE...: by a policy
	printf '%s\n' '[images.named]' 'certificates = ["signer.pem"]' "$@" > policy.toml
	quiet oci tag --policy policy.toml single named
}
check "a policy accepts them, too" name_it
refuse "unless it has them read" "in the place of" name_it "read-data = true"
same "  which is a failure of the verification, too" "$(name_it "read-data = true" 2> /dev/null; echo $?)" 4
same "the other one has its own" "$(sign hardlinks; verify --read-data hardlinks; echo $?)" 0

finish
