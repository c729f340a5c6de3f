# SPDX-License-Identifier: Apache-2.0 OR MIT
# The one figure that a busy machine does not change.
title "dumpfile to image, instructions, $entries entries"
count() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 |
		sed -n 's/.*Collected : //p'
}
for s in os flat; do
	shape $s "$entries" > "$shm/dump"
	# shellcheck disable=SC2086 # a command of words
	peers=$(count $peer --from-file "$shm/dump" "$shm/peer.img")
	mine=$(count "$ours" --from-file "$shm/dump" "$shm/ours.img")
	same "$shm/peer.img" "$shm/ours.img"
	echo "$s: ours $mine ($(calc "$mine / $entries") an entry), mkcomposefs $peers"
	row "dumpfile to image, instructions, $s, $entries entries" 0.20 0.10 "$(calc "$mine / $peers")"
done
