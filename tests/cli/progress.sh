#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# How far a command is, is shown to a terminal on stderr and to nobody else.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

# Runs a command with a terminal as stderr; leaves what it got in "screen", and
# stdout in "out".
on_terminal() {
	python3 -c '
import os, subprocess, sys
mine, theirs = os.openpty()
p = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL,
                     stdout=open("out", "wb"), stderr=theirs)
os.close(theirs)
screen = b""
while True:
    try:
        got = os.read(mine, 65536)
    except OSError:
        break
    if not got:
        break
    screen += got
open("screen", "wb").write(screen)
sys.exit(p.wait())' "$@"
}
erase=$(printf '\r\033[K')

fixture_repo repo
fixture_rootfs tree
fixture_boot boot
shows() { # WORDS COMMAND...
	local words=$1
	shift
	on_terminal "$@" && grep -qF -e "$erase$words" screen && return
	cat -v screen
	return 1
}
ends() { # with an empty line
	[ "$(tail -c 4 screen; echo .)" = "$erase." ]
}

while read -r words command; do
	# shellcheck disable=SC2086 # a list of words
	check "$command" shows "$words" cfsctl --repo repo $command
	check "  its line is taken away" ends
	mv out terminal.out
	rm -f disk.img
	# shellcheck disable=SC2086
	check "  in a pipe" sh -c "cfsctl --repo repo $command 2> err > out"
	check "    there is none" test ! -s err
	check "    and stdout has the same" cmp out terminal.out
	rm -f disk.img
done << 'END'
stored create-image tree name
read compute-id tree
read compute-karg --lint off --no-propagate-usr-to-root boot
read create-dumpfile tree
checked fsck
read diff tree name
written disk --state name disk.img
END
on_terminal cfsctl --repo repo disk disk.img
check "a disk's total is known from the beginning" sh -c \
	"! tr '\\r' '\\n' < screen | grep 'written' | grep -v ' of '"
refuse "an image is not read from a terminal" \
	"the standard input, which is a terminal" \
	python3 -c '
import os, subprocess, sys
mine, theirs = os.openpty()
sys.exit(subprocess.run(["cfsctl", "--repo", "repo", "import-image", "x"],
                        stdin=theirs).returncode)'
finish
