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

# Layers: one line for the whole and one for each that is being read.  The first
# read of each is held up, so that both are drawn.
mkdir usr
head -c 100000 /dev/zero > usr/one
tar -cf one.tar usr
head -c 200000 /dev/zero > usr/two
tar -cf two.tar usr
python3 -B "$CFS_SRC/tests/oci/image.py" lay x one.tar two.tar > /dev/null
one=$(sha256sum < one.tar | cut -c -64)
two=$(sha256sum < two.tar | cut -c -64)
pull=(cfsctl --repo repo oci pull --threads 2 oci:lay x)
on_terminal strace -f -qq -o /dev/null -P "lay/blobs/sha256/$one" \
	-P "lay/blobs/sha256/$two" -e trace=pread64 \
	-e inject=pread64:delay_enter=2000000:when=1 "${pull[@]}"
sed 's/\x1b/\n&/g' screen > lines
all=$(($(stat -c %s one.tar) + $(stat -c %s two.tar)))
check "a pull shows how much there is" grep -q \
	"pulled 0 B of $(python3 -c "print('%.2f' % ($all / 1024))") KiB (0 %)" lines
for layer in "$one" "$two"; do
	size=$(stat -c %s "lay/blobs/sha256/$layer")
	check "  and each layer that is being read" grep -q \
		"^  ${layer:0:12}  0 B of $(python3 -c "print('%.2f' % ($size / 1024))") KiB (0 %)" lines
done
check "  and takes all lines away" test "$(tail -c 4 screen)" = $'\r\e[J'
mv out terminal.out
check "  in a pipe" sh -c '"$@" 2> err > out' sh "${pull[@]}"
check "    there are none" test ! -s err
refuse "an image is not read from a terminal" \
	"the standard input, which is a terminal" \
	python3 -c '
import os, subprocess, sys
mine, theirs = os.openpty()
sys.exit(subprocess.run(["cfsctl", "--repo", "repo", "import-image", "x"],
                        stdin=theirs).returncode)'
finish
