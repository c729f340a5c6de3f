#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""compare.py TAR2DUMP FROM N: random layers of seeds FROM to FROM + N - 1, read
by tar2dump and by the model, which must agree: on the tree, and on whether it
is one.  Works in $TMPDIR.  Ends with 1 at the first seed that differs."""
import os
import subprocess
import sys

import generate
import model


def by_model(tars, create, alg, oci, user):
    tree = model.Tree(create)
    try:
        for tar in tars:
            tree.apply(tar)
        tree.finish()
        if oci:
            tree.oci(user)
        return model.dump(tree, alg)
    except model.Refused as why:
        return "refused: %s" % why


def split(tar):
    """What is kept of an archive, and the contents taken out of it."""
    kept, taken, at = [], [], 0
    for e in model.read_tar(tar):
        if e.kind == "f" and e.size > model.INLINE:
            kept.append(tar[at:e.at])
            at = e.at + e.size
            taken.append(e.data)
    return b"".join(kept) + tar[at:], taken


def main():
    tool, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    work = os.environ.get("TMPDIR", ".")
    refused = 0
    for seed in range(first, first + count):
        tars = generate.layers(seed)
        create, oci, user = seed % 2, seed % 3 == 0, seed % 5 == 0
        alg = "sha512" if seed % 7 == 0 else "sha256"
        paths = []
        for i, tar in enumerate(tars):
            paths.append("%s/%d.tar" % (work, i))
            with open(paths[-1], "wb") as f:
                f.write(tar)
        command = [tool, "-a", alg]
        command += ["-p"] * create + ["-u"] * user + ["-n"] * (not oci)
        parts = os.path.join(work, "parts")
        if len(tars) == 1:
            os.makedirs(parts, exist_ok=True)
            command += ["-s", parts]
        want = by_model(tars, create, alg, oci, user)
        done = subprocess.run(command + paths, capture_output=True, check=False)
        got = done.stdout.decode()
        if done.returncode not in (0, 1):
            sys.exit("seed %d: exit status %d, %s" %
                     (seed, done.returncode, done.stderr))
        if done.returncode:
            if not want.startswith("refused"):
                sys.exit("seed %d: %s" % (seed, done.stderr.decode()))
            refused += 1
            continue
        if got != want:
            with open(work + "/got", "w") as f, open(work + "/want", "w") as g:
                f.write(got)
                g.write(want)
            sys.exit("seed %d: %s; see got and want in %s" %
                     (seed, want.split("\n", 1)[0], work))
        if len(tars) == 1:
            kept, taken = split(tars[0])
            with open(parts + "/raw", "rb") as f:
                assert f.read() == kept, "seed %d: raw bytes" % seed
            for i, content in enumerate(taken):
                with open("%s/%d" % (parts, i), "rb") as f:
                    assert f.read() == content, "seed %d: content" % seed
    print("%d trees, %d refused" % (count - refused, refused))
    # A comparison of nothing but refusals would say little.
    if count >= 100:
        assert count // 3 < refused + count // 10 and refused < 2 * count // 3


main()
