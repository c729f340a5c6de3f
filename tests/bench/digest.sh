# SPDX-License-Identifier: Apache-2.0 OR MIT
# Directory to digest: against mkcomposefs, against what cannot be done
# without, and two threads against one.
title "directory to digest, tree of $files entries"
shape tree "$shm/tree" "$files"
sum="--print-digest-only --threads"
compare -n "$rounds" "mkcomposefs=$peer $sum=1 $shm/tree" \
	"ours=$ours $sum=1 $shm/tree" \
	"ours-narrow=env CFS_HASH=$narrow256 $ours $sum=1 $shm/tree" \
	"ours-openssl=env CFS_HASH=openssl $ours $sum=1 $shm/tree" \
	"walk=$parts walk $shm/tree" "+xattrs=$parts xattrs $shm/tree" \
	"+open=$parts open $shm/tree" "+read=$parts read $shm/tree" \
	"+hash=$parts hash $shm/tree"
[ "$($ours $sum=1 "$shm/tree")" = "$($peer $sum=1 "$shm/tree")" ]
if has avx512bw; then
	row "directory to digest, one thread, AVX-512, CPU" 0.60 0.45 "$(ratio ours mkcomposefs cpu)"
fi
row "directory to digest, one thread, without AVX-512, CPU" 0.80 - "$(ratio ours-narrow mkcomposefs cpu)"
row "directory to digest against the sum of its parts, CPU" 1.35 1.10 "$(ratio ours +hash cpu)"

title "two threads against one"
compare -n "$rounds" "one=$ours $sum=1 $shm/tree" "two=$ours $sum=2 $shm/tree"
row "two threads against one, tree, wall" 0.75 0.60 "$(ratio two one wall)"
rm -rf "$shm/tree"
mkdir "$shm/large"
shape file "$shm/large/file" $((file_mib << 20))
compare -n "$rounds" "one=$ours $sum=1 $shm/large" "two=$ours $sum=2 $shm/large"
row "two threads against one, one file of $file_mib MiB, wall" 0.65 0.60 "$(ratio two one wall)"
