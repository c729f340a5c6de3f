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


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def archive(name, content):
    """A tar archive with one file."""
    out = io.BytesIO()
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as t:
        t.addfile(entry, io.BytesIO(content))
    return out.getvalue()


class Layout:
    def __init__(self, path):
        self.path = path
        self.refs = []
        os.makedirs(os.path.join(path, "blobs", "sha256"))

    def blob(self, data, media_type, **more):
        with open(self.file(digest(data)), "wb") as f:
            f.write(data)
        return dict(mediaType=media_type, digest=digest(data),
                    size=len(data), **more)

    def file(self, name):
        return os.path.join(self.path, "blobs", *name.split(":"))

    def document(self, content, media_type, **more):
        data = json.dumps(dict(schemaVersion=2, mediaType=media_type,
                               **content)).encode()
        return self.blob(data, media_type, **more)

    def tag(self, name, descriptor):
        ref = {"org.opencontainers.image.ref.name": name}
        self.refs.append(dict(descriptor, annotations=ref))

    def image(self, arch, sizes, docker=False, variant=None):
        """An image whose layers each have a file of @sizes random bytes; every
        other layer is compressed."""
        layers, diff_ids = [], []
        for n, size in enumerate(sizes):
            data = archive("file%d" % n, random.Random(
                "%s %d" % (arch, n)).randbytes(size))
            diff_ids.append(digest(data))
            kind = (DOCKER + "image.rootfs.diff.tar" if docker
                    else OCI + "layer.v1.tar")
            if n % 2 == 0:
                data = gzip.compress(data, 1, mtime=0)
                kind += ".gzip" if docker else "+gzip"
            layers.append(self.blob(data, kind))
        platform = {"os": "linux", "architecture": arch}
        if variant:
            platform["variant"] = variant
        config = self.blob(
            json.dumps(dict(platform, rootfs={
                "type": "layers", "diff_ids": diff_ids})).encode(),
            DOCKER + "container.image.v1+json" if docker
            else OCI + "config.v1+json")
        return self.document({"config": config, "layers": layers},
                             V2S2 if docker else MANIFEST, platform=platform)

    def artifact(self, label, subject=None):
        content = {
            "artifactType": "application/x-test",
            "config": self.blob(b"{}", "application/vnd.oci.empty.v1+json"),
            "layers": [self.blob(label.encode(), "text/plain")],
        }
        if subject:
            content["subject"] = {k: subject[k]
                                  for k in ("mediaType", "digest", "size")}
        return self.document(content, MANIFEST,
                             artifactType="application/x-test")

    def write(self):
        with open(os.path.join(self.path, "oci-layout"), "w") as f:
            f.write('{"imageLayoutVersion":"1.0.0"}')
        with open(os.path.join(self.path, "index.json"), "w") as f:
            json.dump({"schemaVersion": 2, "manifests": self.refs}, f)


def make(path):
    lay = Layout(path)
    one = lay.image("amd64", [300000, 2000000, 10])
    nested = lay.document({"manifests": [lay.image("riscv64", [50])]}, INDEX)
    note = lay.artifact("attestation")
    note["platform"] = {"os": "unknown", "architecture": "unknown"}
    lay.tag("one", {k: v for k, v in one.items() if k != "platform"})
    lay.tag("multi", lay.document({"manifests": [
        note, lay.image("arm64", [40], variant="v8"), nested, one]}, INDEX))
    lay.tag("docker", lay.document({"manifests": [
        lay.image("s390x", [40, 50], docker=True),
        lay.image("amd64", [60], docker=True)]}, LIST))
    lay.tag("artifact", lay.artifact("an artifact"))
    lost = dict(one, digest=digest(b"lost"))
    lay.tag(one["digest"].replace(":", "-"), lay.document({"manifests": [
        lay.artifact("signature", one), lay.artifact("foreign", lost)]}, INDEX))
    lay.write()


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
    lay = Layout.__new__(Layout)
    lay.path = path
    registry = Registry(*where)
    with open(os.path.join(path, "index.json")) as f:
        entries = json.load(f)["manifests"]
    for d in entries:
        tag = d["annotations"]["org.opencontainers.image.ref.name"]
        try:
            registry.put(lay, d, tag)
        except urllib.error.HTTPError as e:
            sys.exit("push %s: %s: %s" % (tag, e, e.read()))


if __name__ == "__main__":
    {"make": make, "push": push}[sys.argv[1]](*sys.argv[2:])
