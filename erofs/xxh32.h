/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_EROFS_XXH32_H
#define CFS_EROFS_XXH32_H

#include "base/bytes.h"

/* Returns XXH32 of @data, the hash function of EROFS' filter of xattr names.
 * Source: xxHash specification, doc/xxhash_spec.md. */
uint32_t cfs_erofs_xxh32(struct cfs_bytes data, uint32_t seed);

#endif
