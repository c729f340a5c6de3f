#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""layout.py make DIR: writes an OCI layout.
layout.py push DIR URL NAME [USER:PASSWORD [CA-FILE]]: pushes every tag of the
layout to a registry, unchanged; skopeo copies neither nested indexes nor
artifacts.

Tags: one (an image of three layers), multi (an index: amd64, arm64/v8, an
attestation, and riscv64 in a nested index), docker (a Docker manifest list),
artifact; and, under sha256-HEX, the referrers of "one": a valid one, and one
whose subject is a different manifest.
"""
import base64
import gzip
import hashlib
import io
import json
import os
import random
import ssl
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request

OCI = "application/vnd.oci.image."
INDEX, MANIFEST = OCI + "index.v1+json", OCI + "manifest.v1+json"
DOCKER = "application/vnd.docker."
LIST = DOCKER + "distribution.manifest.list.v2+json"
V2S2 = DOCKER + "distribution.manifest.v2+json"
DOCUMENTS = (INDEX, MANIFEST, LIST, V2S2)


REF = "org.opencontainers.image.ref.name"
# What a blob is compressed by; zstd is its program.
COMPRESS = {
    "none": lambda data: data,
    "gzip": lambda data: gzip.compress(data, 6, mtime=0),
    "zstd": lambda data: subprocess.run(["zstd", "-qc"], input=data, check=True,
                                        capture_output=True).stdout,
}


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def plain(descriptor):
    """Without what an index says of it."""
    return {k: descriptor[k] for k in ("mediaType", "digest", "size")}


def archive(name, content):
    """A tar archive with one file."""
    out = io.BytesIO()
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        t.addfile(entry, io.BytesIO(content))
    return out.getvalue()


class Layout:
    """A layout in a directory, new or not, with index.json written by save()."""

    def __init__(self, path):
        self.path = path
        os.makedirs(os.path.join(path, "blobs", "sha256"), exist_ok=True)
        try:
            with open(os.path.join(path, "index.json"), encoding="utf-8") as f:
                self.refs = json.load(f)["manifests"]
        except FileNotFoundError:
            self.refs = []

    def save(self):
        with open(os.path.join(self.path, "oci-layout"), "w",
                  encoding="utf-8") as f:
            f.write('{"imageLayoutVersion":"1.0.0"}')
        with open(os.path.join(self.path, "index.json"), "w",
                  encoding="utf-8") as f:
            json.dump({"schemaVersion": 2, "manifests": self.refs}, f)

    def file(self, name):
        return os.path.join(self.path, "blobs", *name.split(":"))

    def blob(self, data, media_type, **more):
        with open(self.file(digest(data)), "wb") as f:
            f.write(data)
        return dict(mediaType=media_type, digest=digest(data),
                    size=len(data), **more)

    def json(self, content, media_type, **more):
        return self.blob(json.dumps(content).encode(), media_type, **more)

    def document(self, content, media_type, **more):
        """A manifest or an index."""
        return self.json(dict(schemaVersion=2, mediaType=media_type, **content),
                         media_type, **more)

    def add(self, descriptor, tag=None):
        if tag:
            descriptor = dict(descriptor, annotations={REF: tag})
        self.refs.append(descriptor)

    def tagged(self, tag):
        for entry in self.refs:
            if entry.get("annotations", {}).get(REF) == tag:
                return plain(entry)
        raise SystemExit("no tag " + tag)

    def damage(self, descriptor):
        """Changes a bit in the middle of a blob."""
        with open(self.file(descriptor["digest"]), "r+b") as f:
            f.seek(descriptor["size"] // 2)
            byte = f.read(1)[0]
            f.seek(descriptor["size"] // 2)
            f.write(bytes([byte ^ 1]))

    def image(self, layers, config, docker=False):
        """What the manifest of an image says, of @layers: pairs of an archive
        and a way to compress it."""
        kind = (DOCKER + "image.rootfs.diff.tar" if docker
                else OCI + "layer.v1.tar")
        config = dict(config, os="linux", rootfs={
            "type": "layers", "diff_ids": [digest(data) for data, _ in layers]})
        return {
            "config": self.json(config, DOCKER + "container.image.v1+json"
                                if docker else OCI + "config.v1+json"),
            "layers": [self.blob(
                COMPRESS[how](data), kind if how == "none" else
                kind + ("." if docker else "+") + how)
                for data, how in layers]}

    def artifact(self, kind, blobs, media_type):
        """What the manifest of an artifact of the type @kind says."""
        return {"artifactType": kind,
                "config": self.blob(b"{}",
                                    "application/vnd.oci.empty.v1+json"),
                "layers": [self.blob(data, media_type) for data in blobs]}


def image(lay, arch, sizes, docker=False, variant=None):
    """An image whose layers each have a file of @sizes random bytes; every other
    layer is compressed."""
    layers = [(archive("file%d" % n, random.Random(
        "%s %d" % (arch, n)).randbytes(size)), ("gzip", "none")[n % 2])
        for n, size in enumerate(sizes)]
    platform = {"architecture": arch}
    if variant:
        platform["variant"] = variant
    return lay.document(lay.image(layers, platform, docker),
                        V2S2 if docker else MANIFEST,
                        platform=dict(platform, os="linux"))


def artifact(lay, label, subject=None):
    content = lay.artifact("application/x-test", [label.encode()], "text/plain")
    if subject:
        content["subject"] = plain(subject)
    return lay.document(content, MANIFEST, artifactType="application/x-test")


def make(path):
    lay = Layout(path)
    one = image(lay, "amd64", [300000, 2000000, 10])
    nested = lay.document({"manifests": [image(lay, "riscv64", [50])]}, INDEX)
    note = artifact(lay, "attestation")
    note["platform"] = {"os": "unknown", "architecture": "unknown"}
    lay.add(plain(one), "one")
    lay.add(lay.document({"manifests": [
        note, image(lay, "arm64", [40], variant="v8"), nested, one]}, INDEX),
        "multi")
    lay.add(lay.document({"manifests": [
        image(lay, "s390x", [40, 50], docker=True),
        image(lay, "amd64", [60], docker=True)]}, LIST), "docker")
    lay.add(artifact(lay, "an artifact"), "artifact")
    lost = dict(one, digest=digest(b"lost"))
    lay.add(lay.document({"manifests": [
        artifact(lay, "signature", one), artifact(lay, "foreign", lost)]},
        INDEX), one["digest"].replace(":", "-"))
    lay.save()


class Registry:
    def __init__(self, url, name, login=None, ca=None):
        self.base = "%s/v2/%s/" % (url, name)
        self.headers = {}
        if login:
            self.headers["Authorization"] = (
                "Basic " + base64.b64encode(login.encode()).decode())
        handlers = [urllib.request.ProxyHandler({})]
        if ca:
            handlers.append(urllib.request.HTTPSHandler(
                context=ssl.create_default_context(cafile=ca)))
        self.opener = urllib.request.build_opener(*handlers)

    def call(self, method, url, data=None, media_type=None):
        headers = dict(self.headers)
        if media_type:
            headers["Content-Type"] = media_type
        return self.opener.open(urllib.request.Request(
            url, data=data, method=method, headers=headers))

    def put_blob(self, data):
        at = self.call("POST", self.base + "blobs/uploads/").headers["Location"]
        self.call("PUT", "%s%sdigest=%s" % (at, "&" if "?" in at else "?",
                                            digest(data)),
                  data, "application/octet-stream")

    def put(self, lay, descriptor, tag=None):
        """Pushes @descriptor after everything it refers to."""
        with open(lay.file(descriptor["digest"]), "rb") as f:
            data = f.read()
        if descriptor["mediaType"] not in DOCUMENTS:
            return self.put_blob(data)
        doc = json.loads(data)
        for d in doc.get("manifests", []) + doc.get("layers", []):
            self.put(lay, d)
        if "config" in doc:
            self.put(lay, doc["config"])
        return self.call("PUT", "%smanifests/%s" % (
            self.base, tag or descriptor["digest"]), data,
            descriptor["mediaType"])


def push(path, *where):
    lay = Layout(path)
    registry = Registry(*where)
    for d in lay.refs:
        tag = d["annotations"][REF]
        try:
            registry.put(lay, d, tag)
        except urllib.error.HTTPError as e:
            sys.exit("push %s: %s: %s" % (tag, e, e.read()))


if __name__ == "__main__":
    {"make": make, "push": push}[sys.argv[1]](*sys.argv[2:])
