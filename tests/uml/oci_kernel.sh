#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Signatures of OCI images in a kernel that checks them: which objects get them,
# when they open, and what is read back.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	command -v strace > /dev/null || skip "needs strace"
	exec "$CFS_SRC/tests/vm/uml" -m 512M "$self"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

data=$CFS_SRC/tests/data/oci
for who in a b; do
	openssl req -x509 -newkey rsa:2048 -nodes -set_serial 7 \
		-keyout $who.key -out $who.pem -subj "/CN=$who" 2> /dev/null
done
# Another key by the same name and number.
openssl req -x509 -newkey rsa:2048 -nodes -set_serial 7 \
	-keyout clash.key -out clash.pem -subj "/CN=a" 2> /dev/null
tar xf "$data/layouts.tar.xz"
truncate -s 96M disk
mkfs.ext4 -q -O verity -b 4096 disk
mkdir fs mnt
mount -o loop disk fs || skip "no verity ext4 in this kernel"

c() { cfsctl --repo fs/repo oci "$@"; }
ring=$((0x$(awk '$8 == "keyring" && $9 == ".fs-verity:" { print $1 }' /proc/keys)))
trust() { # NAME...: these certificates, and no others, at the next mount
	local who
	keyctl clear "$ring"
	for who; do
		cfsctl keyring add-cert "$who.pem" > /dev/null
	done
	umount fs && mount -o loop disk fs
}
fresh() { # [ALGORITHM]
	rm -rf fs/repo
	cfsctl --repo fs/repo init --algorithm "fsverity-${1-sha256}-12" > /dev/null
	c pull --bootable oci:layouts/boot-plain:t os > /dev/null
	c seal os --bootable > /dev/null 2>&1
}
sign() { # NAME [OPTION...]
	c sign --cert "$1.pem" --key "$1.key" "${@:2}" os 2> said
}
said() { grep -q -e "$1" said; }
# Lists "ROLE DIGEST BLOB" of each entry of the artifact in the file entries.
list() { # ARTIFACT
	c inspect "@$1" --manifest > artifact
	python3 -c '
import json, sys
for layer in json.load(sys.stdin)["layers"]:
    (key, digest), = layer["annotations"].items()
    print(key[len("composefs."):].split(".fsverity")[0].split(".erofs")[0], digest, layer["digest"])' \
		< artifact > entries
}
path() { echo "fs/repo/objects/${1:0:2}/${1:2}"; }
# Every object has the signature that the artifact has for it.
builtin_equal() {
	local role digest blob n=0
	while read -r role digest blob; do
		fsverity dump_metadata signature "$(path "$digest")" > dumped || return 1
		[ "sha256:$(sha256sum < dumped | cut -c-64)" = "$blob" ] || {
			echo "# $role: another signature"
			return 1
		}
		n=$((n + 1))
	done < entries
	[ $n = 4 ]
}
inodes() {
	while read -r _ digest _; do
		stat -c %i "$(path "$digest")"
	done < entries
}
builtin_none() {
	local digest
	while read -r _ digest _; do
		fsverity dump_metadata signature "$(path "$digest")" > dumped 2> /dev/null &&
			[ -s dumped ] && return 1
	done < entries
	[ "$(wc -l < entries)" = 4 ]
}
opens() { # how the kernel answers for each object
	local digest
	while read -r _ digest _; do
		python3 - "$(path "$digest")" <<-'END'
		import errno, os, sys
		try:
		    os.open(sys.argv[1], os.O_RDONLY)
		    print("opened")
		except OSError as e:
		    print(errno.errorcode[e.errno])
		END
	done < entries | sort | uniq -c | sed 's/^ *//' | paste -sd,
}

