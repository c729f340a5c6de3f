#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Reads an export by the description in repo/export/format.h, on its own.

export.py DIR HEX OUT < OBJECTS

OBJECTS is what `cfsctl image-objects` prints.  Writes each object of the image HEX
to OUT/xx/yyyy... and the image to OUT/image.
"""
import os
import struct
import subprocess
import sys


def unzstd(data):
    return subprocess.run(["zstd", "-dcq"], input=data, check=True,
                          capture_output=True).stdout


def main():
    top, image, out = sys.argv[1:]
    ids = [line.split(":")[1].strip() for line in sys.stdin]
    assert ids == sorted(ids)
    with open(f"{top}/images/{image}.index", "rb") as f:
        index = f.read()
    magic, alg, n = struct.unpack_from("<8sII", index)
    assert magic == b"CFSIDX\0\1" and alg == {64: 1, 128: 2}[len(image)]
    assert n == len(ids) and len(index) == 16 + 16 * n
    for i, name in enumerate(ids):
        pack, stored, at = struct.unpack_from("<IIQ", index, 16 + 16 * i)
        zstd = stored >> 31
        stored &= 0x7FFFFFFF
        if pack == 0xFFFFFFFF:
            path = f"{top}/objects/{name[:2]}/{name[2:]}" + (".zst" if zstd else "")
            with open(path, "rb") as f:
                data = f.read()
            assert stored == 0 and at == len(data)
        else:
            with open(f"{top}/packs/{pack:08}.pack", "rb") as f:
                f.seek(at)
                data = f.read(stored)
            assert stored == len(data) <= 128 << 10
        os.makedirs(f"{out}/{name[:2]}", exist_ok=True)
        with open(f"{out}/{name[:2]}/{name[2:]}", "wb") as f:
            f.write(unzstd(data) if zstd else data)
    with open(f"{top}/images/{image}.image.zst", "rb") as f:
        data = unzstd(f.read())
    with open(f"{out}/image", "wb") as f:
        f.write(data)


main()
