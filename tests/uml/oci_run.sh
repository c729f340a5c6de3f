#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci run in a kernel with fs-verity: a container of a signed image starts, and
# cannot read a file whose object was changed; one of an image that the wrong key
# signed does not start.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	command -v crun > /dev/null || skip "needs crun"
	. "$CFS_SRC/tests/containers.sh"
	has_static_busybox || skip "no static busybox"
	exec "$CFS_SRC/tests/vm/uml" -m 512M "$self"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/containers.sh"

keys=$CFS_SRC/tests/data/oci/sealing/keys
truncate -s 96M disk
mkfs.ext4 -q -O verity -b 4096 disk
mkdir fs
mount -o loop disk fs || skip "no verity ext4 in this kernel"
container_tree tree
yes | head -c 100000 > tree/data/large
tar --sort=name --owner=0 --group=0 -C tree -cf image.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay x \
	--config '{"Entrypoint": ["/bin/busybox"], "Cmd": ["echo", "hello"]}' image.tar > /dev/null
cfs() { cfsctl --repo fs/repo oci "$@"; }
run() { cfs run --runtime crun "$@" < /dev/null 2> err; }
cfsctl --repo fs/repo init --algorithm fsverity-sha256-12 > init.out
cfs pull oci:lay:x x > pull.out 2> err
cfs sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" x > sign.out 2> err
signed="--require-signature --trust-cert $keys/rsa.cert.pem"
object=$(find fs/repo/objects -type f -size 100000c)

check "the file is an object with fs-verity" quiet fsverity measure "$object"
same "what the image starts" "$(run $signed x; cat err)" hello
sum=$(sha256sum < tree/data/large | cut -d' ' -f1)
same "its file is read" "$(run $signed x -- sha256sum /data/large; cat err)" "$sum  /data/large"
run --require-signature --trust-cert "$keys/other.cert.pem" x > out
same "another certificate: refused" $? 4
same "  before anything runs" "$(cat out)" ""
check "  with the reason" grep -q wrong-certificate err

# Bytes that change on the disk, below fs-verity.
spoil() { # OBJECT BLOCK: 4096 random bytes in its place
	local block
	block=$(debugfs -R "bmap ${1#fs} $2" disk 2> /dev/null)
	umount fs
	dd if=/dev/urandom of=disk bs=4096 seek="${block:?}" count=1 conv=notrunc 2> dd.out
	mount -o loop disk fs
}
spoil "$object" 20
same "a container of an image with a changed object starts" "$(run $signed x)" hello
run $signed x -- sh -c 'dd if=/data/large bs=4096 count=16 | wc -c; cat /data/large > /run/out; echo "status $?"' > out
same "  reads of it what is whole, and no more" "$(cat out)" "65536
status 1"
check "  because the kernel says EIO" grep -qE "(I/O|Input/output) error" err
check "  for fs-verity" eval 'dmesg | grep -q "fs-verity (loop.*FILE CORRUPTED"'

# The right bytes in a file without fs-verity.
rm -f "$object"
cp tree/data/large "$object"
run $signed x -- cat /data/large > out
same "an object without fs-verity is not opened" "$? $(cat out)" "1 "
check "  because overlayfs says EIO" grep -qE "(I/O|Input/output) error" err

# The image of the container itself.
image=$(readlink "$(find fs/repo/images -maxdepth 1 -type l)")
spoil "fs/repo/${image#../}" 0
run $signed x > out
same "a changed EROFS image: nothing runs" "$? $(cat out)" "1 "
check "  and the error names it" grep -qE "image $(tr -d / <<< "${image#../objects}"): .*Input/output error" err
umount fs
finish
