#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Sparse files of layers: what an image has instead is computed from an object's
# bytes, and those have to be the object's.
. "$CFS_SRC/tests/lib.sh"

# A file of 1000200 bytes that holds 300, in an object of 300 bytes.
python3 - << 'END'
import io, tarfile

def add(tar, name, data, **pax):
    entry = tarfile.TarInfo(name)
    entry.size = len(data)
    entry.pax_headers = pax
    tar.addfile(entry, io.BytesIO(data))

with tarfile.open("layer.tar", "w", format=tarfile.PAX_FORMAT) as tar:
    usr = tarfile.TarInfo("usr")
    usr.type = tarfile.DIRTYPE
    usr.mode = 0o755
    tar.addfile(usr)
    add(tar, "usr/holes", b"a" * 300, **{
        "GNU.sparse.size": "1000200",
        "GNU.sparse.map": "0,100,1000000,200"})
END
python3 -B "$CFS_SRC/tests/oci/image.py" layout x layer.tar > /dev/null
cfs="cfsctl --insecure --repo repo"
$cfs init > /dev/null
quiet $cfs oci pull oci:layout:x x
id=$($cfs oci compute-id x)
same "the file has its size, holes included" 1000200 \
	"$($cfs oci dump x | awk '$1 == "/usr/holes" { print $2 }')"

object=$(find repo/objects -type f -size -2 -exec grep -lx 'a\{300\}' {} +)
check "its data are an object" test -n "$object"
sed -i s/a/b/ "$object"
refuse "other data of the same length are no digest of another image" \
	"does not have this digest" $cfs oci compute-id x
refuse "nor are they another tree" "does not have this digest" $cfs oci dump x
truncate -s 299 "$object"
refuse "nor are fewer" "" $cfs oci compute-id x
printf 'a%.0s' {1..301} > "$object"
refuse "nor is there more to it" "does not have this digest" $cfs oci compute-id x
truncate -s 300 "$object"
same "the object as it was gives the digest that it gave" "$id" \
	"$($cfs oci compute-id x)"

finish
