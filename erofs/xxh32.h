/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_EROFS_XXH32_H
#define CFS_EROFS_XXH32_H

#include "base/bytes.h"

/* XXH32 of @data, as EROFS' filter of xattr names wants it.
 * Source: xxHash specification, doc/xxhash_spec.md. */
uint32_t cfs_erofs_xxh32(struct cfs_bytes data, uint32_t seed);

#endif
