/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The writer's plan of an image: filled by cfs_erofs_order(), _share() and
 * _layout() in this order, then only read.  Private to the erofs room.
 */
#ifndef CFS_EROFS_PLAN_H
#define CFS_EROFS_PLAN_H

#include "erofs/format.h"
#include "erofs/writer.h"

#define CFS_EROFS_NO_INODE UINT32_MAX

enum cfs_erofs_inode_flags {
	CFS_EROFS_I_EXTENDED = 1,
	/* A whiteout, written as an empty regular file with marks. */
	CFS_EROFS_I_WHITEOUT = 2,
	/* A directory that holds a whiteout, and says so by marks. */
	CFS_EROFS_I_MARKED = 4,
	/* The root of version 0 and 1. */
	CFS_EROFS_I_OPAQUE = 8,
	/* Has xattrs that its node does not list. */
	CFS_EROFS_I_MORE = CFS_EROFS_I_WHITEOUT | CFS_EROFS_I_MARKED |
			   CFS_EROFS_I_OPAQUE,
};

struct cfs_erofs_inode {
	const struct cfs_node *node;
	uint64_t nid;
	uint64_t blocks;      /* of data, all behind the inodes */
	uint32_t tail;	      /* bytes behind the xattrs */
	uint32_t xattr_bytes; /* header included */
	uint32_t nlink;
	/* 1 + number of the shared xattr, 0: it stands in the inode. */
	uint32_t metacopy, redirect;
	uint8_t flags;
};

/* An attribute as it stands on disk; @value of overlay's own is made anew for
 * each inode. */
struct cfs_erofs_pair {
	const char *key; /* whole, NUL-terminated */
	struct cfs_bytes value;
	uint32_t uses;	 /* inodes that have it */
	uint32_t shared; /* 1 + number of the shared xattr, or 0 */
	uint16_t key_len;
	uint8_t index; /* of the prefix */
	uint8_t prefix_len;
	uint8_t filter_bit;
	bool before_metacopy; /* in the order of keys */
	bool before_redirect;
};

struct cfs_erofs_shared {
	const struct cfs_erofs_pair *pair;
	struct cfs_bytes value;
	uint64_t offset; /* from the start of the table */
};

/* An attribute of an inode. */
struct cfs_erofs_attr {
	const struct cfs_erofs_pair *pair;
	struct cfs_bytes value; /* data is NULL when only sizes are wanted */
	uint32_t shared;
};

enum {
	CFS_EROFS_MARK_WHITEOUT,
	CFS_EROFS_MARK_USER_WHITEOUT,
	CFS_EROFS_MARK_WHITEOUTS,
	CFS_EROFS_MARK_USER_WHITEOUTS,
	CFS_EROFS_MARK_OPAQUE,
	CFS_EROFS_MARK_USER_OPAQUE,
	CFS_EROFS_MARK_ROOT,
	CFS_EROFS_MARKS,
};

struct cfs_erofs_plan {
	const struct cfs_tree *tree;
	unsigned version;
	unsigned flags;
	struct cfs_arena arena;

	/* order */
	struct cfs_erofs_inode *inodes; /* owned */
	uint32_t n;
	uint32_t *ino_of;	/* owned; by node->seq */
	struct cfs_node *stubs; /* by name, linked by next */
	int64_t mtime_sec;	/* the earliest */
	uint32_t mtime_nsec;

	/* share */
	struct cfs_erofs_pair *pairs; /* owned; by xattr id, then marks */
	size_t n_pairs;
	uint32_t marks[CFS_EROFS_MARKS]; /* in pairs */
	struct cfs_erofs_pair metacopy, redirect;
	struct cfs_buf shared;	/* struct cfs_erofs_shared, by number */
	uint32_t *shared_order; /* owned; numbers as they stand in the table */
	uint64_t shared_size;
	bool has_acl;

	/* layout */
	uint64_t inodes_end;
	uint64_t data_start;
	uint64_t size; /* of the image */