for alg in sha256 sha512; do
	trust
	fresh $alg
	same "$alg: with an empty ring an image is signed" "$(sign a > a.id; echo $?)" 0
	a=$(cat a.id)
	list "$a"
	same "  in four roles" "$(cut -d' ' -f1 entries | xargs)" "manifest config merged merged.bootable"
	check "  and not enrolled, with the reason, in one line" said \
		"^note: kernel: manifest, config, merged, merged.bootable: not enrolled: .*certificate is not in the kernel"
	check "  as the kernel says" builtin_none
	sign a --kernel-signatures=yes > out
	same "  which fails if it is demanded" $? 7
	check "  and says for which object" said "hand the signature of role manifest to the kernel: "
	check "  the image is verified all the same" quiet c verify os --bootable --cert a.pem
	c verify os --bootable --cert a.pem --kernel > out 2> said
	same "  but not by the kernel" $? 7
	check "  which has no signatures" grep -q "  merged.bootable: the kernel keeps no signature with it" out
	check "  and that is the reason" said "os: the kernel vouches for no signature of role manifest: "

	trust a
	inodes > before
	sign a --kernel-signatures=no > out
	same "  nothing is said if it is not wanted" "$(cat said)" ""
	check "  nor done" builtin_none
	same "  with the certificate the same artifact" "$(sign a)" "$a"
	check "  is enrolled" said "^note: kernel: manifest, config, merged, merged.bootable: enrolled$"
	check "  with its own signatures, byte for byte" builtin_equal
	inodes > after
	same "  in new files" "$(paste before after | awk '$1 == $2' | wc -l)" 0
	sign a > out
	check "  again nothing is to be done" said "^note: kernel: .*: enrolled before$"
	same "  and the files stay" "$(inodes)" "$(cat after)"
	check "  the kernel's are verified" quiet c verify os --bootable --cert a.pem --kernel
	same "  each of them" "$(c verify os --bootable --cert a.pem --kernel --json |
		python3 -c 'import json, sys; print(*(e["role"] for e in json.load(sys.stdin)["kernel"] if e["signature_verified"]))')" \
		"manifest config merged merged.bootable"
	check "  fsck has no findings" quiet cfsctl --repo fs/repo fsck

	trust a
	same "  at the next mount they open" "$(opens)" "4 opened"
	for boot in '' --bootable; do
		if c mount os mnt $boot --require-signature --trust-cert a.pem > out; then
			check "  and mount, demanded${boot:+, to boot}" test -d mnt/usr
			umount mnt
		else
			report 1 "  and mount, demanded${boot:+, to boot}"
		fi
	done
	trust
	same "  without the certificate they do not" "$(opens)" "4 ENOKEY"
	refuse "  which is said" "certificate of its signature is not in the kernel keyring" \
		c mount os mnt --require-signature --trust-cert a.pem
	trust b
	same "  nor with another one" "$(opens)" "4 ENOKEY"
	trust clash
	same "  nor with one of the same issuer and number" "$(opens)" "4 EKEYREJECTED"

	# What others store is not written over.
	trust a b
	c pull --bootable oci:layouts/boot-plain:t again > /dev/null
	c seal os > /dev/null 2>&1
	check "  pulled and sealed again the signatures stay" builtin_equal
	sign b > b.id
	check "  a second signer is enrolled" said ": enrolled$"
	for who in a b; do
		check "  $who is verified by the kernel's copy" quiet c verify os --bootable --cert $who.pem --kernel
	done
	trust b
	same "  and each is enough to open" "$(opens)" "4 opened"
	trust a
	same "  in whichever ring" "$(opens)" "4 opened"
done

# A signer is replaced: in the kernel, too.
trust a b
fresh
sign a > a.id
list "$(cat a.id)"
check "a key is replaced" sign b --kernel-signatures=no --replace-signer a.pem
check "where the kernel is left alone, that is said" said \
	"^note: kernel: manifest, .*merged.bootable: the signature of the signer that is replaced stays"
check "it knows the old one still" builtin_equal
trust a
check "so it does where it does not know the new one" sign b --replace-signer a.pem
check "with the reason" said "^note: kernel: .*not enrolled: .*certificate is not in the kernel"
check "and that" said "^note: kernel: .*: the signature of the signer that is replaced stays"
trust a b
check "where it does" eval "sign b --replace-signer a.pem > b.id"
check "the new signature is enrolled" said "^note: kernel: .*: enrolled$"
same "and nothing is left to be said" "$(grep -c replaced said)" 0
list "$(cat b.id)"
check "in the old one's place" builtin_equal
trust a
same "who opens nothing any more" "$(opens)" "4 ENOKEY"
trust b
same "as the new one does" "$(opens)" "4 opened"

# `cfsctl sign` adds to what the kernel has, also if that is all there is.
trust a b
fresh
sign a > a.id
list "$(cat a.id)"
rm -r fs/repo/signatures
merged=$(awk '$1 == "merged" { print $2 }' entries)
cfsctl --repo fs/repo sign "$merged" --cert b.pem --key b.key > said
check "sign enrols its signature" said "kernel: enrolled$"
for who in a b; do
	trust $who
	check "  $who is a signer" quiet cfsctl --repo fs/repo verify-image "$merged" --cert $who.pem
	check "  by whom the kernel opens it" quiet cat "$(path "$merged")"
done

# A copy loses fs-verity, and the kernel its signatures: they are kept here.
trust a
fresh
sign a > a.id
list "$(cat a.id)"
cp -a fs/repo fs/copied
rm -rf fs/repo
mv fs/copied fs/repo
check "a copy has none" builtin_none
check "enable-verity" quiet cfsctl --repo fs/repo enable-verity
check "hands them to the kernel again, in each role" builtin_equal
check "which is verified" quiet c verify os --bootable --cert a.pem --kernel
trust
same "and opens them by their certificate alone" "$(opens)" "4 ENOKEY"

