/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Names of xattrs and types of files as EROFS abbreviates them.
 * Source: linux fs/erofs/erofs_fs.h, EROFS_XATTR_INDEX_*, EROFS_FT_*;
 * libcomposefs. */
#ifndef CFS_EROFS_PREFIX_H
#define CFS_EROFS_PREFIX_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

#define CFS_EROFS_PREFIX_MAX 6

/* The index of the prefix of @key in images of @version, 0 for none;
 * *@ret_len: how much of @key it stands for. */
uint8_t cfs_erofs_prefix_of(const char *key, unsigned version,
			    uint8_t *ret_len) CFS_NONNULL;

/* The text of prefix @index, or NULL when there is no such prefix. */
const char *cfs_erofs_prefix_text(uint8_t index);

/* EROFS_FT_* of a mode whose type is known. */
uint8_t cfs_erofs_file_type(uint32_t mode);

#endif
