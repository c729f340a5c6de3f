#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""layouts.py TAR2DUMP: layers of the layouts in tests/data/oci make the trees
of trees.tsv, or are refused in its words.  Works in $TMPDIR."""
import gzip
import hashlib
import os
import subprocess
import sys
import tarfile

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data/oci")
OPTIONS = {"image": [], "parents": ["-p"], "layer": ["-n"]}


def archives(work):
    """Paths of all blobs that may be layers, by their SHA-256."""
    found = {}
    with tarfile.open(os.path.join(DATA, "layouts.tar.xz")) as layouts:
        for member in layouts:
            blob = layouts.extractfile(member).read()
            if blob[:2] == b"\x1f\x8b":
                blob = gzip.decompress(blob)
            name = hashlib.sha256(blob).hexdigest()[:12]
            if name not in found:
                found[name] = os.path.join(work, name)
                with open(found[name], "wb") as out:
                    out.write(blob)
    return found


def main(tool):
    found = archives(os.environ.get("TMPDIR", "."))
    bad = n = 0
    with open(os.path.join(DATA, "trees.tsv"), encoding="utf-8") as rows:
        for row in rows:
            case, what, alg, layers, want = row.rstrip("\n").split("\t")
            n += 1
            done = subprocess.run(
                [tool, "-a", alg] + OPTIONS[what] +
                [found[layer] for layer in layers.split(",")],
                capture_output=True, check=False)
            got = hashlib.sha256(done.stdout).hexdigest()[:16]
            if done.returncode:
                got = done.stderr.decode().strip().partition(": ")[2]
            if got != want:
                bad += 1
                print("%s, %s, %s: want %s\n  got %s" %
                      (case, what, alg, want, got))
    print("%d trees of layouts, %d wrong" % (n, bad))
    return bad > 0 or n < 100


sys.exit(main(sys.argv[1]))
