#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# publish: what it writes is what docs and repo/export/format.h say, and stays the
# same for the same images.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

needs zstd

on() { # REPOSITORY COMMAND...
	cfsctl --repo "$@"
}
publish() { # DIR IMAGE...
	quiet on repo publish "$@" 2> err
}
# All about a directory but the times of reading.
state() {
	find "$1" -printf '%p %y %m %s %T@ %i\n' | sort
	find "$1" -type f -exec sha256sum {} + | sort
}
bytes() {
	(cd "$1" && find . -type f -exec sha256sum {} + | sort)
}

mkdir -p tree/usr tree/etc
head -c 400000 /dev/urandom > tree/random
seq 300000 > tree/numbers
head -c 131072 /dev/urandom > tree/small
head -c 131073 /dev/urandom > tree/large
head -c 70 /dev/urandom > tree/tiny
for i in $(seq 40); do
	seq "$i" $((i * 100)) > "tree/etc/$i"
done
on repo init --insecure > /dev/null
hex=$(on repo create-image tree os/stable) || exit 1
hex=${hex#sha512:}

check "publish" publish out
same "prints digests and names" "$(cat quiet.out)" "sha512:$hex os/stable"
check "and on the standard error what is new" grep -q '^out: [0-9]* new objects' err
same "export.json has the name" "$(python3 -c '
import json
d = json.load(open("out/export.json"))
print(d["version"], d["algorithm"], d["images"], d["patches"])')" "1 fsverity-sha512-12 {'os/stable': '$hex'} {}"
on repo image-objects os/stable > objects
"$CFS_SRC/tests/tools/export.py" out "$hex" got < objects
same "another reader finds every object" "$(cd got && find . -path './??/*' | sort)" \
	"$(sed 's|.*:\(..\)|./\1/|' objects)"
same "as the repository has it" "$(cd got && cat ./??/* | sha256sum)" \
	"$(cd repo/objects && sed 's|.*:\(..\)|\1/|' ../../objects | xargs cat | sha256sum)"
check "and the image" cmp got/image "repo/images/$hex"
same "one pack" "$(ls out/packs)" "00000000.list
00000000.pack"
same "small objects are in it, others are files" "$(find out/objects -type f | wc -l)" 3
same "compressed if that is worth it" "$(find out/objects -name '*.zst' | wc -l)" 1
same "nothing else" "$(ls -A out out/images)" "out:
export.json
images
objects
packs

out/images:
$hex.image.zst
$hex.index"
check "all may read it" eval '[ -z "$(find out ! -perm -004)" ]'

check "elsewhere" publish other
same "the same bytes" "$(bytes other)" "$(bytes out)"
state out > before
check "again" publish out
same "nothing has changed" "$(state out)" "$(cat before)"

# An update.
head -c 5000 /dev/urandom > tree/etc/40
head -c 90000 /dev/urandom > tree/etc/new
next=$(on repo create-image tree os/stable)
next=${next#sha512:}
check "an update" publish out
same "is one further pack" "$(cd out/packs && ls)" "00000000.list
00000000.pack
00000001.list
00000001.pack"
same "of what is new" "$(stat -c %s out/packs/00000001.pack)" 95000
patch=out/images/$next.from-${hex:0:16}.zst
check "and a patch of the image before" zstd -dq --patch-from="repo/images/$hex" "$patch" -o patched
same "which makes the new one" "$(sha512sum < patched)" "$(sha512sum < "repo/images/$next")"
check "and is small" test "$(stat -c %s "$patch")" -lt $(($(stat -c %s "out/images/$next.image.zst") / 4))
same "export.json says so" "$(python3 -c '
import json
print(json.load(open("out/export.json"))["patches"])')" "{'$next': ['$hex']}"
same "no other object" "$(find out/objects -type f | wc -l)" 3
same "nothing of before is touched" "$(state out | grep -F -f <(grep -v ' d ' before |
	grep -v export.json))" "$(grep -v ' d ' before | grep -v export.json)"
check "the name has moved" grep -q "\"os/stable\": \"$next\"" out/export.json
on repo image-objects "$next" > objects
rm -rf got && "$CFS_SRC/tests/tools/export.py" out "$next" got < objects
same "and everything is found" "$(cd got && cat ./??/* | sha256sum)" \
	"$(cd repo/objects && sed 's|.*:\(..\)|\1/|' ../../objects | xargs cat | sha256sum)"

# Patches of four images before, the newest first.
before=("$next" "$hex")
for i in 1 2 3 4; do
	echo "$i" > tree/etc/version
	on repo create-image tree os/stable > quiet.out
	before=("$(cut -d: -f2 quiet.out)" "${before[@]}")
	publish out
done
same "patches of four images before" "$(python3 -c '
import json
print(*[k + " " + " ".join(v) for k, v in json.load(open("out/export.json"))["patches"].items()])')" \
	"${before[*]:0:5}"
next=${before[0]}
same "all are there" "$(find out/images -name "$next.from-*" | wc -l)" 4
on repo create-image tree os/stable > /dev/null
state out > state
check "again" publish out
same "nothing has changed" "$(state out)" "$(cat state)"

