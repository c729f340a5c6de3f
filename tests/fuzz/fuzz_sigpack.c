/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Properties of signature packs: every signature that is read lies inside of
 * the input and is found by its digest, and what is written of them is the
 * input.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fsverity/signature.h"
#include "repo/sigpack.h"
#include "tests/fuzz/fuzz.h"

static void check_entry(const struct cfs_sigpack *pack, uint32_t i,
			struct cfs_bytes input, struct cfs_sigpack_entry *ret)
{
	struct cfs_bytes der;

	cfs_sigpack_get(pack, i, ret);
	assert(ret->id.alg == pack->alg);
	assert(ret->der.len > 0 && ret->der.len <= CFS_SIGNATURE_MAX);
	assert(ret->der.data >= input.data && ret->der.len <= input.len &&
	       ret->der.data + ret->der.len <= input.data + input.len);
	assert(cfs_sigpack_find(pack, &ret->id, &der));
	assert(der.data == ret->der.data && der.len == ret->der.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cfs_bytes input = { data, size };
	struct cfs_buf out = { 0 };
	struct cfs_sigpack_entry *all;
	struct cfs_err err = { 0 };
	struct cfs_sigpack pack;
	int r = cfs_sigpack_read(input, &pack, &err);

	if (r < 0) {
		assert(r == -EBADMSG || r == -EOPNOTSUPP);
		assert(*err.msg);
		return 0;
	}
	all = calloc(pack.n, sizeof(*all));
	assert(all);
	for (uint32_t i = 0; i < pack.n; i++)
		check_entry(&pack, i, input, &all[i]);
	assert(cfs_sigpack_write(all, pack.n, &out, &err) == 0);
	assert(out.len == size && memcmp(out.data, data, size) == 0);
	cfs_buf_free(&out);
	free(all);
	return 0;
}
