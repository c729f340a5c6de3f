#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# An image that was verified before: digests and right signatures are remembered
# where fs-verity says that the layers are the same.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	command -v strace > /dev/null || skip "needs strace"
	exec "$CFS_SRC/tests/vm/uml" -m 512M "$self"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

for who in a b; do
	openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=$who" \
		-keyout $who.key -out $who.pem 2> /dev/null
done
tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz"
truncate -s 96M disk
mkfs.ext4 -q -O verity -b 4096 disk
mkdir fs mnt
mount -o loop disk fs || skip "no verity ext4 in this kernel"

c() { cfsctl --repo fs/repo oci "$@"; }
cfsctl --repo fs/repo init --algorithm fsverity-sha256-12 > /dev/null
for image in boot-plain single; do
	c pull oci:layouts/$image:t $image > /dev/null
	c sign --cert a.pem --key a.key $image 2> /dev/null
done

# Prints whether the digests were remembered, and what the answer is.
verify() { # OPTION... IMAGE
	c verify --cert a.pem --json "$@" 2> /dev/null | python3 -c '
import json, sys
v = json.load(sys.stdin)
print(v["recalled"], v["answer"], v.get("merged"))'
}
layer_of() { # IMAGE: the path of the stream of its first layer
	local layer
	layer=$(c inspect "$1" --manifest | python3 -c '
import json, sys
print(json.load(sys.stdin)["layers"][0]["digest"].split(":")[1])')
	realpath "fs/repo/streams/oci-layer-sha256:$layer"
}
# How many system calls read from that stream.
reads() { # OPTION... IMAGE
	local layer
	layer=$(layer_of "${*: -1}")
	strace -y -o trace -e trace=read,pread64,mmap \
		cfsctl --repo fs/repo oci verify --cert a.pem "$@" > /dev/null 2>&1
	grep -c "${layer##*objects/}" trace
}

memory=/run/composefs/verified
check "nothing is remembered before the first time" test ! -e $memory
first=$(verify boot-plain)
same "the first time digests are computed" "False verified" "${first% *}"
again=$(verify boot-plain)
same "the second time they are not" "True verified ${first##* }" "$again"
same "only root can look at what is kept" "700 0" "$(stat -c '%a %u' $memory)"
same "no layer is read the second time" 0 "$(reads boot-plain)"
check "it is read where that is asked for" test "$(reads --recompute boot-plain)" -gt 0
same "which says so" "$first" "$(verify --recompute boot-plain)"
same "another image is computed" "False verified" "$(verify single | cut -d' ' -f-2)"
check "and is another one" test "$(verify single | cut -d' ' -f3)" != "${first##* }"

# strace says that the layer is on FUSE, where a server answers which digest it has.
strace -o trace -P "$(layer_of boot-plain)" -e trace=fstatfs \
	-e inject=fstatfs:poke_exit=@arg2=4655736500000000 \
	cfsctl --repo fs/repo oci verify --cert a.pem --json boot-plain > said 2>&1
check "a layer that a server of FUSE vouches for is read" grep -q '"recalled": false' said
check "  and verified" grep -q '"answer": "verified"' said
check "  where the kernel says that it is FUSE" grep -q f_type=FUSE_SUPER_MAGIC trace

check "what demands signatures mounts what it remembers" \
	quiet c mount --require-signature --trust-cert a.pem boot-plain mnt
umount mnt
refuse "another signer is refused, remembered or not" wrong-certificate \
	quiet c verify --cert b.pem boot-plain
refuse "so is a mount by another signer" wrong-certificate \
	quiet c mount --require-signature --trust-cert b.pem boot-plain mnt
c verify --cert a.pem boot-plain | grep -q 'signature verified'
report $? "it is said who signed it"
# How often a signature is computed: by the kernel, or by libcrypto.
computes() { # OPTION... IMAGE
	strace -f -o trace -e trace=keyctl,add_key,openat \
		cfsctl --repo fs/repo oci verify "$@" > /dev/null 2>&1
	grep -c -e KEYCTL_PKEY_VERIFY -e 'libcrypto.*= [0-9]' trace
}
same "a right signature is computed once" 0 "$(computes --cert a.pem boot-plain)"
check "  or if that is asked for" test "$(computes --recompute --cert a.pem boot-plain)" -gt 0
check "  and for other certificates" test "$(computes --cert b.pem --cert a.pem boot-plain)" -gt 0
same "  once again" 0 "$(computes --cert b.pem --cert a.pem boot-plain)"

# Whoever can write the repository puts the image of `single` in the place of the
# other one: the digest that was remembered is not that of its layers.
mkdir kept
cp -a fs/repo/streams/refs/oci kept
ln -sfn "$(readlink fs/repo/streams/refs/oci/single)" fs/repo/streams/refs/oci/boot-plain
same "a tag that was moved is another image" "$(verify single)" "$(verify boot-plain)"
cp -a kept/oci/. fs/repo/streams/refs/oci/

# A value that root wrote there by mistake is found out by the signature.
for file in "$memory"/*; do
	printf '\1' | dd of="$file" bs=1 seek=40 conv=notrunc 2> /dev/null
done
same "a wrong value is no digest that anybody signed" digest-mismatch \
	"$(verify boot-plain | cut -d' ' -f2)"
same "and computing helps" "$first" "$(verify --recompute boot-plain)"
rm -f $memory/*
# Another user has a memory in a directory of its own, if that is nobody else's.
umask 022
chmod 755 . fs fs/repo
openssl x509 -in a.pem -out /run/a.pem
user() { # UID DIRECTORY: prints whether this user's second verification remembers
	local i
	for i in 1 2; do
		setpriv --reuid "$1" --regid 1000 --clear-groups env XDG_RUNTIME_DIR="$2" \
			"$BIN/cfsctl" --repo "$PWD/fs/repo" oci verify --cert /run/a.pem --json single
	done 2>&1 | sed -n 's/.*"recalled": \([a-z]*\).*/\1/p' | tail -1
}
place() { # UID DIRECTORY...: makes each, and gives the last one to the user
	mkdir -p "${@:2}"
	chown "$1" "${*: -1}"
}
place 1000 /run/user/1000
same "another user remembers in a place of its own" true "$(user 1000 /run/user/1000)"
check "  which is there" test -n "$(ls /run/user/1000/composefs/verified)"
same "  but not in that of another user" false "$(user 1001 /run/user/1000)"
same "  nor without one" false "$(user 1000 "")"
same "  nor in a relative one" false "$(user 1000 run)"
ln -s user/1000 /run/link
same "  nor through a link" false "$(user 1000 /run/link)"
same "  nor below one" false "$(user 1000 /run/link/../1000)"
place 1000 /run/theirs /run/theirs/1000
same "  below root's directory" true "$(user 1000 /run/theirs/1000)"
chown 1001 /run/theirs
same "  but not below another user's" false "$(user 1000 /run/theirs/1000)"
chown 0 /run/theirs
chmod 1777 /run/theirs
same "  nor where anybody can write" false "$(user 1000 /run/theirs/1000)"
place 65534 /run/user/65534
same "  nor as the user that stands for all who have no number" false \
	"$(user 65534 /run/user/65534)"
place 1000 fs/1000
chmod 755 /run/test
same "  nor on a disk" false "$(user 1000 "$PWD/fs/1000")"
same "  where nothing is made" "" "$(ls fs/1000)"

# A policy that has layers read: once, although the digests are remembered.
printf '%s\n' '[images.named]' 'certificates = ["a.pem"]' 'read-data = true' > policy.toml
policy_reads() {
	local layer
	layer=$(layer_of boot-plain)
	strace -y -o trace -e trace=read,pread64,mmap cfsctl --repo fs/repo oci tag \
		--policy policy.toml boot-plain named > said 2>&1 || cat said
	grep -c "${layer##*objects/}" trace
}
verify boot-plain > /dev/null # its digests are remembered now
check "a policy has layers read" test "$(policy_reads)" -gt 0
same "  the first time" 0 "$(policy_reads)"
rm -f $memory/*

chmod 770 $memory
same "a memory that others can write is not used" "$first" "$(verify boot-plain)"
same "nor written" 0 "$(ls $memory | wc -l)"

finish
