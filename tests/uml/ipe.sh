#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel's IPE before an image whose objects are signed: which policies are
# taken, and what may then be executed.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/fixture.sh"
. "$CFS_SRC/tests/ipe-system.sh"
command -v openssl > /dev/null || skip "needs openssl"

kernel=$("$CFS_SRC/deps/uml-kernel.sh") || exit 1
ipe_system "$kernel/policy.key" "$kernel/policy.pem"
ipe_initramfs "$kernel" initrd || exit 1
"$CFS_SRC/tests/vm/uml" -k "$kernel" -l log -i initrd -d disk.img -d second.img \
	rw audit=1 "$(cat karg)"
same "the guest comes to its end" $? 0
ipe_verdict log
finish
