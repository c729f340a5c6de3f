#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# sign --objects: which objects are signed, what is kept of it, what disk, gc and
# fsck make of that, and every way to refuse.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
needs openssl debugfs

cfs() { cfsctl --repo repo "$@"; }
pair() { # NAME KEY-OPTIONS...
	local name=$1
	shift
	openssl req -x509 -newkey "$@" -nodes -keyout "$name.key" \
		-out "$name.pem" -subj "/CN=$name" 2> /dev/null
}
pair ec ec -pkeyopt ec_paramgen_curve:P-256
pair rsa rsa:2048

fixture_repo repo --algorithm fsverity-sha256-12
fixture_rootfs tree
for i in $(seq 40); do
	printf '#!/bin/sh\n# a program of more than 64 bytes, which has an object: %s\n' \
		"$i" > "tree/usr/bin/p$i"
	printf '%0100d' "$i" > "tree/usr/lib/data$i"
done
printf '\177ELF%0100d' 7 > tree/usr/lib/lib.so
printf '#!/bin/sh\nexec true\n' > 'tree/usr/bin/ti
ny'
chmod 755 tree/usr/bin/p* tree/usr/bin/ti*
find tree -exec touch -hd @1234567890 {} +
hex=$(cfs create-image tree os)
hex=${hex#sha256:}
pack=repo/signatures/$hex.pack
object() { cfs dump-files --backing-path-only os "$1" | sed 's/.* //; s,/,,'; }

# The pack, read by the manual's description of it: a line "DIGEST FILE" for each.
cat > unpack.py <<'P'
import struct, sys
b = open(sys.argv[1], "rb").read()
magic, version, alg, n = struct.unpack_from("<8sHHI", b)
assert magic == b"CFSSIGPK" and version == 1
size = {1: 32, 2: 64}[alg]
start = data = 16 + n * (size + 4)
last = b""
for i in range(n):
    at = 16 + i * (size + 4)
    digest = b[at:at + size]
    end = data + struct.unpack_from("<I", b, at + size)[0]
    assert digest > last and end > start
    name = "%s/%s.p7s" % (sys.argv[2], digest.hex())
    open(name, "wb").write(b[start:end])
    print(digest.hex(), name)
    last, start = digest, end
assert start == len(b)
P
unpack() { # PACK DIR: prints the lines
	mkdir -p "$2" && python3 unpack.py "$1" "$2"
}

check "objects are signed" eval 'cfs sign --objects os --cert ec.pem --key ec.key > out 2> err'
same "those that can be executed" "$(sed -n '2,3p' out | sed 's/, sha256.*//')" \
	"  objects: 41 of 82
  signed 41: CN=ec"
check "kept in one file" grep -qxF "  kept: signatures/$hex.pack" out
check "an executable without an object is named" grep -qF \
	'note: os: 1 executable is kept in the image itself, where no signature can be: /usr/bin/ti?ny; `cfsctl lint` lists them' err
same "the image itself is not signed" "$(ls repo/signatures)" "$hex.pack"
unpack "$pack" got > list
for f in usr/bin/p1 usr/bin/p40 usr/lib/lib.so; do
	check "$f: has a signature" grep -q "^$(object "/$f") " list
done
for f in usr/lib/data1 usr/bin/hello; do
	[ "$f" != usr/bin/hello ] || [ ! -x tree/$f ] || continue
	same "$f: has none" "$(grep -c "^$(object "/$f") " list)" 0
done

# What the kernel would verify: openssl does.
verified() { # DIGEST P7S CERT
	python3 -c 'import struct, sys
d = bytes.fromhex(sys.argv[1])
sys.stdout.buffer.write(b"FSVerity" + struct.pack("<HH", 1, len(d)) + d)' "$1" > formatted &&
		openssl smime -verify -binary -inform DER -in "$2" -content formatted \
			-certfile "$3" -nointern -noverify > /dev/null 2>&1
}
all_verified() { # CERT
	local id file
	while read -r id file; do
		verified "$id" "$file" "$1" || return 1
	done < list
}
check "openssl verifies every one" all_verified ec.pem
same "  and by no other certificate" "$(all_verified rsa.pem || echo refused)" \
	refused

cp "$pack" before
check "signing again" quiet cfs sign --objects os --cert ec.pem --key ec.key
check "  changes nothing" cmp "$pack" before
check "  and says so" grep -q '^  signed 0, the others before: CN=ec' quiet.out
check "all of them, by a second signer, too" \
	quiet cfs sign --objects=all --threads 3 os --cert rsa.pem --key rsa.key
check "  82 are signed" grep -q '^  signed 82: CN=rsa' quiet.out
unpack "$pack" got > list
same "  82 are kept" "$(grep -c . list)" 82
# openssl wants the certificates of all signers.
cat ec.pem rsa.pem > both.pem
check "  openssl verifies every one" all_verified both.pem
p1=$(object /usr/bin/p1)
same "  the first signer stays" \
	"$(verified "$p1" "got/$p1.p7s" rsa.pem || echo refused)" refused
check "  others have the second alone" eval '
	d=$(object /usr/lib/data1); verified $d got/$d.p7s rsa.pem'
check "  RSA: with the bytes of fsverity sign" eval '
	d=$(object /usr/lib/data1)
	fsverity sign tree/usr/lib/data1 want --key=rsa.key --cert=rsa.pem > /dev/null &&
	cmp want got/$d.p7s'

# A later version of the image costs what is new in it.
printf '#!/bin/sh\n# a program that was not in the version before, in an object\n' \
	> tree/usr/bin/new
chmod 755 tree/usr/bin/new
cfs create-image tree next > next
check "another image" quiet cfs sign --objects next --cert ec.pem --key ec.key --json
same "  what is known is not signed again" "$(python3 -c '
import json
i = json.load(open("quiet.out"))["images"][0]
print(i["objects"], i["other_objects"], i["signers"][0]["new_objects"],
      i["inline_executables"], i["kernel"], i["path"])')" \
	"42 41 1 ['/usr/bin/ti\\nny'] not enrolled signatures/$(sed 's/.*://' next).pack"

# disk.
dbg() { debugfs -R "$1" "$2" 2> /dev/null; }
check "a disk is written" quiet cfs disk out.img --image os
check "  which e2fsck likes" quiet e2fsck -fn out.img
same "  without the pack" "$(dbg 'ls -p /composefs/signatures' out.img | grep -c pack)" 0
# The signature is in the metadata of the object, behind the end of the file.
carries() { # IMAGE FILE P7S
	python3 - "$@" <<-'P'
		import sys
		disk, sig = (open(f, "rb").read() for f in sys.argv[1::2])
		sys.exit(sig not in disk)
	P
}
check "  the signatures are in it" carries out.img - "got/$p1.p7s"
check "  without them if that is asked for" quiet cfs disk none.img --image os \
	--kernel-signatures no
carries none.img - "got/$p1.p7s"
same "    none is in it" $? 1
cfs disk again.img --image os > /dev/null
check "  the same again" cmp out.img again.img
mkdir -p other/kept
mv repo/signatures/* other/kept
cfs disk unsigned.img --image os --uuid 00000000-0000-4000-8000-000000000000 > /dev/null
mv other/kept/* repo/signatures
cfs disk signed.img --image os --uuid 00000000-0000-4000-8000-000000000000 > /dev/null
same "  all signed, it takes no further block" "$(stat -c %s signed.img)" \
	"$(stat -c %s unsigned.img)"

# fsck and gc.
check "fsck finds nothing" quiet cfs fsck
cp "$pack" good
printf '\377' | dd of="$pack" bs=1 seek=16 conv=notrunc status=none
cfs fsck > out
same "fsck finds a damaged pack" $? 1
check "  and names it" grep -qF "signatures/$hex.pack" out
check "  and the way out" grep -qF 'remove the file and run `cfsctl sign` again' out
refuse "sign names it" "signatures/$hex.pack: entry 1 of the signature pack is not in order" \
	cfs sign --objects os --cert ec.pem --key ec.key
refuse "disk names it" "signatures/$hex.pack: entry 1" cfs disk bad.img --image os
check "  of a chosen image alone" quiet cfs disk next.img --image next
head -c 30 good > "$pack"
refuse "a pack that was cut" "cannot have 82 signatures" cfs disk bad.img --image os
rm "$pack"
ln -s /etc/passwd "$pack"
refuse "a link that leads out" "$hex.pack" cfs disk bad.img --image os
rm "$pack"
cp good "$pack"
check "the good one is good" quiet cfs fsck
rm repo/images/refs/os
check "gc" quiet cfs gc
same "  removes the pack with its image, and no other" "$(ls repo/signatures)" \
	"$(sed 's/.*://' next).pack"

# In two steps.
rm -r repo/signatures
cfs sign --objects next --emit-tbs tbs > out 2> err
same "files to be signed are written" "$(grep -c '^tbs/.*\.tbs$' out)" 42
check "  the notes too" grep -q 'is kept in the image' err
check "  and nothing is kept" test ! -e repo/signatures
same "  also as JSON" "$(cfs sign --objects next --emit-tbs tbs --json 2> /dev/null |
	python3 -c 'import json, sys
print(len(json.load(sys.stdin)["images"][0]["tbs"]))')" 42
for f in tbs/*.tbs; do
	openssl smime -sign -binary -noattr -nocerts -outform DER -md sha256 \
		-signer rsa.pem -inkey rsa.key -in "$f" -out "${f%.tbs}.p7"
done
mv "tbs/$p1.p7" one.p7
refuse "one that is missing is named" "object $p1: there is no signature" \
	cfs sign --objects next --attach tbs --cert rsa.pem
check "  nothing is kept of the others" test ! -e repo/signatures
mv one.p7 "tbs/$p1.p7"
refuse "what a stranger signed is not attached" "not signed by any of the given" \
	cfs sign --objects next --attach tbs --cert ec.pem
check "they are attached" quiet cfs sign --objects next --attach tbs --cert rsa.pem
check "  all" grep -qx '  attached: 42 new signers' quiet.out
cp repo/signatures/*.pack attached
rm -r repo/signatures
cfs sign --objects next --cert rsa.pem --key rsa.key > /dev/null 2>&1
check "  with the bytes that a key here makes" cmp attached repo/signatures/*.pack

# Refused.
refuse "the kernel's part can be demanded" "hand the signatures to the kernel" \
	cfs sign --objects next --cert rsa.pem --key rsa.key --kernel-signatures=yes
refuse "no image" "image not found: none" \
	cfs sign --objects none --cert rsa.pem --key rsa.key
for wrong in "--objects=some next --cert rsa.pem --key rsa.key" \
	"--objects next" "--objects next --emit-tbs d --cert rsa.pem" \
	"--objects next --cert rsa.pem --key rsa.key --threads 0"; do
	cfs sign $wrong 2> /dev/null
	same "usage: sign $wrong" $? 2
done
rm "repo/objects/${p1:0:2}/${p1:2}"
refuse "an image that is not whole" "image next is not whole" \
	cfs sign --objects next --cert rsa.pem --key rsa.key
mkdir -p empty/usr
cfs create-image empty empty > /dev/null
check "an image without objects" quiet cfs sign --objects empty --cert rsa.pem --key rsa.key
check "  has none to sign" grep -qx '  objects: 0 of 0' quiet.out
finish