	/* cfs_erofs_attrs() */
	struct cfs_buf attrs;
	uint8_t metacopy_value[4 + CFS_DIGEST_MAX];
	char redirect_value[1 + CFS_TARGET_MAX + 1];
};

void cfs_erofs_plan_free(struct cfs_erofs_plan *plan);

/* Checks the tree against the version's limits and numbers the inodes. */
int cfs_erofs_order(struct cfs_erofs_plan *plan,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Finds what is shared and places it in the table. */
int cfs_erofs_share(struct cfs_erofs_plan *plan,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Orders and places plan->shared. */
int cfs_erofs_place_shared(struct cfs_erofs_plan *plan,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Places inodes and data. */
int cfs_erofs_layout(struct cfs_erofs_plan *plan,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* What layout decided of an inode. */
uint32_t cfs_erofs_head_size(const struct cfs_erofs_inode *inode) CFS_NONNULL;
uint64_t cfs_erofs_size(const struct cfs_erofs_inode *inode) CFS_NONNULL;
enum cfs_erofs_layout cfs_erofs_layout_of(const struct cfs_erofs_inode *inode)
	CFS_NONNULL;
/* log2 of the chunk size for an external file of @size > 0 bytes. */
unsigned cfs_erofs_chunk_bits(uint64_t size);

int cfs_erofs_emit(struct cfs_erofs_plan *plan,
		   const struct cfs_erofs_sink *sink,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* How many of @attrs stand in the shared table for an inode of this version:
 * the count fits into a byte, and mkcomposefs stops at half of it. */
#define CFS_EROFS_SHARED_MAX_V1 128
#define CFS_EROFS_SHARED_MAX_V2 255

/*
 * Lists the xattrs of @inode as they stand on disk, in order; shared is set
 * where the inode refers to the table.  *@ret is valid until the next call.
 * @values: also make the values of overlay's own.
 * Errors: -ENOMEM, -E2BIG.
 */
int cfs_erofs_attrs(struct cfs_erofs_plan *plan,
		    const struct cfs_erofs_inode *inode, bool values,
		    const struct cfs_erofs_attr **ret, size_t *ret_n,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Bytes of an entry: header, suffix, value, padding. */
static inline uint32_t cfs_erofs_entry_size(const struct cfs_erofs_pair *pair,
					    size_t value_len)
{
	size_t n = sizeof(struct cfs_erofs_xattr) + pair->key_len -
		   pair->prefix_len + value_len;

	return (uint32_t)((n + 3) & ~(size_t)3);
}

/* Does the image name the object of @node after its digest? */
static inline bool cfs_erofs_by_digest(const struct cfs_erofs_plan *plan,
				       const struct cfs_node *node)
{
	return node->flags & CFS_NODE_OBJECT ||
	       (plan->version == 2 && node->file.digest);
}

/* What type and permissions are written. */
static inline uint32_t cfs_erofs_mode(const struct cfs_erofs_inode *inode)
{
	if (inode->flags & CFS_EROFS_I_WHITEOUT)
		return (inode->node->mode & ~(uint32_t)S_IFMT) | S_IFREG;
	return inode->node->mode;
}

/* Walks a directory's entries as they are written: "." and ".." and stubs in
 * their places. */
struct cfs_erofs_dir_iter {
	const struct cfs_erofs_plan *plan;
	const struct cfs_node *dir;
	const struct cfs_node *child, *stub;
	unsigned dots; /* passed */
};

struct cfs_erofs_entry {
	const char *name;
	size_t len;
	uint32_t ino;
};

void cfs_erofs_dir_start(struct cfs_erofs_dir_iter *it,
			 const struct cfs_erofs_plan *plan,
			 const struct cfs_node *dir) CFS_NONNULL;

/* The next entry; false at the end. */
bool cfs_erofs_dir_next(struct cfs_erofs_dir_iter *it,
			struct cfs_erofs_entry *ret) CFS_NONNULL;

static inline uint64_t cfs_erofs_round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#endif