# What is published.
check "an image by its digest" publish digest "$hex"
same "has no name" "$(cat quiet.out)" "sha512:$hex"
same "in export.json neither" "$(grep -c '"os' digest/export.json)" 0
check "then another by its name" publish digest os/stable
check "both are there" test -e "digest/images/$hex.index" -a -e "digest/images/$next.index"
on repo create-image --no-propagate-usr-to-root tree/etc etc > /dev/null
check "a third one" publish digest refs/etc
same "names of before stay" "$(grep -c '"os/stable"\|"etc"' digest/export.json)" 2
refuse "no such image" "nothing" on repo publish digest nothing
on empty init --insecure > /dev/null
refuse "no image at all" "no image of the repository has a name" on empty publish out
on s256 init --insecure --algorithm sha256 > /dev/null
on s256 create-image tree os > /dev/null
refuse "of another algorithm" "the export has sha512 images, the repository sha256" on s256 publish out
check "which goes elsewhere" quiet on s256 publish out256
check "by its own name" grep -q '"fsverity-sha256-12"' out256/export.json

on repo create-image --no-propagate-usr-to-root tree/etc etc2 > /dev/null
check "an image of two names" publish two etc etc2
same "is written once" "$(sed 's/.*; //; s/ of new files//' err)" \
	"$(find two -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%.2f KiB", n / 1024 }')"

# Names.
name=$'os/"quoted\\ \e[31m'
on repo create-image --no-propagate-usr-to-root tree/etc "$name" > /dev/null
check "a name with everything" publish names "$name"
same "in export.json" "$(python3 -c '
import json, sys
print(*json.load(open("names/export.json"))["images"])')" "$name"
check "not on the terminal" eval '! grep -q $'"'\e'"' quiet.out err'
on repo create-image --no-propagate-usr-to-root tree/etc $'os/\xff' > /dev/null
refuse "a name that is not UTF-8" "is not UTF-8" on repo publish names $'os/\xff'
same "and no part of it is there" "$(ls -A names/.new 2> /dev/null | wc -l)" 0

# Places.
check "an absolute path" publish "$PWD/absolute" os/stable
check "is where it should be" test -e absolute/export.json
mkdir elsewhere && ln -s elsewhere to-elsewhere
check "a link to a directory" publish to-elsewhere os/stable
check "is followed" test -e elsewhere/export.json
refuse "a directory in none" "No such file" on repo publish no/such os/stable
mkdir full && echo x > full/file
refuse "a directory with something else" "the directory has file and is no export" on repo publish full
same "is left alone" "$(ls -A full)" file
refuse "a repository" "is in the repository" on repo publish repo
refuse "a directory in it" "is in the repository" on repo publish repo/export
refuse "another repository" "is no export" on repo publish empty
refuse "a file" "Not a directory" on repo publish full/file os/stable
mkdir taken && cp -r out/. taken && rm "taken/images/$next.index" && mkdir "taken/images/$next.index"
refuse "a directory in the way of a file" "Is a directory" on repo publish taken os/stable
rm -rf way && mkdir way && : > way/objects
refuse "a file in the way of a directory" "objects" on repo publish way os/stable
ln -s "$PWD/full" link && mkdir linked && ln -s ../full linked/objects
refuse "a link in the way of a directory" "symbolic" on repo publish linked os/stable
same "nothing is written through it" "$(ls -A full)" file

# Damage.
object=$(find repo/objects -type f -size -10k -size +8 | head -n 1)
cp -a "$object" kept && chmod u+w "$object" && echo x >> "$object"
refuse "an object of another size" "missing or damaged" on repo publish fresh os/stable
cp kept "$object" && printf x | dd of="$object" conv=notrunc status=none
refuse "an object with other bytes" "object" on repo publish fresh2 os/stable
check "nothing is published" eval '[ ! -e fresh2/export.json ]'
rm "$object"
refuse "a missing object" "is not whole" on repo publish fresh os/stable
cp -a kept "$object"
check "until it is back" publish fresh os/stable
truncate -s -1 fresh/packs/00000000.pack
refuse "a pack that was cut" "00000000" on repo publish fresh os/stable
cp -r out bad && echo '{' > bad/export.json
refuse "export.json that is none" "export.json" on repo publish bad os/stable
rm bad/export.json
check "or is missing: it is written again" publish bad os/stable etc

for what in ": >" "ln -sf $PWD/full/file"; do
	rm -rf bad && cp -r out bad && rm "bad/images/$next.image.zst"
	eval "$what bad/images/$next.image.zst"
	check "an image that is empty or a link" publish bad os/stable
	check "is written again" cmp "bad/images/$next.image.zst" "out/images/$next.image.zst"
	same "as a file" "$(stat -c %F "bad/images/$next.image.zst")" "regular file"
done

# One at a time.
flock -x out sh -c ': > locked; while [ ! -e seen ]; do sleep 0.1; done' &
while [ ! -e locked ]; do sleep 0.1; done
refuse "while another process publishes" "another process is publishing there" on repo publish out os/stable
: > seen
wait
finish
