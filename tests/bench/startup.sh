# SPDX-License-Identifier: Apache-2.0 OR MIT
# What an image costs that costs nothing: three lines of dumpfile.
title "start-up: three-line dumpfile to image, against mkcomposefs"
cat > "$shm/three" <<'D'
/ 4096 40755 3 0 0 0 1.0 - - -
/usr 4096 40755 2 0 0 0 1.0 - - -
/usr/file 5 100644 1 0 0 0 1.0 - hello -
D
echo 'int main(void) { return 0; }' > "$shm/nothing.c"
$cc -o "$shm/nothing" "$shm/nothing.c"
compare -n $((rounds * 60)) "mkcomposefs=$peer --from-file $shm/three $shm/peer.img" \
	"ours=$ours --from-file $shm/three $shm/ours.img" \
	"an-empty-main=$shm/nothing"
same "$shm/peer.img" "$shm/ours.img"
row "start-up: three-line dumpfile to image, wall" 0.50 0.30 "$(ratio ours mkcomposefs wall)"
row "start-up, CPU" 0.50 0.30 "$(ratio ours mkcomposefs cpu)"
