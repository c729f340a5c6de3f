# SPDX-License-Identifier: Apache-2.0 OR MIT
# One large file: time against fsverity digest, memory against a small one.
mkdir "$shm/large"
shape file "$shm/large/file" $((1 << 30))
for alg in sha256 sha512; do
	title "digest of one file of 1 GiB, $alg, against fsverity digest"
	narrow=$narrow256 bar=0.60 aim=0.50
	[ $alg = sha256 ] || narrow=$narrow512 bar=0.40 aim=0.30
	id="$BIN/cfsctl --no-repo --hash $alg compute-id --no-propagate-usr-to-root $shm/large --threads"
	compare -n "$rounds" "fsverity=fsverity digest --hash-alg=$alg $shm/large/file" \
		"ours=$id 1" "ours-narrow=env CFS_HASH=$narrow $id 1" \
		"ours-narrow-two=env CFS_HASH=$narrow $id 2"
	if has avx512bw; then
		row "digest of one file of 1 GiB, $alg, CPU" $bar $aim "$(ratio ours fsverity cpu)"
	fi
	row "digest of one file of 1 GiB, $alg, without AVX-512, CPU" 0.80 - "$(ratio ours-narrow fsverity cpu)"
	row "digest of one file of 1 GiB, $alg, without AVX-512, two threads, wall" 0.45 - "$(ratio ours-narrow-two fsverity wall)"
done

title "memory of hashing a file of $file_mib MiB and one of 4 MiB"
mkdir "$shm/small"
shape file "$shm/small/file" $((4 << 20))
rm "$shm/large/file"
shape file "$shm/large/file" $((file_mib << 20))
compare -n 1 "small=$ours --print-digest-only $shm/small" "large=$ours --print-digest-only $shm/large"
row "MiB more for $file_mib MiB than for 4 MiB" 40 - "$(calc "($(figure large memory) - $(figure small memory)) / 1024")"
