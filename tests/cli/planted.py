#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""planted.py CFSCTL: plants every kind of file at every path of a repository, and
runs every command on it.  Each ends by itself, and says why if it fails.

Works in $TMPDIR, with the repository "repo", the tree "tree", the layout "lay" and
cert.pem and key.pem.
"""
import os
import shutil
import socket
import subprocess
import sys

KINDS = {
    "fifo": os.mkfifo,
    "dir": os.mkdir,
    "nothing": lambda path: os.symlink("nowhere/at/all", path),
    "loop": lambda path: os.symlink(os.path.basename(path), path),
    "root": lambda path: os.symlink("/", path),
    "outside": lambda path: os.symlink(os.path.abspath("outside"), path),
    "file": lambda path: open(path, "wb").close(),
}


def bind(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("socket")  # its path may not be long
    os.rename("socket", path)


KINDS["socket"] = bind


def paths(image, stream):
    """Of a repository: what there is, and what is made."""
    link = os.path.relpath(os.path.realpath("repo/images/" + image), "repo")
    return ["meta.json", "objects", os.path.dirname(link), link, "images",
            "images/" + image, "images/refs", "images/refs/os",
            "images/refs/new", "streams", "streams/" + stream,
            "streams/refs", "streams/refs/oci", "streams/refs/oci/x",
            "signatures", "signatures/" + image + ".p7s"]


def commands(image):
    pem = ["--cert", "cert.pem"]
    return [["images"], ["images", "--long"], ["fsck"], ["fsck", "--json"],
            ["image-objects", "os"], ["dump-files", "os", "/"],
            ["composefs-digest-karg", image], ["mount", "--check", "os"],
            ["verify-image", "os"] + pem, ["diff", "os", "tree"],
            ["gc", "-n"], ["oci", "images"], ["oci", "inspect", "x"],
            ["oci", "compute-id", "x"], ["oci", "fsck"],
            ["disk", "--force", "disk.img"], ["enable-verity"],
            ["sign", "os"] + pem + ["--key", "key.pem"],
            ["create-image", "tree", "new"],
            ["oci", "pull", "oci:lay:t", "x"], ["oci", "tag", "x", "y"],
            ["oci", "untag", "x"], ["gc"], ["init", "--insecure"]]


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def wrong(cfsctl, command):
    """What is wrong with how it ends, or None."""
    try:
        done = subprocess.run(
            [cfsctl, "--insecure", "--repo", "planted"] + command,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
            check=False)
    except subprocess.TimeoutExpired:
        return "does not end"
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    if done.returncode < 0:
        return "ends by signal %d" % -done.returncode
    if done.returncode and not said.strip():
        return "fails without a word"
    return None


def main(cfsctl):
    os.chdir(os.environ.get("TMPDIR", "."))
    with open("outside", "w", encoding="utf-8") as f:
        f.write("outside\n")
    image = os.path.basename(os.readlink("repo/images/refs/os"))
    stream = [name for name in os.listdir("repo/streams")
              if name.startswith("oci-manifest-")][0]
    n = bad = 0
    for path in paths(image, stream):
        for kind, plant in KINDS.items():
            for command in commands(image):
                remove("planted")
                shutil.copytree("repo", "planted", symlinks=True)
                remove("planted/" + path)
                os.makedirs(os.path.dirname("planted/" + path), exist_ok=True)
                plant("planted/" + path)
                why = wrong(cfsctl, command)
                n += 1
                if why:
                    bad += 1
                    print("%s at %s: %s: %s" %
                          (kind, path, " ".join(command), why))
    with open("outside", encoding="utf-8") as f:
        if f.read() != "outside\n":
            bad += 1
            print("a file outside was changed")
    print("%d commands, %d wrong" % (n, bad))
    return bad > 0 or n < 2000


sys.exit(main(sys.argv[1]))
