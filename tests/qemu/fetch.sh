#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# fetch on one of Debian's kernels, into a repository with real fs-verity: every
# object gets it, the kernel takes the signatures, and the image can be mounted.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

libcurl=$("$CFS_SRC/tests/vm/library" libcurl.so.4) || skip "no libcurl.so.4"
options=()
for library in libcrypto.so.3 libzstd.so.1; do
	path=$("$CFS_SRC/tests/vm/library" $library) || skip "no $library"
	options+=(-f "$(realpath "$path")=$path")
done
for path in "$libcurl" $(ldd "$libcurl" | grep -o '/[^ ]*'); do
	options+=(-f "$(realpath "$path")=$path")
done

mkdir -p tree/usr tree/many
for i in 1 2 3; do seq $i $((i * 40000)) > tree/usr/large$i; done
for i in $(seq 40); do seq $i $((i * 40 + 100)) > tree/many/$i; done
seal() { cfsctl --repo build "$@"; }
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=vendor -keyout vendor.key \
	-out vendor.pem 2> /dev/null || skip "needs openssl"
cfsctl --repo build --hash sha256 init --insecure > /dev/null &&
	id=$(seal create-image --no-propagate-usr-to-root tree os) || exit 1
sign="--cert vendor.pem --key vendor.key --kernel-signatures=no"
seal sign os $sign > /dev/null 2>&1 &&
	seal sign --objects=all os $sign > /dev/null 2>&1 &&
	seal publish web > /dev/null 2>&1 || exit 1
objects=$(seal image-objects os | wc -l)
truncate -s 32M disk && mkfs.ext4 -q -O verity -b 4096 disk || exit 1

cat > guest <<'END'
ip link set lo up && httpd -p 127.0.0.1:80 -h / || exit 2
mkdir disk root && mount -t ext4 /dev/vda disk || exit 2
cfs() { cfsctl --repo disk/repo "$@"; }
cfs --hash sha256 init > log || exit 2
cfs keyring add-cert /vendor.pem > log 2>&1 || { cat log; exit 2; }
mv /web/packs/00000000.pack /web/right
tr 1 2 < /web/right > /web/packs/00000000.pack
cfs fetch --cert /vendor.pem http://127.0.0.1/web os 2> err > log
echo "wrong: $? $(ls disk/repo)"
mv /web/right /web/packs/00000000.pack
cfs fetch --cert /vendor.pem http://127.0.0.1/web os 2> err > log
echo "fetch: $? $(cat log)"
n=0
for object in disk/repo/objects/*/*; do
	fsverity measure "$object" > /dev/null && n=$((n + 1))
done
echo "verity: $n"
cfs fsck > log 2>&1
echo "fsck: $?"
signed=0
for object in $(cfs image-objects os); do
	object=${object#*:}
	path=disk/repo/objects/$(echo $object | cut -c1-2)/$(echo $object | cut -c3-)
	fsverity dump_metadata signature "$path" > signature 2> log &&
		[ -s signature ] && signed=$((signed + 1))
done
echo "signed: $signed"
cfs mount os root && echo "mounted: $(grep root /proc/mounts | grep -c verity=require) $(head -n 1 root/usr/large3)"
END
"$CFS_SRC/tests/vm/qemu" -k trixie -d disk -b cfsctl -b "$(command -v fsverity)" \
	"${options[@]}" -f web=/web -f vendor.pem=/vendor.pem guest > said
same "the guest ended well" $? 0
says() { sed -n "s/^$1: //p" said; }
same "wrong bytes: no image, no name" "$(says wrong | grep -c ' images')" 0
same "  and an error" "$(says wrong | cut -c1)" 1
same "the image comes" "$(says fetch)" "0 $id"
same "each object has fs-verity, and the image" "$(says verity)" $((objects + 1))
same "the repository is sound" "$(says fsck)" 0
same "the kernel has the signatures of all objects" "$(says signed)" "$objects"
same "what is mounted is what was published" "$(says mounted)" "1 3"
finish
