#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# README.md's quick start, and the part of docs/QUICKSTART.md that needs no chroot
# and no virtual machine, command by command, on a small tree.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

# A tree that could nearly be booted.
tree() {
	mkdir -p rootfs/{boot,dev,etc,proc,run,sys,sysroot,usr/bin,usr/lib,var}
	ln -s usr/bin rootfs/bin
	ln -s usr/bin rootfs/sbin
	ln -s usr/lib rootfs/lib
	echo ID=example > rootfs/usr/lib/os-release
	echo welcome > rootfs/etc/motd
	head -c 100000 /dev/zero > rootfs/usr/bin/init
	chmod +x rootfs/usr/bin/init
	ln -s init rootfs/usr/bin/sh
}

mkdir readme walk
cd readme || exit 1
tree
"$CFS_SRC/tests/transcript" "$CFS_SRC/README.md" "Quick start" > ../said 2>&1
check "README.md: the quick start does what it shows" test $? = 0
cat ../said | sed 's/^\(not \)\?ok/  &/'

cd ../walk || exit 1
tree
cfsctl genkey keys --name "Quick start" > ../genkey || exit 1
"$CFS_SRC/tests/transcript" "$CFS_SRC/docs/QUICKSTART.md" "Seal it" "The next version" > ../said 2>&1
check "docs/QUICKSTART.md: sealing does what it shows" test $? = 0
cat ../said | sed 's/^\(not \)\?ok/  &/'

finish
