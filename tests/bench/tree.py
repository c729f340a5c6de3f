#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""tree.py DIR FILES: an operating-system-like tree, the same bytes every time.

Sizes follow a distribution's root: many small files, few large ones, some
equal contents, symbolic links, hard links and directories a few levels deep.
"""
import os
import random
import sys

SIZES = [(4, 0, 0), (8, 1, 64), (22, 65, 1024), (28, 1025, 4096),
         (22, 4097, 16384), (13, 16385, 65536), (3, 65537, 1 << 20)]


def size_of(rnd):
    low, high = rnd.choices([s[1:] for s in SIZES], [s[0] for s in SIZES])[0]
    return rnd.randint(low, high)


def main(root, files):
    rnd = random.Random(42)
    noise = rnd.randbytes(2 << 20)
    dirs = [root]
    os.makedirs(root)
    made = []
    for i in range(files):
        if i % 7 == 0:
            dirs.append(os.path.join(rnd.choice(dirs[-50:]), "d%d" % i))
            os.mkdir(dirs[-1])
        path = os.path.join(rnd.choice(dirs[-20:]), "file-%d" % i)
        kind = rnd.random()
        if kind < 0.08:
            os.symlink("../target-%d" % i, path)
        elif kind < 0.09 and made:
            os.link(rnd.choice(made), path)
        else:
            start = 0 if kind < 0.15 else rnd.randrange(1 << 20)
            with open(path, "wb") as out:
                out.write(noise[start:start + size_of(rnd)])
            made.append(path)
            os.utime(path, (1700000000 + i, 1700000000 + i))


main(sys.argv[1], int(sys.argv[2]))
