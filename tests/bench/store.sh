# SPDX-License-Identifier: Apache-2.0 OR MIT
# Directory to image with a store of objects: cold on tmpfs and on ext4, warm.
shape tree "$shm/tree" "$files"

title "directory to image, cold store on tmpfs, tree of $files entries"
# tmpfs takes freed inodes again at once: each store may go after its run.
compare -n "$rounds" -c "rm -rf $shm/store-{}" \
	"mkcomposefs=$peer --threads=1 --digest-store=$shm/store-{} $shm/tree $shm/peer.img" \
	"ours=$ours --threads=1 --digest-store=$shm/store-{} $shm/tree $shm/ours.img"
same "$shm/peer.img" "$shm/ours.img"
row "directory to image, cold store on tmpfs, CPU" 0.70 0.52 "$(ratio ours mkcomposefs cpu)"

title "the same, warm store"
$peer --digest-store="$shm/peer-store" "$shm/tree" "$shm/peer.img"
$ours --digest-store="$shm/our-store" "$shm/tree" "$shm/ours.img"
diff -r "$shm/peer-store" "$shm/our-store"
# The copies are not needed for more than to be there: all objects are equal.
rm -rf "$shm/peer-store"
set -- "mkcomposefs=$peer --threads=1 --digest-store=$shm/our-store $shm/tree $shm/peer.img" \
	"ours=$ours --threads=1 --digest-store=$shm/our-store $shm/tree $shm/ours.img" \
	"ours-narrow=env CFS_HASH=$narrow256 $ours --threads=1 --digest-store=$shm/our-store $shm/tree $shm/ours.img"
compare -n "$rounds" "$@"
if has avx512bw; then
	row "directory to image, warm store, CPU" 0.60 0.45 "$(ratio ours mkcomposefs cpu)"
fi
row "directory to image, warm store, without AVX-512, CPU" 0.80 - "$(ratio ours-narrow mkcomposefs cpu)"
rm -rf "$shm/our-store"

title "the same, cold store on ext4 until it is safe"
sync -f "$work"
compare -n "$rounds" \
	"mkcomposefs=$peer --digest-store=$work/store-{} $shm/tree $work/image-{}" \
	"ours=$ours --digest-store=$work/store-{} $shm/tree $work/image-{}"
row "directory to image, cold store on ext4, durable, wall" 0.50 0.30 "$(ratio ours mkcomposefs wall)"
