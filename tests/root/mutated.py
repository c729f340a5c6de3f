#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""mutated.py SETUP-ROOT CONFIG KARG HEX ROUNDS SEED: changes the physical root
"disk" in every way, and looks at what composefs-setup-root --check says of it.

It never says that an image is verified, for no kernel here can; it ends by itself
and in time, with a status of its own, and with words where it is not 0.  An image
that is reported without verification is the one that was named.
"""
import os
import random
import shutil
import socket
import subprocess
import sys

NAMES = ["composefs", "composefs/meta.json", "composefs/objects",
         "composefs/images", "composefs/images/refs", "composefs/signatures",
         "composefs/streams", "state", "state/deploy", "etc", "sysroot", "boot"]
BYTES = [b"", b"\0" * 100, b"{}", b"\x1b[31m\xc2\x9b\n", bytes(range(256)) * 20]


def entries(top):
    found = []
    for path, dirs, files in os.walk(top):
        found += [os.path.join(path, name) for name in dirs + files]
    return sorted(found)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def put(rnd, path):
    """Something else at that path."""
    remove(path)
    kind = rnd.randrange(8)
    if kind == 0:
        os.mkfifo(path)
    elif kind == 1:
        os.mkdir(path)
    elif kind == 2:
        os.symlink(rnd.choice(["nothing", ".", "..", "/etc/passwd", "/",
                               os.path.basename(path), "../" * 40 + "tmp"]),
                   path)
    elif kind == 3 and len(path) < 100:
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
    elif kind == 4:
        os.mknod(path, 0o20666, os.makedev(1, 5))
    elif kind == 5:
        os.mknod(path, 0o20666, 0)
    elif kind == 6:
        with open(path, "wb") as f:
            f.write(rnd.choice(BYTES))


def damage(rnd, path):
    """Other bytes in a file, or another length."""
    with open(path, "r+b") as f:
        size = os.path.getsize(path)
        if rnd.randrange(4) == 0:
            f.truncate(rnd.choice([0, size // 2, size + 4096]))
            return
        for _ in range(rnd.randrange(1, 5)):
            f.seek(rnd.randrange(min(size, rnd.choice([2048, 1 << 30])) or 1))
            f.write(bytes([rnd.randrange(256)]))


def mutate(rnd, top):
    for _ in range(rnd.randrange(1, 4)):
        all_paths = entries(top)
        path = rnd.choice(all_paths or [top + "/x"])
        what = rnd.randrange(6)
        if what == 0:
            remove(path)
        elif what == 1:
            put(rnd, path)
        elif what == 2:
            name = os.path.join(top, rnd.choice(NAMES))
            if os.path.isdir(os.path.dirname(name)):
                put(rnd, name)
        elif what == 3:
            other = rnd.choice(all_paths or [path])
            if not (other + "/").startswith(path + "/") and not (
                    path + "/").startswith(other + "/"):
                remove(other)
                os.rename(path, other)
        elif os.path.isfile(path) and not os.path.islink(path):
            damage(rnd, path)
        else:
            mode = rnd.choice([0, 0o4777, 0o755])
            if not os.path.islink(path) and os.path.exists(path):
                os.chmod(path, mode)


def main():
    program, config, karg, hexdigits = sys.argv[1:5]
    rounds, seed = int(sys.argv[5]), int(sys.argv[6])
    rnd = random.Random(seed)
    bad = good = 0
    for i in range(rounds):
        remove("tree")
        shutil.copytree("disk", "tree", symlinks=True)
        if i:
            mutate(rnd, "tree")
        try:
            done = subprocess.run(
                [program, "--check", "--sysroot", "tree", "--config", config,
                 "--cmdline", karg], stdin=subprocess.DEVNULL,
                capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            print("round %d: no end" % i)
            bad += 1
            continue
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        good += done.returncode == 0
        if (done.returncode < 0 or done.returncode > 60 or
                "verity=require" in said or
                (done.returncode and not said) or
                (done.returncode == 0 and hexdigits[:12] not in said) or
                any(c < " " and c not in "\n\t" for c in said) or
                any("\x7f" <= c < "\xa0" for c in said)):
            print("round %d: status %d: %r" % (i, done.returncode, said))
            bad += 1
    remove("tree")
    print("%d roots, %d could be booted without verification, %d wrong answers"
          % (rounds, good, bad))
    return bad > 0


sys.exit(main())
