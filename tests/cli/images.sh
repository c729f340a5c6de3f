#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Lists of images, short and long.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

fixture_repo repo
fixture_rootfs tree
cfs() { cfsctl --repo repo "$@"; }
# The text in row NAME, column N of the table.
cell() { # NAME N OPTION...
	local name=$1 n=$2
	shift 2
	cfs images "$@" 2> err | sed 's/│/|/g; s/┆/|/g' |
		awk -F ' *[|] *' -v name="$name" -v n="$n" \
			'$2 == name { print $(n + 1) }'
}

same "no images" "$(cfs images --long)" "No images found"
same "as JSON" "$(cfs images --long --json | tr -d ' \n')" '{"images":[]}'
digest=$(cfs create-image tree os/b)
cfs --erofs-version 2 create-image tree os/a > /dev/null
cfsctl genkey --name 'the signer' keys > /dev/null
cfs sign os/b --cert keys/cert.pem --key keys/key.pem > /dev/null
touch -h -d '2001-02-03 04:05:06 UTC' repo/images/refs/os/b

same "list-images is another name" "$(cfs list-images)" "$(cfs images)"
same "a short list has two columns" \
	"$(cfs images | sed -n '2s/┆/&\n/gp' | wc -l)" 2
same "a long one has a digest" "$(cell os/b 2 -l)" "${digest:7:12}"
same "or a whole one" "$(cell os/b 2 -l --no-trunc)" "${digest#sha512:}"
# 131072 bytes of one object, and the image: 16384 bytes as the file has it.
image=$(stat -L -c %s "repo/images/${digest#sha512:}")
same "the size of all that it needs" "$(cell os/b 3 --long)" \
	"$(awk -v n=$((image + 131072)) 'BEGIN { printf "%.2f KiB", n / 1024 }')"
same "when it got its name, in local time" \
	"$(TZ=UTC-5 cell os/b 4 --long)" "2001-02-03 09:05"
same "who signed it" "$(cell os/b 5 --long)" "CN=the signer"
same "or nobody" "$(cell os/a 5 --long)" nobody

# A member of the image NAME in the JSON list.
member() { # NAME EXPRESSION
	cfs images --long --json | python3 -c 'import json, sys
for i in json.load(sys.stdin)["images"]:
    if i["name"] == sys.argv[1]:
        v = eval(sys.argv[2])
        print(v if isinstance(v, str) else json.dumps(v))' "$@"
}
same "JSON: the members" "$(member os/b '" ".join(i)')" "name digest named \
broken format image_size objects objects_missing objects_size \
signature_broken signers"
same "  without --long it has two" \
	"$(cfs images --json | grep -c '"[a-z_]*":')" 5
same "  the time" "$(member os/b 'i["named"]')" 2001-02-03T04:05:06Z
same "  the format" "$(member os/b 'i["format"]') $(member os/a 'i["format"]')" \
	"1 2"
same "  sizes" "$(member os/b 'i["image_size"]') $(member os/b 'i["objects"]') \
$(member os/b 'i["objects_size"]')" "$image 1 131072"
same "  the signer" "$(member os/b 'i["signers"][0]["issuer"]')" \
	"CN=the signer"
same "  is told by a serial number" \
	"$(member os/b 'i["signers"][0]["serial"]')" \
	"$(openssl x509 -in keys/cert.pem -noout -serial |
		cut -d= -f2 | tr A-F a-f)"
same "  nobody" "$(member os/a 'i["signers"]')" "[]"

# What is broken is told, and the list goes on.
object=$(cfs image-objects os/b)
object=${object#sha512:}
mv "repo/objects/${object:0:2}/${object:2}" object
same "a missing object" "$(cell os/b 3 -l)" \
	"$(awk -v n="$image" 'BEGIN { printf "%.2f KiB", n / 1024 }'), incomplete"
check "  is counted" grep -q 'os/b: 1 of 1 objects are missing' err
same "  in JSON" "$(member os/b 'i["objects_missing"]')" 1
mv object "repo/objects/${object:0:2}/${object:2}"
hex=${digest#sha512:}
cp "repo/signatures/$hex.p7s" p7s
echo junk > "repo/signatures/$hex.p7s"
same "a broken signature" "$(cell os/b 5 -l)" unreadable
check "  is warned of" grep -q 'warning: os/b: signature: ' err
check "  and JSON has it" test "$(member os/b 'i["signature_broken"]')" != null
cp p7s "repo/signatures/$hex.p7s"
path=repo/objects/${hex:0:2}/${hex:2}
mv "$path" object
same "an image that is gone" "$(cell os/b 3 -l)" unusable
check "  is warned of" grep -q 'warning: os/b: ' err
same "  its signers are known all the same" "$(cell os/b 5 -l)" \
	"CN=the signer"
same "  the others are listed" "$(cell os/a 5 -l)" nobody
check "  and JSON has it" test "$(member os/b 'i["broken"]')" != null
finish
