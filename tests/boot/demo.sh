#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The demonstration as a newcomer runs it, under Debian's own kernel in QEMU: what
# it prints, and what is behind it.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"

O=$PWD "$demo/run" > printed 2> errors
same "make demo ends well" "$?" 0
cat printed errors
check "it shows each command" grep -q '^     \$ cfsctl .* sign ' printed
check "it shows how far the guest is" grep -Eq '^     [0-9]+:[0-9][0-9]  ' printed
check "it reports that the image is the root" grep -Eq '^     / .* no +overlay ro$' printed
check "it says that the changed disk was refused" grep -q '^     It was refused' printed
check "in words, with the file" grep -q '^     .*read /sbin/init' printed

mv demo/console.log good.log
kernel=$("$CFS_SRC/deps/debian-kernel.sh" trixie) || exit 1
check "the signed image booted to multi-user" booted good
same "no unit failed" "$(told good state) $(told good failed)" "running "
same "by Debian's kernel" "$(told good kernel)" "$(cat "$kernel/kver")"
same "/ is this image" "$(told good 'mount /' | cut -d' ' -f1-2)" "composefs:$digest overlay"
check "objects are verified" grep -q 'REPORT mount / .*verity=require' good.log
check "the signature was required and proved" grep -Eq '"signature": ?"(kernel|pkcs7)"' good.log

# The command at its end, copied, with somebody at the keyboard.
sed -n '/^qemu-system-x86_64/,$p' printed > command
mkfifo keys
timeout 900 bash command < keys > hand.raw 2> hand.errors &
qemu=$!
exec 5> keys
for ((i = 0; i < 900; i++)); do
	! grep -q 'To look around' hand.raw || break
	kill -0 $qemu 2> /dev/null || break
	sleep 1
done
sleep 2
printf 'echo /usr: $(touch /usr/x 2>&1)\nexit\n' >&5
wait $qemu
same "the printed command boots, and the shell's end is the machine's" "$?" 0
exec 5>&-
plain hand
check "in the shell /usr cannot be written" said hand "/usr: touch: cannot touch '/usr/x': Read-only file system"

finish
