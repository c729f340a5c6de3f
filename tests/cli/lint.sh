#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Executables that IPE cannot judge: lint lists them, --ipe makes objects of them.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

cfs() { cfsctl --repo repo "$@"; }
status() { "$@" > out 2> err; echo $?; }
fixture_repo repo
fixture_rootfs tree
cd tree/usr/bin || exit 1
printf '#!/bin/sh\nexec grep -E "$@"\n' > egrep
printf x > 'odd
name'
head -c 64 /dev/zero > most
head -c 65 /dev/zero > more
: > empty
chmod 755 egrep odd* most more empty
ln egrep fgrep
echo data > data
cd ../../.. || exit 1
find tree -exec touch -hd @1234567890 {} +
inline='/usr/bin/egrep
/usr/bin/fgrep
/usr/bin/most
/usr/bin/odd?name'

plain=$(cfs create-image tree plain)
same "executables in the image are a failure" "$(status cfs lint plain)" 1
same "  each name is listed, on one line" "$(cat out)" "$inline"
check "  and counted, with the way out" grep -qF \
	'4 executables are kept in the image itself' err
check "  which is named" grep -qF 'cfsctl create-image --ipe' err
same "as JSON" "$(status cfs lint --json plain)" 1
same "  with paths as they are, and sizes" "$(python3 -c '
import json
for e in json.load(open("out"))["inline_executables"]:
    print(repr(e["path"]), e["size"])')" "'/usr/bin/egrep' 28
'/usr/bin/fgrep' 28
'/usr/bin/most' 64
'/usr/bin/odd\\nname' 1"

ipe=$(cfs create-image --ipe tree ipe)
same "an image made with --ipe has none" "$(status cfs lint ipe; cat out err)" 0
same "  nor as JSON" "$(cfs lint --json ipe |
	python3 -c 'import json, sys; print(json.load(sys.stdin))')" \
	"{'inline_executables': []}"
check "  it has another digest" test "$ipe" != "$plain"
same "  which compute-id finds as well" "$(cfs compute-id --ipe tree)" "${ipe#*:}"
fixture_system system
cp tree/usr/bin/egrep system/usr/lib
same "  and compute-karg" "$(cfs compute-karg --ipe system)" \
	"composefs.digest=v1-sha512-12:$(cfs create-image --bootable --ipe system boot |
		sed 's/.*://')"
check "  also of one to boot" quiet cfs lint boot
check "  it is whole" quiet cfs fsck
object=$(cfs dump-files --backing-path-only ipe /usr/bin/egrep)
check "  the script is an object" cmp "repo/objects/${object#* }" \
	tree/usr/bin/egrep
same "  under both names" "$(cfs dump-files --backing-path-only ipe /usr/bin/fgrep)" \
	"/usr/bin/fgrep ${object#* }"
same "  data stays inline" \
	"$(cfs dump-files --backing-path-only ipe /usr/bin/data)" \
	"/usr/bin/data inline"
check "  diff of it and the directory, read likewise" \
	quiet cfs diff --ipe tree ipe
same "  and not, finds how they are stored" \
	"$(cfs diff --ignore bytes plain ipe | grep -c storage)" 4
check "  a dumpfile of it makes the same image" eval \
	'[ "$(cfs create-dumpfile --ipe tree |
		cfs compute-id --from-dumpfile -)" = "${ipe#*:}" ]'
for v in 0 2; do
	cfs --erofs-version $v create-image --ipe tree "v$v" > /dev/null
	check "format $v" quiet cfs lint "v$v"
done

same "--ipe is not for dumpfiles" "$(cfs create-dumpfile tree > d.dump
	status cfs compute-id --ipe --from-dumpfile d.dump)" 2
check "  it is said why" grep -qF 'a dumpfile says itself' err
refuse "no image" "image not found" cfs lint nope
printf 'no image' > "repo/objects/${plain:7:2}/${plain:9}"
refuse "a damaged image" "" cfs lint plain
check "  is not listed" test ! -s out
same "an operand is needed" "$(status cfs lint)" 2

# OCI images: that to boot, or the merged one.
mkdir -p tree/boot tree/sysroot
tar --sort=name -C tree -cf layer.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay t layer.tar > /dev/null || exit 1
cfs oci pull oci:lay:t container > /dev/null
cfs oci pull --bootable oci:lay:t os:1 > /dev/null
for name in container os:1; do
	same "of the OCI image $name they are listed, too" \
		"$(status cfs lint $name) $(cat out)" "1 $inline"
	check "  with the way out" grep -qF 'cfsctl oci seal --ipe' err
done
# A name may be both.
cfs create-image --ipe tree os:1 > /dev/null
same "an image comes before an OCI image of the same name" "$(status cfs lint os:1)" 0
manifest=$(cfs oci inspect os:1 --manifest | head -c -1 | sha256sum | cut -c-64)
same "  which is noted, with the name of the other" "$(cat err)" \
	"note: os:1 is an image and an OCI image: the image is taken; the OCI image is @sha256:$manifest"
same "  by which that is taken" "$(status cfs lint "@sha256:$manifest")" 1
same "  and the image by refs/, without a note" "$(status cfs lint refs/os:1; cat err)" 0
same "signing objects says so, too" \
	"$(status cfs sign --objects --emit-tbs tbs os:1; grep -c 'the image is taken' err)" "0
1"
rm "repo/images/refs/os:1"
ln -s "../$(cfs oci compute-id --bootable os:1)" "repo/images/refs/os:1"
same "an image that was made of it is the same one" \
	"$(status cfs lint os:1; grep -c 'is taken' err)" "1
0"
rm "repo/images/refs/os:1"
for file in tree/usr/bin/*; do
	head -c 100 /dev/zero >> "$file"
done
tar --sort=name -C tree -cf layer.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay longer layer.tar > /dev/null || exit 1
cfs oci pull --bootable oci:lay:longer os:2 > /dev/null
same "  of one whose files are longer none" "$(status cfs lint os:2; cat out err)" 0
same "neither an image nor an OCI image" "$(status cfs lint nothing)" 1
check "  is not found" grep -qF 'not found' err
finish
