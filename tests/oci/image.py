#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""image.py DIR TAG [OPTION...] BLOB...: adds an image to the OCI layout DIR, which
is made if need be, and prints the digest of its manifest.

  --compress KIND  of layers: none, gzip or zstd (by its program)
  --gzip           the same as --compress gzip
  --arch ARCH      its architecture (default: this machine's)
  --artifact TYPE  not an image but an artifact of that type, of the blobs
  --subject TAG    what it is about
  --lie            the last blob is damaged after it was hashed
TAG "-" is none.
"""
import argparse
import gzip
import hashlib
import json
import os
import platform
import subprocess

OCI = "application/vnd.oci.image."
ARCH = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386"}
REF = "org.opencontainers.image.ref.name"


class Layout:
    """A layout in a directory, with index.json written by save()."""

    def __init__(self, path):
        self.path = path
        os.makedirs(os.path.join(path, "blobs/sha256"), exist_ok=True)
        with open(os.path.join(path, "oci-layout"), "w",
                  encoding="utf-8") as f:
            f.write('{"imageLayoutVersion":"1.0.0"}')
        try:
            with open(os.path.join(path, "index.json"), encoding="utf-8") as f:
                self.index = json.load(f)
        except FileNotFoundError:
            self.index = {"schemaVersion": 2, "manifests": []}

    def save(self):
        with open(os.path.join(self.path, "index.json"), "w",
                  encoding="utf-8") as f:
            json.dump(self.index, f)

    def blob(self, data, media_type):
        name = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.path, "blobs/sha256", name), "wb") as f:
            f.write(data)
        return {"mediaType": media_type, "digest": "sha256:" + name,
                "size": len(data)}

    def document(self, content, media_type):
        return self.blob(json.dumps(content).encode(), media_type)

    def damage(self, descriptor):
        path = os.path.join(self.path, "blobs/sha256",
                            descriptor["digest"].partition(":")[2])
        with open(path, "r+b") as f:
            f.seek(descriptor["size"] // 2)
            byte = f.read(1)[0]
            f.seek(descriptor["size"] // 2)
            f.write(bytes([byte ^ 1]))

    def tagged(self, tag):
        for entry in self.index["manifests"]:
            if entry.get("annotations", {}).get(REF) == tag:
                return {k: entry[k] for k in ("mediaType", "digest", "size")}
        raise SystemExit("no tag " + tag)


COMPRESS = {
    "none": lambda data: data,
    "gzip": lambda data: gzip.compress(data, 6, mtime=0),
    "zstd": lambda data: subprocess.run(["zstd", "-qc"], input=data, check=True,
                                        capture_output=True).stdout,
}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def image(layout, o):
    archives = [read(path) for path in o.blobs]
    config = {
        "architecture": o.arch, "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [
            "sha256:" + hashlib.sha256(a).hexdigest() for a in archives]}}
    kind = OCI + "layer.v1.tar"
    if o.compress != "none":
        kind += "+" + o.compress
    return {"config": layout.document(config, OCI + "config.v1+json"),
            "layers": [layout.blob(COMPRESS[o.compress](a), kind)
                       for a in archives]}


def artifact(layout, o):
    return {"artifactType": o.artifact,
            "config": layout.blob(b"{}", "application/vnd.oci.empty.v1+json"),
            "layers": [layout.blob(read(path), "application/octet-stream")
                       for path in o.blobs]}


def main():
    args = argparse.ArgumentParser()
    args.add_argument("dir")
    args.add_argument("tag")
    args.add_argument("--compress", choices=COMPRESS, default="none")
    args.add_argument("--gzip", action="store_const", const="gzip",
                      dest="compress")
    args.add_argument("--arch", default=ARCH.get(platform.machine(),
                                                 platform.machine()))
    args.add_argument("--artifact")
    args.add_argument("--subject")
    args.add_argument("--lie", action="store_true")
    args.add_argument("blobs", nargs="+")
    o = args.parse_args()
    layout = Layout(o.dir)
    manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json"}
    manifest.update((artifact if o.artifact else image)(layout, o))
    if o.subject:
        manifest["subject"] = layout.tagged(o.subject)
    entry = layout.document(manifest, manifest["mediaType"])
    if o.tag != "-":
        entry["annotations"] = {REF: o.tag}
    layout.index["manifests"].append(entry)
    layout.save()
    if o.lie:
        layout.damage(manifest["layers"][-1])
    print(entry["digest"])


main()
