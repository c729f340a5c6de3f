#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The kernel's keyrings know no containers: root of one is root of the machine to
# them.  A container reads no key of them, and adds none.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/containers.sh"
need_runtimes
command -v keyctl > /dev/null || skip "no keyctl"

key=$(keyctl add user "cfs-test-$$" secret @u) || skip "this kernel has no keyrings"
trap 'keyctl unlink $key @u' EXIT
container_tree tree
cp "$(command -v keyctl)" tree/bin/
ldd "$(command -v keyctl)" | grep -o '/[^ ]*' | while read -r lib; do
	mkdir -p "tree${lib%/*}"
	cp -L "$lib" "tree$lib"
done
tar --sort=name --owner=0 --group=0 -C tree -cf image.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay x image.tar > /dev/null
cfs() { cfsctl --insecure --repo repo "$@"; }
cfs init > /dev/null
quiet cfs oci pull oci:lay:x x
run() { cfs oci run --runtime "$runtime" "$@" 2>&1 < /dev/null; }
same "the key can be read outside" "$(keyctl print "$key")" secret

for runtime in $runtimes; do
	for how in "" --rootless; do
		[ -z "$how" ] || [ -e /dev/fuse ] || continue
		same "$runtime $how: a key of the user cannot be read" \
			"$(run $how x -- /bin/sh -c "/bin/busybox true
				/bin/keyctl link @u @s; /bin/keyctl print $key" | grep -c secret)" 0
		same "  none can be added" "$(run $how x -- /bin/keyctl add user \
			"cfs-test-inside-$$" x @u)" "add_key: Function not implemented"
		same "  and none is there" \
			"$(keyctl search @u user "cfs-test-inside-$$" 2> /dev/null)" ""
	done
done
finish
