#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci fsck --repair, killed wherever it changes something: what was whole stays so,
# and the same command then ends well.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
: "${KILL_POINTS:=10}"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

command -v strace > /dev/null || skip "needs strace"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@"
}
mkdir -p tree/usr/bin tree/boot/efi tree/sysroot tree/etc
head -c 70000 /dev/urandom > tree/usr/bin/one
head -c 1500000 /dev/urandom > tree/usr/bin/two
head -c 3000 /dev/urandom > tree/etc/three
tar --sort=name -C tree -cf base.tar usr boot sysroot
tar --sort=name -C tree -cf etc.tar etc
image lay one --gzip base.tar etc.tar > one.digest
image lay old etc.tar base.tar > old.digest
cfsctl --repo good init --insecure > /dev/null
cfsctl --repo good oci pull --bootable oci:lay:one x > /dev/null
cfsctl --repo good oci pull oci:lay:old old > /dev/null
cfsctl --repo good gc > /dev/null
old=$(cfsctl --repo good oci compute-id old)

cp -a good damaged
config=$(cfsctl --repo good oci inspect x --manifest |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["config"]["digest"])')
rm "$(readlink -f "damaged/streams/oci-manifest-$(cat one.digest)")" \
	"$(readlink -f "damaged/streams/oci-config-$config")"
ln -sfn ../objects/00/00 \
	"damaged/streams/oci-layer-sha256:$(sha256sum < etc.tar | cut -c-64)"
for image in "$(cfsctl --repo good oci compute-id x)" \
	"$(cfsctl --repo good oci compute-id --bootable x)"; do
	[ "$image" = "$old" ] || rm "damaged/objects/${image:0:2}/${image:2}"
done
# Files of both images: the one that stays must not get worse than that.
for o in damaged/objects/*/*; do
	if cmp -s "$o" tree/usr/bin/one; then
		echo damaged > "$o"
	elif cmp -s "$o" tree/usr/bin/two; then
		printf "damaged!" | dd of="$o" bs=1 seek=900000 conv=notrunc status=none
	fi
done

fresh() {
	rm -rf repo && cp -a damaged repo
}
command=(cfsctl --repo repo oci fsck --repair --threads 1 --from oci:lay)
not_worse() { # each object is what it was, or right
	local o
	(cd damaged/objects && find . -type f) | while read -r o; do
		cmp -s "damaged/objects/$o" "repo/objects/$o" ||
			cmp -s "good/objects/$o" "repo/objects/$o" || return 1
	done || return 1
	[ "$(cfsctl --repo repo oci compute-id old)" = "$old" ]
}
finishes() {
	not_worse && "${command[@]}" > /dev/null &&
		[ -z "$(find repo -name '.tmp-*')" ] &&
		cfsctl --repo repo gc > /dev/null &&
		diff -r --no-dereference good repo
}
kill_everywhere "oci fsck --repair" fresh finishes "${command[@]}"

# Calls that fail.
fails_at() { # CALL ERROR WORDS WHEN
	local n
	for n in $4; do
		fresh
		strace -f -qq -o /dev/null -e trace="$1" \
			-e inject="$1:error=$2:when=$n" "${command[@]}" \
			> out 2>&1
		check "$1 fails with $2 (call $n): told" grep -q "$3" out
		check "  and the next one mends" finishes
	done
}
fails_at pwrite64 ENOSPC 'No space left' '1 2'
fails_at syncfs EIO 'Input/output error' '1 2'
fails_at symlinkat ENOSPC 'No space left' 1
finish
