#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""shapes.py SHAPE N OUT...: layers of about N entries, to be measured.

os N LAYER        the system of tests/bench/shapes.py
links N LAYER     half of the entries are hard links to the other half
replaced N LAYER  one name, again and again
hidden N LOW HIGH opaque markers in and above a directory of N / 2 files
removed N LOW HIGH  a deep tree, and whiteouts from its bottom to its top
deep N LAYER      files 200 directories down
alike N LAYER     names that a hash of words, multiplied and shifted, takes for
                  the same: flipping its top bit flips two bits of what follows
"""
import copy
import importlib.util
import os
import sys

import tarfmt as t

HERE = os.path.dirname(os.path.abspath(__file__))


def bench_shapes():
    spec = importlib.util.spec_from_file_location(
        "bench_shapes", os.path.join(HERE, "../bench/shapes.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pax_entry(entry, body, target=None):
    """As a writer of layers has it: a record for what a header cannot say."""
    kinds = {"dir": b"5", "file": b"0", "link": b"1", "symlink": b"2",
             "fifo": b"6"}
    path = entry.path[1:].encode() + b"/" * (entry.kind == "dir")
    fields = {"type": kinds[entry.kind], "mode": entry.mode,
              "uid": entry.owner, "gid": entry.owner, "mtime": entry.mtime[0]}
    records = [(b"SCHILY.xattr." + k.encode(), v)
               for k, v in sorted(entry.xattrs.items())]
    if entry.mtime[1]:
        records.append((b"mtime", b"%d.%09d" % entry.mtime))
    if len(path) > 100:
        records.append((b"path", path))
    if entry.kind == "link":
        fields["link"] = target[1:].encode()
    elif entry.kind == "symlink":
        fields["link"] = entry.target.encode()
    if len(fields.get("link", b"")) > 100:
        records.append((b"linkpath", fields["link"]))
    content = body(entry) if entry.kind == "file" else b""
    return (t.pax(records) if records else b"") + \
        t.entry(path[:100] or b"./", content, **fields)


def system(n):
    bench = bench_shapes()
    first = {}  # the first name of each file, which is no link
    for entry in bench.system(n):
        inode = entry.target if entry.kind == "link" else entry
        path, target = entry.path, first.setdefault(id(inode), entry.path)
        if target == path:
            entry = copy.copy(inode)
            entry.path = path
        yield pax_entry(entry, bench.body, target)


def links(n):
    for i in range(n // 2):
        yield t.entry(b"f%08d" % i, b"x" * 100)
    for i in range(n // 2):
        yield t.block(name=b"l%08d" % i, type=b"1", link=b"f%08d" % i)


def replaced(n):
    for i in range(n):
        yield t.entry(b"f", b"%d" % i)


def chain(depth):
    return [b"d/" * i for i in range(1, depth + 1)]


def deep(n):
    dirs = chain(200)
    for path in dirs:
        yield t.long(path) + t.block(name=b"x", type=b"5")
    for i in range(n):
        yield t.long(dirs[-1] + b"f%08d" % i) + t.block(name=b"x")


def alike(n):
    bits = (n - 1).bit_length()
    for i in range(n):
        name = b""
        for bit in range(bits):
            pair = bytearray(b"a" * 16)
            if i >> bit & 1:
                for at in (7, 11, 15):
                    pair[at] ^= 0x80
            name += pair
        yield t.long(name + b"the same") + t.block(name=b"x")


def hidden(n):
    dirs = chain(20)
    low = [t.block(name=path, type=b"5") for path in dirs]
    low += [t.block(name=dirs[-1] + b"f%08d" % i) for i in range(n // 2)]
    high = [t.block(name=dirs[-1] + b"g%08d" % i) for i in range(n // 4)]
    high += [t.block(name=dirs[-1 - i % 20] + b".wh..wh..opq")
             for i in range(n // 4)]
    # What has been hidden and was there again is hidden by the next layer.
    return low, high


def removed(n):
    dirs = chain(40)
    low = [t.block(name=path, type=b"5") for path in dirs]
    low += [t.block(name=dirs[-1] + b"f%08d" % i) for i in range(n)]
    high = [t.block(name=path + b".wh.d") for path in reversed(dirs[:-1])]
    return low, high


def main(shape, n, *outs):
    shapes = {"os": system, "links": links, "replaced": replaced,
              "deep": deep, "alike": alike, "hidden": hidden, "removed": removed}
    made = shapes[shape](int(n))
    layers = made if len(outs) == 2 else [made]
    for path, layer in zip(outs, layers):
        with open(path, "wb") as out:
            for piece in layer:
                out.write(piece)
            out.write(t.END)


if __name__ == "__main__":
    main(*sys.argv[1:])
