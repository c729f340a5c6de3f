#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""image.py DIR TAG [OPTION...] BLOB...: adds an image to the OCI layout DIR, which
is made if need be, and prints the digest of its manifest.

  --compress KIND  of layers: none, gzip or zstd (by its program)
  --gzip           the same as --compress gzip
  --arch ARCH      its architecture (default: this machine's)
  --artifact TYPE  not an image but an artifact of that type, of the blobs
  --subject TAG    what it is about
  --label KEY=VALUE  a label of its configuration; repeatable
  --config JSON    the member "config" of its configuration
  --lie            the last blob is damaged after it was hashed
TAG "-" is none.
"""
import argparse
import json
import platform

from layout import COMPRESS, MANIFEST, Layout

ARCH = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386"}


def read(path):
    with open(path, "rb") as f:
        return f.read()


def options():
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
    args.add_argument("--label", action="append", default=[])
    args.add_argument("--config", type=json.loads, default={})
    args.add_argument("--lie", action="store_true")
    args.add_argument("blobs", nargs="+")
    return args.parse_args()


def main():
    o = options()
    layout = Layout(o.dir)
    blobs = [read(path) for path in o.blobs]
    if o.artifact:
        manifest = layout.artifact(o.artifact, blobs,
                                   "application/octet-stream")
    else:
        labels = dict(text.split("=", 1) for text in o.label)
        config = dict(o.config, **({"Labels": labels} if labels else {}))
        manifest = layout.image([(data, o.compress) for data in blobs],
                                {"architecture": o.arch, "config": config})
    if o.subject:
        manifest["subject"] = layout.tagged(o.subject)
    entry = layout.document(manifest, MANIFEST)
    layout.add(entry, None if o.tag == "-" else o.tag)
    layout.save()
    if o.lie:
        layout.damage(manifest["layers"][-1])
    print(entry["digest"])


main()
