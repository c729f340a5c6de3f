#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The bytes of an image depend on the tree alone: not on the order in which a
# dumpfile or a directory gives it.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

here=$O/tests/tools

# Lines in any order that leaves directories before what is in them and names
# before their hardlinks; the xattrs of a line in any order.
shuffled() { # SEED DUMP
	LC_ALL=C awk -v seed="$1" '
	BEGIN { srand(seed) }
	{
		depth = $1 == "/" ? 0 : gsub("/", "/", $1)
		if ($3 ~ /^@/) depth = 999999
		for (i = NF; i > 12; i--) {
			k = 12 + int(rand() * (i - 11))
			t = $i; $i = $k; $k = t
		}
		printf "%06d %.9f %s\n", depth, rand(), $0
	}' "$2" | LC_ALL=C sort | cut -d' ' -f3-
}

moved=0
any_order() { # FROM TO
	local seed version how
	for seed in $(seq "$1" "$2"); do
		"$here/gendump" "$seed" > one.dump
		shuffled "$seed" one.dump > other.dump
		cmp -s one.dump other.dump || moved=$((moved + 1))
		[ "$(sort one.dump | wc)" = "$(sort other.dump | wc)" ] || return 1
		for version in 0 1 2; do
			for how in '' -s; do
				# mkcomposefs has no version 2
				[ "$version$how" != 2 ] || continue
				"$here/dump2image" -n $how $version one.dump one.img &&
					"$here/dump2image" -n $how $version other.dump other.img &&
					cmp one.img other.img && continue
				echo "gendump $seed, version $version $how"
				return 1
			done
		done
	done
}
check "lines in any order, seeds 1 to ${SEEDS:-12}" any_order 1 "${SEEDS:-12}"
check "  which is another order, mostly" test "$moved" -gt 6

# The same files, made in another order.
mkdir one other
for i in $(seq 300); do
	echo "$i" > "one/$i"
	echo "$((301 - i))" > "other/$((301 - i))"
done
ln one/7 one/again
ln other/7 other/0
mv other/0 other/again
find one other -exec touch -d @1000 {} +
for version in 0 1 2; do
	cfs="cfsctl --no-repo --erofs-version $version"
	same "a directory in any order, version $version" \
		"$($cfs compute-id --no-propagate-usr-to-root one)" \
		"$($cfs compute-id --no-propagate-usr-to-root --threads 3 other)"
done
finish
