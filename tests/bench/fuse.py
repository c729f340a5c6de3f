#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""fuse.py CFSCTL CONST REPO IMAGE MOUNTPOINT ROUNDS [PEER [C_PEER]]

Mounts IMAGE in every way in turn, ROUNDS times, walks and reads it, and prints
for each way and phase the median of CPU time, that of the client and of the
server, in microseconds, and of messages to the server: "WAY PHASE CPU MESSAGES".

A message is a read(2) of the server; in the first read those of objects are among
them.  CONST is tests/tools/fuseconst, a server that does as little as one can in
mode overlay; contents are wrong there.  PEER is the cfsctl of composefs-rs; C_PEER is the composefs-fuse of composefs'
C tools, which needs an image of version 1.
"""

import os
import re
import resource
import statistics
import subprocess
import sys
import time

WALK = "find . -xdev -printf '%s %m %U\\n' > /dev/null"
# find(1) asks for statfs, and this does not.
BARE_WALK = """python3 -I -c "import os
dirs = ['.']
for path in dirs:
    for entry in os.scandir(path):
        os.lstat(entry.path)
        if entry.is_dir(follow_symlinks=False):
            dirs.append(entry.path)" """
PHASES = {
    "walk-first": WALK,
    "walk-later": ";".join([WALK] * 3),
    "walk-bare": BARE_WALK,
    "read-first": "find . -xdev -type f -print0 | xargs -0 -n 500 cat > /dev/null",
    "read-again": "find . -xdev -type f -print0 | xargs -0 -n 500 cat > /dev/null",
}


def client_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (used.ru_utime + used.ru_stime) * 1e6


def server_cpu(pid):
    tasks = os.listdir(f"/proc/{pid}/task")
    return sum(
        int(open(f"/proc/{pid}/task/{t}/schedstat").read().split()[0]) for t in tasks
    ) / 1e3


def server_reads(pid):
    return int(re.search(r"syscr: (\d+)", open(f"/proc/{pid}/io").read())[1])


def measure(pid, where, command):
    """Returns CPU time in microseconds and messages of a command in a mount."""
    before = client_cpu(), pid and server_cpu(pid), pid and server_reads(pid)
    subprocess.run(
        ["sh", "-c", command], cwd=where, check=True, stderr=subprocess.DEVNULL
    )
    cpu = client_cpu() - before[0]
    if not pid:
        return cpu, 0
    return cpu + server_cpu(pid) - before[1], server_reads(pid) - before[2]


def start(command, where, serves):
    """Returns the server, or None if the kernel serves; "" if it cannot be had."""
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    if not serves:
        return None if server.wait() == 0 else ""
    while not os.path.ismount(where):
        if server.poll() is not None:
            return ""
        time.sleep(0.01)
    return server


def one_round(ways, where, results):
    for way, (command, serves) in ways.items():
        server = start(command, where, serves)
        if server == "":
            continue
        pid = server and server.pid
        for phase, what in PHASES.items():
            if way == "const" and phase.startswith("read"):
                continue
            try:
                got = measure(pid, where, what)
            except subprocess.CalledProcessError:
                if way not in ("peer", "c-peer"):
                    raise
                print(f"{way}: {phase} fails", file=sys.stderr)
                break
            results.setdefault((way, phase), []).append(got)
        subprocess.run(["umount", where], check=True)
        if server:
            server.wait()


def main(cfsctl, const, repo, image, where, rounds, peer=None, c_peer=None):
    ours = [cfsctl, "--insecure", "--repo", repo]
    serve = [*ours, "fuse-serve", "--foreground", "--no-verify", "--mode"]
    file = os.path.realpath(os.path.join(repo, "images/refs", image))
    ways = {
        "kernel": ([*ours, "mount", image, where], False),
        "plain": ([*serve, "plain", image, where], True),
        "passthrough": ([*serve, "passthrough", image, where], True),
        "overlay": ([*serve, "overlay", image, where], True),
        "const": ([const, file, os.path.join(repo, "objects"), where], True),
        "hashing": (
            [*ours, "fuse-serve", "--foreground", "--mode", "plain", image, where],
            True,
        ),
    }
    if peer:
        theirs = [peer, "--insecure", "--repo", repo, "mount", "--fuse", "yes"]
        ways["peer"] = [*theirs, "--foreground", "refs/" + image, where], True
    if c_peer:
        options = f"source={file},basedir={repo}/objects"
        ways["c-peer"] = [c_peer, "-f", "-o", options, where], True
    results = {}
    for _ in range(int(rounds)):
        one_round(ways, where, results)
    for (way, phase), got in results.items():
        cpu = statistics.median(g[0] for g in got)
        messages = statistics.median(g[1] for g in got)
        print(f"{way} {phase} {cpu:.0f} {messages:.0f}")


main(*sys.argv[1:])
