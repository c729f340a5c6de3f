/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whatever is accepted lies in the ranges that repo/meta.h promises. */
#include "repo/meta_formats.h"

#include <assert.h>

#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_meta meta, less;
	struct cfs_err err;
	int r = cfs_meta_parse((struct cfs_bytes){ data, size }, &meta, &err);

	if (r < 0) {
		assert(r == -EINVAL || r == -EOPNOTSUPP);
		return 0;
	}
	/* What only boots reads the same, and less. */
	r = cfs_meta_parse_to_boot((struct cfs_bytes){ data, size }, &less,
				   &err);
	assert(r == 0 && less.version == meta.version && less.alg == meta.alg);
	assert(meta.version <= CFS_META_VERSION);
	assert(meta.alg == CFS_ALG_SHA256 || meta.alg == CFS_ALG_SHA512);
	assert(meta.erofs_default <= CFS_META_FORMAT_MAX);
	assert(meta.erofs_extra < 2U << CFS_META_FORMAT_MAX);
	assert(!(meta.erofs_extra & 1U << meta.erofs_default));
	return 0;
}
