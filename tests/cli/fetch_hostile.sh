#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# fetch from a server that lies: whatever it sends, nothing gets into the
# repository that is not what its digest names, and no image that is not whole.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/http.sh"

needs zstd openssl

openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=signer \
	-keyout key.pem -out cert.pem 2> /dev/null || exit 1
mkdir -p tree/usr tree/etc
head -c 150000 /dev/urandom > tree/usr/random
seq 100000 > tree/usr/text
for i in $(seq 20); do
	seq "$i" $((i * 40 + 100)) > "tree/etc/$i"
done
cfsctl --repo build init --insecure > /dev/null
hex=$(cfsctl --repo build create-image tree os) || exit 1
hex=${hex#sha512:}
quiet cfsctl --repo build sign os --cert cert.pem --key key.pem
quiet cfsctl --repo build sign os --objects=all --cert cert.pem --key key.pem
cfsctl --repo build publish good > /dev/null 2>&1 || exit 1
serve . log

fresh() {
	rm -rf repo bad && cp -r good bad && cfsctl --repo repo init --insecure > /dev/null
}
# Nothing is named that is not right, and the image not at all.
clean() {
	cfsctl --repo repo fsck > /dev/null && [ ! -e "repo/images/$hex" ] &&
		[ ! -e repo/images/refs ] && [ -z "$(find repo -name '.tmp-*')" ]
}
refused() { # NAME WORDS PATH ARGUMENT...
	refuse "$1" "$2" timeout 60 cfsctl --repo repo fetch "$url/$3" "$hex" --name os "${@:4}"
	check "  and nothing of it is stored" clean
}
flip() { # FILE OFFSET
	python3 - "$@" << 'END'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    byte = f.read(1)
    f.seek(int(sys.argv[2]))
    f.write(bytes([byte[0] ^ 0x55]))
END
}
plain=$(cd good && find objects -type f ! -name '*.zst')
zstd=$(cd good && find objects -type f -name '*.zst')
bomb() { # FILE: 1 GiB of zeros
	head -c 1G /dev/zero | zstd -q -f -o "$1"
}

# Bytes that are not right.
for at in 0 100000 149999; do
	fresh
	flip "bad/$plain" $at
	refused "byte $at of an object" "other bytes: their digest is" plain/bad
	check "  which is named" grep -q "$(basename "$plain")" stderr.$$
	check "  with its URL" grep -q "$url/plain/bad/$plain" stderr.$$
done
fresh
flip "bad/$zstd" 50000
refused "a compressed object" "$zstd" plain/bad
fresh
zstd -dq "bad/$zstd" -o text && flip text 5 && zstd -qf text -o "bad/$zstd"
refused "a compressed object with other contents" "${zstd##*/}" plain/bad
fresh
flip bad/packs/00000000.pack 20
refused "the first object of a pack" packs/00000000.pack plain/bad
fresh
flip bad/packs/00000000.pack $(($(stat -c %s good/packs/00000000.pack) - 3))
refused "the last object of a pack" packs/00000000.pack plain/bad
fresh
flip "bad/images/$hex.image.zst" 300
refused "the image" "$hex.image.zst" plain/bad
fresh
zstd -dq "bad/images/$hex.image.zst" -o image && flip image 5000
zstd -qf image -o "bad/images/$hex.image.zst"
refused "another image" "another image: its digest is" plain/bad
fresh
cp "good/$zstd" "bad/images/$hex.image.zst"
refused "what is no image" "another image: its digest is" plain/bad
fresh
flip "bad/images/$hex.p7" 200
refused "the signature" "$hex.p7" plain/bad --cert cert.pem
fresh
zstd -dq "bad/images/$hex.sigpack.zst" -o pack && flip pack 2000 &&
	zstd -qf pack -o "bad/images/$hex.sigpack.zst"
refused "the signatures of objects" "$hex.sigpack.zst" plain/bad --cert cert.pem
check "  and none is kept" eval '[ ! -e repo/signatures ]'

# An index that lies.
index=bad/images/$hex.index
edit() { # PYTHON: changes the list of records r
	fresh
	python3 - "$index" "$1" << 'END'
import struct
import sys
with open(sys.argv[1], "rb") as f:
    data = f.read()
head, r = data[:16], [list(t) for t in struct.iter_unpack("<IIQ", data[16:])]
small = [i for i, t in enumerate(r) if t[0] == 0]
large = [i for i, t in enumerate(r) if t[0] == 0xFFFFFFFF]
exec(sys.argv[2])
with open(sys.argv[1], "wb") as f:
    f.write(head + b"".join(struct.pack("<IIQ", *t) for t in r))
END
}
edit 'r[small[3]], r[small[4]] = r[small[4]], r[small[3]]'
refused "two objects exchanged" "" plain/bad
edit 'r[small[3]][2] += 1'
refused "a place that is another" "" plain/bad
edit 'r[small[3]][2] = 1 << 50'
refused "one outside of any pack" "cannot be that of object" plain/bad
edit 'r[small[3]][2] = 1 << 39'
refused "one behind the end of the pack" 00000000.pack plain/bad
edit 'r[small[3]] = r[small[4]]'
refused "two at one place" "" plain/bad
edit 'r[small[3]][0] = 7'
refused "a pack that does not exist" "lacks packs/00000007.pack" plain/bad
edit 'r[small[3]][0] = 100000000'
refused "a pack that cannot exist" "cannot be that of object" plain/bad
edit 'r[large[0]][2] = 1 << 62'
refused "a large object that is larger" "cannot be that of object" plain/bad
edit 'r[large[0]][1] ^= 1 << 31; r[large[1]][1] ^= 1 << 31'
refused "compressed and not, exchanged" "" plain/bad
edit 'del r[5]'
refused "one record less" "the image needs" plain/bad
edit 'r.append(r[0])'
refused "one record more" "$hex.index" plain/bad
edit 'head = b"CFSIDX\0\2" + head[8:]'
refused "a newer version" "upgrade cfsctl" plain/bad
edit 'r.clear(); head = b""'
refused "nothing" "not a file of an export" plain/bad

# Too much.
fresh
bomb "bad/$zstd"
stored=$(stat -c %s "bad/$zstd")
python3 - "$index" "$stored" << 'END'
import struct
import sys
with open(sys.argv[1], "rb") as f:
    data = f.read()
r = [list(t) for t in struct.iter_unpack("<IIQ", data[16:])]
for t in r:
    if t[0] == 0xFFFFFFFF and t[1]:
        t[2] = int(sys.argv[2])
with open(sys.argv[1], "wb") as f:
    f.write(data[:16] + b"".join(struct.pack("<IIQ", *t) for t in r))
END
refused "an object that decompresses to a GiB" "more than 588895 bytes" plain/bad
fresh
head -c 1025M /dev/zero | zstd -q -f -o "bad/images/$hex.image.zst"
refused "an image that decompresses to more" "longer than the maximum of an image" plain/bad
fresh
bomb "bad/images/$hex.sigpack.zst"
refused "signatures that do" "$hex.sigpack.zst: over" plain/bad --cert cert.pem
fresh
head -c 200M /dev/zero | zstd -q --long=27 -f -o "bad/images/$hex.image.zst"
refused "a window of 128 MiB" "a window of over 8 MiB" plain/bad
fresh
head -c 2M /dev/zero | tr '\0' ' ' > bad/export.json
refused "an export.json of 2 MiB" "export.json" plain/bad
fresh
python3 -c 'print("[" * 100000)' > bad/export.json
refused "one that is deeply nested" "export.json" plain/bad
fresh
refused "answers without an end" "" endless/bad
refused "one byte too many" "" long/bad
refused "half of everything" "" cut/bad
refused "zeros" "" wrong/bad

# A patch: the image is wrong, or too large; all of it is fetched then.
echo more > tree/etc/more
new=$(cfsctl --repo build create-image tree os)
new=${new#sha512:}
rm -rf patches && cp -r good patches && cfsctl --repo build publish patches > /dev/null 2>&1
patch=patches/images/$new.from-${hex:0:16}.zst
for of in 2G 100M; do
	fresh
	quiet cfsctl --repo repo fetch "$url/plain/patches" "$hex" 2> err
	head -c $of /dev/zero | zstd -q --long=27 -f --patch-from="build/images/$hex" -o "$patch" 2> /dev/null ||
		head -c $of /dev/zero | zstd -q --long=27 -f -o "$patch"
	check "a patch that makes $of of zeros" quiet timeout 60 cfsctl --repo repo \
		fetch "$url/plain/patches" "$new"
	check "  does no harm" cfsctl --repo repo mount --check "$new"
done

# Other answers.
for mode in shifted no-answer broken denied gone loop gzip; do
	fresh
	refused "a server that is /$mode/" "" "$mode/bad"
done
fresh
: > log
refused "one that leads to a file" "" to-file/bad
same "  is not believed" "$(grep -vc to-file log)" 0

# Names.
fresh
sed -i 's|"os"|"../os"|' bad/export.json
refused "a name that leads elsewhere" "export.json" plain/bad
fresh
sed -i 's|"images": {|"images": {"os": 1, |' bad/export.json
refused "a name that has two images" "export.json" plain/bad
fresh
sed -i 's/sha512-12/sha256-12/' bad/export.json
refused "another algorithm" "export.json" plain/bad
fresh
sed -i "s/$hex/$(printf '0%.0s' $(seq 128))/" bad/export.json
refuse "a name that leads to another image" "no signature" \
	cfsctl --repo repo fetch "$url/plain/bad" os --cert cert.pem
check "  and nothing is stored" clean

# After all that the right files do.
fresh
check "the export itself is fine" quiet cfsctl --repo repo fetch "$url/plain/good" os --cert cert.pem
finish
