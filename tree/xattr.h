/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Extended attributes, each (key, value) and each list of them stored once:
 * a system has a million inodes and some dozens of lists.
 */
#ifndef CFS_TREE_XATTR_H
#define CFS_TREE_XATTR_H

#include "base/bytes.h"
#include "base/err.h"
#include "tree/arena.h"
#include "tree/table.h"

/* Source: linux/limits.h XATTR_NAME_MAX; value_size of EROFS has 16 bits. */
#define CFS_XATTR_KEY_MAX   255
#define CFS_XATTR_VALUE_MAX 65535
/* Attributes of one inode: more than EROFS can index. */
#define CFS_XATTRS_MAX 65535

/* Stored once: equal attributes of one tree are the same pointer. */
struct cfs_xattr {
	const char *key; /* "user.note", without NUL inside, NUL-terminated */
	const uint8_t *value;
	uint32_t value_len;
	uint16_t key_len;
	uint32_t id; /* 0, 1, ... in the order of first use in the tree */
};

/* A list, stored once, in ascending order of keys (bytes); keys are unique. */
struct cfs_xattrs {
	uint32_t n;
	uint32_t id;
	const struct cfs_xattr *v[];
};

struct cfs_xattr_store {
	struct cfs_arena *arena;
	struct cfs_table pairs;
	struct cfs_table lists;
};

void cfs_xattr_store_init(struct cfs_xattr_store *store,
			  struct cfs_arena *arena) CFS_NONNULL;
void cfs_xattr_store_free(struct cfs_xattr_store *store);

/*
 * Stores one attribute.
 * Errors: -EINVAL (empty key, NUL in it), -ERANGE (key over 255 bytes, value
 * over 65535), -ENOMEM.
 */
int cfs_xattr_add(struct cfs_xattr_store *store, struct cfs_bytes key,
		  struct cfs_bytes value, const struct cfs_xattr **ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The stored attribute (@key, @value), or NULL when there is none. */
const struct cfs_xattr *cfs_xattr_find(const struct cfs_xattr_store *store,
				       struct cfs_bytes key,
				       struct cfs_bytes value) CFS_NONNULL;

/*
 * Stores the list of the @n attributes @v, which are sorted in place.  With
 * no attributes *@ret is NULL.
 * Errors: -EEXIST for a key that occurs twice, -E2BIG, -ENOMEM.
 */
int cfs_xattrs_add(struct cfs_xattr_store *store, const struct cfs_xattr **v,
		   size_t n, const struct cfs_xattrs **ret,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 4, 5)));

/* The attribute @key of @list (which may be NULL), or NULL. */
const struct cfs_xattr *cfs_xattrs_get(const struct cfs_xattrs *list,
				       const char *key);

#endif
