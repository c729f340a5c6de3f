/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* hashbench: nanoseconds per 4096-byte block, for batches of several sizes and
 * the way of $CFS_HASH. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fsverity/sha.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

int main(void)
{
	static uint8_t data[16][4096];
	static const size_t sizes[] = { 1, 2, 4, 8, 16 };
	const uint8_t *in[16];
	uint8_t out[16 * 64];
	struct cfs_err err;

	for (size_t i = 0; i < 16; i++) {
		in[i] = data[i];
		memset(data[i], (int)i, sizeof(data[i]));
	}
	for (int a = 1; a <= 2; a++) {
		CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = NULL;

		if (cfs_sha_new((enum cfs_alg)a, &sha, &err) < 0) {
			fprintf(stderr, "%s\n", err.msg);
			return 1;
		}
		for (size_t s = 0; s < CFS_ARRAY_SIZE(sizes); s++) {
			size_t n = sizes[s], rounds = 16000 / n;
			double best = 1e18;

			for (int try = 0; try < 5; try++) {
				double t = now();

				for (size_t i = 0; i < rounds; i++)
					if (cfs_sha_blocks(sha, n, in, 4096,
							   out, &err) < 0)
						return 1;
				t = (now() - t) / (double)(rounds * n);
				best = t < best ? t : best;
			}
			printf("%s %s %zu: %.0f ns\n",
			       cfs_alg_name((enum cfs_alg)a), cfs_sha_way(sha),
			       n, best);
		}
	}
	return 0;
}
