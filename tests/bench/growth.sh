# SPDX-License-Identifier: Apache-2.0 OR MIT
# What twice the entries cost: 2 to the power of the exponent.
for s in os flat reverse hardlinks deep; do
	title "growth of $s from $growth to $((2 * growth)) entries"
	shape $s "$growth" > "$shm/once"
	shape $s $((2 * growth)) > "$shm/twice"
	compare -n "$rounds" "once=$ours --from-file $shm/once $shm/img" \
		"twice=$ours --from-file $shm/twice $shm/img"
	row "growth exponent of time, $s" 1.35 1.15 "$(calc "log($(ratio twice once cpu)) / log(2)")"
	row "growth exponent of memory, $s" 1.05 - "$(calc "log($(ratio twice once memory)) / log(2)")"
done
