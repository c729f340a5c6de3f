# SPDX-License-Identifier: Apache-2.0 OR MIT
# Dumpfile to image: CPU time and memory.
for n in "$entries" "$many"; do
	title "dumpfile to image, CPU, $n entries"
	shape os "$n" > "$shm/dump"
	compare -n "$rounds" "mkcomposefs=$peer --from-file $shm/dump $shm/peer.img" \
		"ours=$ours --from-file $shm/dump $shm/ours.img"
	same "$shm/peer.img" "$shm/ours.img"
	bar=0.20
	[ "$n" != "$entries" ] || bar=0.25
	row "dumpfile to image, CPU, $n entries" $bar 0.13 "$(ratio ours mkcomposefs cpu)"
done
row "peak memory, $n entries" 0.40 0.24 "$(ratio ours mkcomposefs memory)"
compare -n 1 -a "ours=$ours --from-file $shm/dump $shm/ours.img"
row "anonymous bytes an entry, $n entries" 350 - "$(calc "$(figure ours memory) * 1024 / $n")"
