#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Every image of the vectors has the same bytes on a processor of another width
# and byte order, and the digest that the peers' image has.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
: "${FOREIGN:?run by tests/cross/run}" "${CFS_RUN:?}"

vectors=$CFS_SRC/tests/data/erofs
ours() { "$O/tests/tools/dump2image" "$@" ours; }
theirs() { $CFS_RUN "$FOREIGN/tests/tools/dump2image" "$@" theirs; }

# Both programs make one image and print one digest, or neither makes any and
# both say the same.
equal() { # ARGUMENT...
	local a b
	rm -f ours theirs
	ours "$@" > ours.said 2>&1
	a=$?
	theirs "$@" > theirs.said 2>&1
	b=$?
	[ $a = $b ] && diff ours.said theirs.said || return 1
	[ $a != 0 ] || cmp ours theirs
}
images=0
while read -r vector version digest size _; do
	[ "${vector#\#}" = "$vector" ] || continue
	dump=$vectors/$vector.dump
	for option in '' -s; do
		# shellcheck disable=SC2086 # none, or one
		check "$vector, version $version $option" equal $option "$version" "$dump"
		[ ! -e theirs ] || images=$((images + 1))
	done
	rm -f ours theirs
	theirs "$version" "$dump" > theirs.said 2>&1
	case $vector.$version in
	# format 2 takes no file of that size, which composefs-rs writes
	16-chunks.2 | 17-chunk-promoted.2) digest=- ;;
	esac
	if [ "$digest" = - ]; then
		# mkcomposefs has no format 2, and composefs-rs refused it
		continue
	fi
	same "$vector, version $version: digest" "$(cat theirs.said)" "$digest"
	same "$vector, version $version: size" "$(stat -c %s theirs)" "$size"
done < "$vectors/digests.tsv"
check "there were $images images" test "$images" -ge 162

# A directory. QEMU may know no fractions of a second.
mkdir -p tree/usr/bin tree/etc
for size in 0 1 64 65 4095 4096 4097 70000 2000000; do
	yes "$size" | head -c $size > tree/usr/bin/$size
done
ln -s ../usr/bin/4096 tree/etc/link
ln tree/usr/bin/65 tree/etc/other-name
chmod 4751 tree/usr/bin/65
mkfifo tree/etc/fifo
for i in $(seq 300); do : > tree/etc/$i; done
touch -h -d @-5 tree/etc/link
find tree ! -name link -exec touch -hd @17179869184 {} +
for version in 0 1 2; do
	check "a directory, version $version" equal -s "$version" tree
	check "a directory, version $version, by threads" equal -s -t 3 "$version" tree
done
finish
