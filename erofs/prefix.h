/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The numbers that EROFS has for prefixes of xattr names and for file types.
 * Source: linux fs/erofs/erofs_fs.h, EROFS_XATTR_INDEX_*, EROFS_FT_*;
 * libcomposefs. */
#ifndef CFS_EROFS_PREFIX_H
#define CFS_EROFS_PREFIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "erofs/rules.h"

#define CFS_EROFS_PREFIX_MAX 6

/* Returns the number of @key's prefix in images with @rules, or 0, and sets
 * *@ret_len to the length of the prefix. */
uint8_t cfs_erofs_prefix_of(const char *key,
			    const struct cfs_erofs_rules *rules,
			    uint8_t *ret_len) CFS_NONNULL;

/* Returns the text of prefix number @index, or NULL if there is none. */
const char *cfs_erofs_prefix_text(uint8_t index);

/* Returns the file type (enum cfs_erofs_file_type) of a mode, whose type must
 * be a valid one. */
uint8_t cfs_erofs_file_type(uint32_t mode);

#endif
