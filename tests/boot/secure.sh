#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# `make demo-secure` as a newcomer runs it: a whole Debian by Secure Boot, under
# IPE; what it prints, and what is behind it.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"

O=$PWD "$demo/secure" > printed 2> errors
same "make demo-secure ends well" "$?" 0
cat printed errors
for name in secure changed foreign; do
	cp "demo/$name.log" .
done
check "the system booted to multi-user" booted secure
same "no unit failed" "$(told secure state) $(told secure failed)" "running "
same "by Secure Boot" "$(told secure secure-boot)" enabled
check "the root is the image that the UKI names" grep -qaF "$(marker secure digest)" demo/system.efi
same "its signature was verified" "$(marker secure signature)" kernel
check "objects are verified" grep -q 'REPORT mount / .*verity=require' secure.log
same "a policy of IPE is enforced" "$(told secure ipe)" "composefs 1.0.0 enforce 1"
same "a signed program runs" "$(told secure 'exec /usr/bin/true')" runs
same "its copy does not" "$(told secure 'exec /run/true')" "Permission denied"
check "another command line is refused by the firmware" said changed "Access Denied"
check "  and nothing of it ran" silent changed systemd
check "another signer's image is refused" refused foreign
check "  because of its certificate" said foreign certificate
check "each refusal is reported" eval \
	'[ "$(grep -c "^     It was refused" printed)" = 2 ] && grep -q "Permission denied" printed'
finish
