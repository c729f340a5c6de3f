#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""peers.py TAR2DUMP DUMP2IMAGE: what GNU tar, bsdtar and Python make of a
directory is the tree of that directory.  Works in $TMPDIR."""
import os
import subprocess
import sys
import tarfile

WORK = os.environ.get("TMPDIR", ".")
TREE = os.path.join(WORK, "tree")
BAD = 0


def report(good, name):
    global BAD
    BAD += not good
    print("%s: %s" % ("same" if good else "DIFFERS", name))


def fill(nanoseconds):
    """A directory with what archives of one form or the other can hold."""
    long = "n" * 120
    for path in ("usr/bin", "usr/" + "d" * 90 + "/" + "e" * 90, "usr/empty"):
        os.makedirs(os.path.join(TREE, path))
    files = {"usr/bin/tool": b"#!" * 3000, "usr/small": b"small",
             "usr/none": b"", "usr/64": b"x" * 64, "usr/65": b"x" * 65,
             "usr/" + "d" * 90 + "/" + "e" * 90 + "/f": b"deep",
             "usr/caf\u00e9": b"name"}
    if nanoseconds is not None:
        files["usr/" + long] = b"long name"
        os.symlink("t" * 150, os.path.join(TREE, "usr/long-target"))
    for path, content in files.items():
        with open(os.path.join(TREE, path), "wb") as out:
            out.write(content)
    with open(os.path.join(TREE, "usr/sparse"), "wb") as out:
        for at in range(0, 40):
            out.seek(at * 65536)
            out.write(b"data %d" % at)
        out.truncate(41 * 65536)
    os.link(os.path.join(TREE, "usr/65"), os.path.join(TREE, "usr/again"))
    os.symlink("bin/tool", os.path.join(TREE, "usr/link"))
    os.mkfifo(os.path.join(TREE, "usr/fifo"))
    os.chmod(os.path.join(TREE, "usr/bin/tool"), 0o4711)
    os.chmod(os.path.join(TREE, "usr/empty"), 0o1777)
    for top, dirs, names in os.walk(TREE, topdown=False):
        for i, name in enumerate(sorted(dirs + names) + ["."]):
            os.utime(os.path.join(top, name),
                     ns=(0, (1600000000 + i) * 10**9 + (nanoseconds or 0)),
                     follow_symlinks=False)


def image_of(tools, source):
    done = subprocess.run([tools[1], "-s", "1", source], capture_output=True,
                          check=False)
    return done.stdout.decode() or done.stderr.decode()


def compare(tools, name, *command, made=None):
    archive = os.path.join(WORK, "archive.tar")
    if command:
        subprocess.run([c.replace("ARCHIVE", archive) for c in command],
                       check=True, cwd=TREE)
    else:
        made(archive)
    with open(os.path.join(WORK, "dump"), "wb") as out:
        done = subprocess.run([tools[0], "-n", archive], stdout=out,
                              stderr=subprocess.PIPE, check=False)
    if done.returncode:
        print("# " + done.stderr.decode())
    got, want = image_of(tools, os.path.join(WORK, "dump")), image_of(tools,
                                                                      TREE)
    report(not done.returncode and len(got) > 60 and got == want, name)


def by_python(form):
    def make(archive):
        with tarfile.open(archive, "w", format=form) as out:
            os.chdir(TREE)
            out.add(".")
    return make


def main(*tools):
    tar = ["tar", "--numeric-owner", "--sort=name", "-cf", "ARCHIVE"]
    bsd = ["bsdtar", "--numeric-owner", "-cf", "ARCHIVE"]
    fill(None)
    compare(tools, "GNU tar, ustar", *tar, "--format=ustar", ".")
    compare(tools, "bsdtar, ustar", *bsd, "--format=ustar", ".")
    subprocess.run(["rm", "-rf", TREE], check=True)
    fill(0)
    compare(tools, "GNU tar, gnu", *tar, "--format=gnu", ".")
    compare(tools, "GNU tar, oldgnu", *tar, "--format=oldgnu", ".")
    compare(tools, "GNU tar, gnu, sparse", *tar, "--format=gnu", "-S", ".")
    compare(tools, "bsdtar, gnutar", *bsd, "--format=gnutar", ".")
    compare(tools, "Python, gnu", made=by_python(tarfile.GNU_FORMAT))
    subprocess.run(["rm", "-rf", TREE], check=True)
    fill(123456789)
    compare(tools, "GNU tar, posix", *tar, "--format=posix", ".")
    for form in ("0.0", "0.1", "1.0"):
        compare(tools, "GNU tar, posix, sparse " + form, *tar,
                "--format=posix", "-S", "--sparse-version=" + form, ".")
    compare(tools, "bsdtar, pax", *bsd, "--format=pax", ".")
    return BAD > 0


sys.exit(main(*sys.argv[1:]))
