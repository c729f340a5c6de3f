#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# uki, killed wherever it changes something, and calls of it that fail: the file is the
# one before or the new one, and the same command then ends well and leaves no other.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
: "${KILL_POINTS:=8}"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

command -v strace > /dev/null || skip "needs strace"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

mkdir -p tree/{boot,sysroot,usr/lib/modules/6.1}
fixture_repo repo
fixture_stub stub 0x8664
fixture_stub tree/usr/lib/modules/6.1/vmlinuz 0x8664
head -c 300000 /dev/urandom > tree/usr/lib/modules/6.1/initramfs.img
echo ID=x > tree/usr/lib/os-release
cfsctl --repo repo create-image tree os > /dev/null
command=(cfsctl --repo repo --insecure uki --force -o out/os.efi --stub stub os)
mkdir out && "${command[@]}" > /dev/null && mv out/os.efi want.efi || exit 1

fresh() {
	rm -rf out && mkdir out && echo before > out/os.efi
}
is_whole() {
	[ "$(cat out/os.efi)" = before ] || cmp -s out/os.efi want.efi
}
finishes() {
	is_whole && "${command[@]}" > /dev/null && cmp -s out/os.efi want.efi &&
		[ "$(ls -A out)" = os.efi ]
}
kill_everywhere "a kernel image" fresh finishes "${command[@]}"

for n in 1 2 3 4; do
	fresh
	strace -f -qq -o /dev/null -e trace=write \
		-e inject=write:error=ENOSPC:when=$n "${command[@]}" > said 2>&1
	check "no space at write $n: told" grep -q 'No space left' said
	same "  and the file is as it was" "$(cat out/*; ls -A out)" "before
os.efi"
done
finish