# To another repository, with its signatures.
trust a b
cfsctl --repo fs/other init --algorithm fsverity-sha256-12 > /dev/null
fresh
sign a > a.id
other() { cfsctl --repo fs/other oci "$@"; }
copy() { other copy --from fs/repo --name os os "$@" 2> said; }
copy --kernel-signatures=yes > out
same "what is not verified is not enrolled" $? 7
check "which is said" said "needs signatures that were verified"
same "and gets no tag" "$(other images --json | grep -c '"name"')" 0
trust b
copy --kernel-signatures=yes --require-signature --trust-cert a.pem > out
same "a signer that the kernel does not know is none" $? 1
trust a b
copy --kernel-signatures=yes --require-signature --trust-cert a.pem > out
same "what is verified is" $? 0
check "and that is said" said "kernel: .*merged.bootable: enrolled$"
check "the kernel has it" quiet other verify os --bootable --cert a.pem --kernel

# Two artifacts, each verified, become one signature.
trust a b
fresh
sign a --kernel-signatures=no > a.id
sign b --kernel-signatures=no > b.id
c export os oci:travel:t > /dev/null 2>&1
rm -rf fs/other
cfsctl --repo fs/other init --algorithm fsverity-sha256-12 > /dev/null
check "two artifacts come by a pull" \
	eval "other pull --bootable --require-signature --trust-cert a.pem --trust-cert b.pem oci:travel:t os > out 2> said"
check "and are enrolled" said "kernel: .*: enrolled$"
for who in a b; do
	check "with the signer $who" quiet other verify os --bootable --cert $who.pem --kernel
done

# Verifying takes the layers' lists of files, and none of the files: what is read
# of a repository under fs-verity does not grow with its contents.
trust a
mkdir -p tree/usr tree/boot tree/sysroot
for i in $(seq 20); do
	head -c 100000 /dev/urandom > tree/usr/$i
done
tar -C tree -cf layer.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" large t --compress=none layer.tar > /dev/null
rm -rf fs/repo
cfsctl --repo fs/repo init --algorithm fsverity-sha256-12 > /dev/null
c pull --bootable oci:large:t os > /dev/null
c seal os --bootable > /dev/null
sign a > a.id
list "$(cat a.id)"
cfsctl --repo fs/repo image-objects "$(awk '$1 == "merged" { print $2 }' entries)" |
	sed 's/.*://; s|^..|&/|' > contents
same "an image has contents" "$(wc -l < contents)" 20
strace -f -qq -y -e trace=openat,openat2,read,pread64,mmap -o calls \
	cfsctl --repo fs/repo oci verify os --bootable --cert a.pem > out
same "it is verified" $? 0
sed -n 's|.*open[a-z0-9]*(.*"\(../[0-9a-f]\{62\}\)".* = [0-9].*|\1|p' calls | sort > opened
check "by its documents and its layer" [ "$(sort -u opened | wc -l)" -ge 4 ]
same "and not by its contents" "$(grep -cxFf contents opened)" 0
read_bytes=$(sed -n 's#.*\(read\|pread64\)([0-9]*<[^>]*/objects/[^>]*>.* = \([0-9]*\)$#\2#p' calls |
	awk '{ n += $1 } END { print n + 0 }')
opened_bytes=$( (cd fs/repo/objects && stat -c %s $(cat "$OLDPWD/opened")) | awk '{ n += $1 } END { print n }')
check "of which each byte is read once ($read_bytes of $opened_bytes)" \
	[ "$read_bytes" -gt 0 -a "$read_bytes" -le "$opened_bytes" ]
same "and no file is mapped" "$(grep -c 'mmap(.*/objects/' calls)" 0

# Where there is no fs-verity.
mkdir tmp
mount -t tmpfs none tmp
cfsctl --repo tmp/repo init --insecure --algorithm fsverity-sha256-12 > /dev/null
t() { cfsctl --repo tmp/repo oci "$@"; }
check "without fs-verity an image comes" eval \
	"t pull --require-signature --trust-cert a.pem oci:travel:t os > out 2> said"
check "and is not enrolled, with the reason" said "kernel: manifest, config, merged.*: not enrolled: no fs-verity here"
t verify os --cert a.pem --kernel > out 2> said
same "nor verified by the kernel" $? 7
check "with the reason" grep -q "  manifest: it has no fs-verity" out
t pull --kernel-signatures=yes --require-signature --trust-cert a.pem oci:travel:t yes > out 2> said
same "demanded, it does not come" $? 7
same "and gets no tag" "$(t images --json | grep -c '"yes"')" 0
same "nothing is left over" "$(find fs tmp -name '.tmp-*')" ""
finish
