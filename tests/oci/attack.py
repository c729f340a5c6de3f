#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""attack.py LAYOUT DATA CODE: does to an OCI layout what someone may who can write
to it, and has none of the keys but what was signed and published.

LAYOUT holds an image under the tag "t", DATA (tests/data/oci/sealing/NAME/ALG) the
artifact that seals it. CODE is Python:

  a = good()             the artifact that the key "rsa" signed, as a document
  image(), config()      documents of the image
  attach(a)              puts a document, or bytes, into the layout as an artifact
                         about the image; the first such call names it in index.json
  entry(a, ROLE)         the layer of a with this role; entry(a, ROLE).sig(BLOB)
                         is written set_sig(entry, BLOB)
  sign(HEX, KEY, ...)    a signature that openssl makes over a digest
  change(config=F, manifest=F)   changes the image: F gets the document
  p7(NAME, ROLE)         a published signature of another image
"""
import hashlib
import json
import os
import struct
import subprocess
import sys

LAYOUT, DATA, CODE = sys.argv[1:4]
SEALING = os.path.dirname(os.path.dirname(os.path.normpath(DATA)))
ALG = os.path.basename(os.path.normpath(DATA))
SIG = "application/vnd.composefs.signature.v1+pkcs7"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob_path(name):
    return os.path.join(LAYOUT, "blobs", *name.split(":"))


def put(data):
    """Writes a blob, and returns what a descriptor says of it."""
    with open(blob_path(digest(data)), "wb") as file:
        file.write(data)
    return {"digest": digest(data), "size": len(data)}


def index():
    return json.loads(read(LAYOUT + "/index.json"))


def write_index(value):
    with open(LAYOUT + "/index.json", "w", encoding="utf-8") as file:
        json.dump(value, file)


def encode(value):
    return value if isinstance(value, bytes) else \
        json.dumps(value, separators=(",", ":")).encode()


def image():
    return json.loads(read(blob_path(index()["manifests"][0]["digest"])))


def config():
    return json.loads(read(blob_path(image()["config"]["digest"])))


def subject():
    entry_ = index()["manifests"][0]
    return {k: entry_[k] for k in ("mediaType", "digest", "size")}


def key(role, alg=ALG, erofs="erofs.v1."):
    documents = role in ("manifest", "config")
    return f"composefs.{role}.{'' if documents else erofs}fsverity-{alg}-12"


def p7(name, role, data=None):
    return read(f"{data or SEALING}/{name}/{ALG}/{role}.p7")


def value(name, role, alg=ALG):
    """The digest that was signed of another image."""
    doc = json.loads(read(f"{SEALING}/{name}/{alg}/signed.json"))
    return next(layer["annotations"][key(role, alg)] for layer in doc["layers"]
                if key(role, alg) in layer["annotations"])


def good(which="signed"):
    doc = json.loads(read(f"{DATA}/{which}.json"))
    put(b"{}")
    put(b"")
    for name in os.listdir(DATA):
        if name.endswith(".p7"):
            put(read(f"{DATA}/{name}"))
    return doc


def new_entry(role, hex_, sig):
    return {"mediaType": SIG, **put(sig), "annotations": {key(role): hex_}}


def empty(layers, **more):
    return {"schemaVersion": 2, "mediaType": MANIFEST,
            "artifactType": "application/vnd.composefs.metadata.v1",
            "config": {"mediaType": EMPTY, **put(b"{}")},
            "layers": layers, "subject": subject(), **more}


def entry(doc, role):
    return next(layer for layer in doc["layers"] if key(role) in layer["annotations"])


def hex_of(doc, role):
    return entry(doc, role)["annotations"][key(role)]


def set_sig(layer, data):
    layer.update(put(data))


def attach(doc, artifact_type="application/vnd.composefs.metadata.v1"):
    data = encode(doc)
    value_ = index()
    value_["manifests"].append({"mediaType": MANIFEST, **put(data),
                                "artifactType": artifact_type})
    write_index(value_)


def attach_about(doc):
    """Attaches the artifact with the image, as it is now, for its subject."""
    doc["subject"] = subject()
    attach(doc)


def change(**how):
    """Changes the configuration and the manifest, which names the new one."""
    manifest = image()
    if "config" in how:
        text = config()
        how["config"](text)
        manifest["config"].update(put(encode(text)))
    if "manifest" in how:
        how["manifest"](manifest)
    value_ = index()
    value_["manifests"][0].update(put(encode(manifest)))
    write_index(value_)


def verity(data):
    """The fs-verity digest of up to 128 KiB, by which documents are signed."""
    hash_ = getattr(hashlib, ALG)
    blocks = [data[i:i + 4096].ljust(4096, b"\0") for i in range(0, len(data), 4096)]
    hashes = [hash_(block).digest() for block in blocks]
    root = b"" if not hashes else hashes[0] if len(hashes) == 1 else \
        hash_(b"".join(hashes).ljust(4096, b"\0")).digest()
    number = {"sha256": 1, "sha512": 2}[ALG]
    return hash_(struct.pack("<BBBBIQ64s32s144s", 1, number, 12, 0, 0, len(data),
                             root, b"", b"")).hexdigest()


def sign(hex_, name="rsa", md=None, options=("-binary", "-noattr", "-nocerts"),
         cert=None, key_file=None, command="smime"):
    tbs = b"FSVerity" + struct.pack("<HH", {"sha256": 1, "sha512": 2}[ALG],
                                    len(hex_) // 2) + bytes.fromhex(hex_)
    keys = f"{SEALING}/keys/{name}"
    return subprocess.run(
        ["openssl", command, "-sign", *options, "-outform", "DER", "-md", md or ALG,
         "-signer", cert or keys + ".cert.pem", "-inkey", key_file or keys + ".key.pem"],
        input=tbs, check=True, capture_output=True).stdout


exec(CODE)  # pylint: disable=exec-used
