#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Work loads, the same bytes every time.

shapes.py tree DIR N      an operating-system-like tree of about N entries
shapes.py os N            the same as a dumpfile, on stdout
shapes.py flat N          a dumpfile of one directory, names ascending
shapes.py reverse N       the same, names descending
shapes.py hardlinks N     half of the entries are links to the other half
shapes.py deep N          directories in chains of 900
shapes.py file PATH SIZE  one file

The proportions are those of a distribution's root: one entry in eight is a
directory, a third of the files is in few large directories, 8 % are symbolic
links, 1 % hard links, 8 % of the contents are there twice; all have an SELinux
label, 3 % a note, one in a thousand files a capability.
"""
import hashlib
import os
import random
import stat
import sys

# weight, smallest and largest size of a file
SIZES = [(40, 0, 0), (80, 1, 64), (220, 65, 1024), (280, 1025, 4096),
         (220, 4097, 16384), (128, 16385, 65536), (30, 65537, 1 << 20),
         (2, (1 << 20) + 1, 8 << 20)]
ENDS = ["", ".so.1", ".py", ".pyc", ".h", ".conf", ".gz", ".mo", ".service"]
LABELS = ["system_u:object_r:%s_t:s0\0" % t for t in
          "usr lib bin etc var man locale fonts cert tmp init_exec src boot "
          "modules_object systemd_unit_file passwd_exec mount_exec".split()]
CAPABILITY = bytes([1, 0, 0, 2, 0, 0x20] + [0] * 14)
INLINE_MAX = 64
DEPTH_MAX = 12
CHAIN = 900
KINDS = {"dir": stat.S_IFDIR, "file": stat.S_IFREG, "link": stat.S_IFREG,
         "symlink": stat.S_IFLNK, "fifo": stat.S_IFIFO}
NOISE = hashlib.shake_256(b"composefs").digest(9 << 20)


class Entry:
    __slots__ = ("path", "kind", "size", "mode", "owner", "mtime", "target",
                 "content", "xattrs", "links")

    def __init__(self, path, kind, rnd):
        self.path, self.kind, self.links = path, kind, 1
        self.size, self.target, self.content = 0, None, None
        self.mode = {"dir": 0o755, "symlink": 0o777}.get(kind, 0o644)
        self.owner = 0 if rnd.random() < 0.95 else rnd.randint(1000, 1020)
        self.mtime = (1600000000 + rnd.randrange(10 ** 8),
                      rnd.choice((0, rnd.randrange(10 ** 9))))
        self.xattrs = {}
        if kind != "link":
            label = LABELS[hash_of(path.rpartition("/")[0]) % len(LABELS)]
            self.xattrs["security.selinux"] = label.encode()
            if kind in ("dir", "file") and rnd.random() < 0.03:
                self.xattrs["user.note"] = b"note %d" % rnd.randrange(40)


def hash_of(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4)
                          .digest(), "big")


def body(entry):
    """What the file holds: by its content number alone."""
    head = b"%x\n" % (entry.content * 2654435761)
    start = entry.content * 7919 % (1 << 20)
    return (head + NOISE[start:start + entry.size])[:entry.size]


def fill(entry, rnd, sizes):
    """Makes a file of @entry; @sizes: of the contents so far."""
    if sizes and rnd.random() < 0.08:
        entry.content = rnd.randrange(len(sizes))
    else:
        low, high = rnd.choices([s[1:] for s in SIZES],
                                [s[0] for s in SIZES])[0]
        entry.content = len(sizes)
        sizes.append(round(low * (high / low) ** rnd.random()) if low else 0)
    entry.size = sizes[entry.content]
    if rnd.random() < 0.2:
        entry.mode = 0o755
    if rnd.random() < 0.001:
        entry.xattrs["security.capability"] = CAPABILITY


def system(n):
    """The entries of a system, parents first and names in order."""
    rnd = random.Random(42)
    dirs, all_of_it, files, sizes = [""], [Entry("", "dir", rnd)], [], []
    while len(dirs) < n // 8:
        parent = rnd.choice(dirs if rnd.random() < 0.75 else dirs[-8:])
        if parent.count("/") < DEPTH_MAX:
            dirs.append("%s/dir%d" % (parent, len(dirs)))
            all_of_it.append(Entry(dirs[-1], "dir", rnd))
    large = dirs[:max(1, len(dirs) // 200)]
    for i in range(n - len(dirs)):
        path = "%s/%s%d%s" % (rnd.choice(large if rnd.random() < 0.3 else dirs),
                              rnd.choice(("lib", "f", "mod_", "test-")), i,
                              rnd.choice(ENDS))
        kind = rnd.random()
        if kind < 0.08:
            entry = Entry(path, "symlink", rnd)
            entry.target = "../" * rnd.randrange(4) + "usr/lib/target%d" % i
        elif kind < 0.09 and files:
            entry = Entry(path, "link", rnd)
            entry.target = rnd.choice(files[-1000:])
            entry.target.links += 1
        elif kind < 0.091:
            entry = Entry(path, "fifo", rnd)
        else:
            entry = Entry(path, "file", rnd)
            fill(entry, rnd, sizes)
            files.append(entry)
        all_of_it.append(entry)
    all_of_it.sort(key=lambda e: e.path.split("/"))
    return all_of_it


def escaped(data, also=b""):
    return "".join(chr(c) if 0x20 < c < 0x7f and c != 0x5c and c not in also
                   else "\\x%02x" % c for c in data)


def dump_line(entry):
    if entry.kind == "link":
        return "%s 0 @%o 1 0 0 0 0.0 %s - -\n" % (
            entry.path, stat.S_IFREG | 0o644, entry.target.path)
    size, payload, inline, digest = entry.size, "-", "-", "-"
    if entry.kind == "symlink":
        size, payload = len(entry.target), entry.target
    elif 0 < size <= INLINE_MAX:
        inline = escaped(body(entry))
    elif size:
        digest = hashlib.sha256(b"%d" % entry.content).hexdigest()
        payload = digest[:2] + "/" + digest[2:]
    xattrs = "".join(" %s=%s" % (k, escaped(v, b"="))
                     for k, v in sorted(entry.xattrs.items()))
    return "%s %d %o %d %d %d 0 %d.%d %s %s %s%s\n" % (
        entry.path or "/", size, KINDS[entry.kind] | entry.mode, entry.links,
        entry.owner, entry.owner, *entry.mtime, payload, inline, digest,
        xattrs)


def file_line(name, i):
    return "/%s 100 100644 1 0 0 0 1600000000.0 %02x/%062x - %02x%062x\n" % (
        name, i & 255, i, i & 255, i)


def dir_line(path):
    return path + " 0 40755 2 0 0 0 1600000000.0 - - -\n"


def chains(n):
    for i in range(0, n, CHAIN):
        path = "/chain%06d" % i
        for _ in range(min(CHAIN, n - i)):
            yield dir_line(path)
            path += "/d"


def dump(shape, n):
    if shape == "os":
        yield from map(dump_line, system(n))
        return
    yield dir_line("/")
    if shape == "flat":
        yield from (file_line("file%08d" % i, i) for i in range(n))
    elif shape == "reverse":
        yield from (file_line("file%08d" % (n - i), i) for i in range(n))
    elif shape == "hardlinks":
        yield from (file_line("file%08d" % i, i) for i in range(n // 2))
        yield from ("/link%08d 0 @100644 1 0 0 0 0.0 /file%08d - -\n" % (i, i)
                    for i in range(n // 2))
    elif shape == "deep":
        yield from chains(n)
    else:
        sys.exit(__doc__)


def finish(path, entry):
    """Owner, mode, xattrs and times; of which some need root."""
    root = os.geteuid() == 0
    if root:
        os.lchown(path, entry.owner, entry.owner)
    if entry.kind != "symlink":
        os.chmod(path, entry.mode)
    for key, value in entry.xattrs.items():
        if root or key.startswith("user."):
            os.setxattr(path, key, value, follow_symlinks=False)
    seconds, nanos = entry.mtime
    os.utime(path, ns=(seconds * 10 ** 9 + nanos,) * 2, follow_symlinks=False)


def tree(top, n):
    entries = system(n)
    for e in entries:
        path = top + e.path
        if e.kind == "dir":
            os.mkdir(path)
            continue
        if e.kind == "link":
            continue
        if e.kind == "symlink":
            os.symlink(e.target, path)
        elif e.kind == "fifo":
            os.mkfifo(path)
        else:
            with open(path, "xb") as out:
                out.write(body(e))
        finish(path, e)
    for e in entries:
        if e.kind == "link":
            os.link(top + e.target.path, top + e.path)
    for e in reversed(entries):
        if e.kind == "dir":
            finish(top + e.path, e)


def one_file(path, size):
    with open(path, "xb") as out:
        for i in range(0, size, 1 << 20):
            out.write((b"%016x" % i + NOISE)[:min(1 << 20, size - i)])


def main(args):
    if len(args) == 3 and args[0] == "tree":
        tree(args[1], int(args[2]))
    elif len(args) == 3 and args[0] == "file":
        one_file(args[1], int(args[2]))
    elif len(args) == 2:
        sys.stdout.writelines(dump(args[0], int(args[1])))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
