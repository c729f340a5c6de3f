/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The writer's plan of an image: filled by cfs_erofs_order(), _share() and
 * _layout() in this order, then only read.  Private to the erofs room.
 */
#ifndef CFS_EROFS_PLAN_H
#define CFS_EROFS_PLAN_H

#include <string.h>

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
	/* A regular file whose bytes are elsewhere: it has overlay's own
	 * attributes, the second if it is said where. */
	CFS_EROFS_I_METACOPY = 16,
	CFS_EROFS_I_REDIRECT = 32,
	/* It is at the object path of its digest. */
	CFS_EROFS_I_BY_DIGEST = 64,
};

struct cfs_erofs_inode {
	const struct cfs_node *node;
	uint64_t nid;
	uint32_t blocks;      /* of data, all behind the inodes */
	uint32_t tail;	      /* bytes behind the xattrs */
	uint32_t xattr_bytes; /* header included */
	uint32_t nlink;
	uint32_t list; /* in plan->lists */
	/* 1 + number of the shared xattr, 0: it stands in the inode. */
	uint32_t metacopy, redirect;
	uint8_t flags;
	uint8_t type; /* enum cfs_erofs_file_type, as written */
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

/*
 * The attributes of an inode but for overlay's own, in the order of keys.
 * All inodes of one list of the tree have one, but those with marks.
 */
struct cfs_erofs_list {
	const uint32_t *pairs; /* in plan->pairs */
	uint32_t n;
	uint32_t uses; /* inodes that have it */
	/* How many stand before overlay's own. */
	uint32_t before_metacopy, before_redirect;
	uint32_t shared; /* how many are */
	uint64_t bytes;	 /* as references, or entries */
	uint32_t filter; /* a bit for each name there is */
	/* The lists made of this one by adding marks. */
	uint32_t marked, next_marked;
	uint8_t marks; /* enum cfs_erofs_inode_flags */
};

struct cfs_erofs_shared {
	const struct cfs_erofs_pair *pair;
	struct cfs_bytes value;
	uint64_t offset; /* from the start of the table */
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
	uint32_t *ino_of; /* owned; by node->seq */
	/* Entries that are in no tree, linked by next in the order of names:
	 * "." and ".."; for the root stubs, too. */
	struct cfs_node *extras, *root_extras;
	const struct cfs_xattrs *stub_xattrs;
	size_t digest_len; /* of the tree's algorithm */
	int64_t mtime_sec; /* the earliest */
	uint32_t mtime_nsec;
	bool has_whiteout;
	uint32_t n_digests; /* inodes that have one */
	bool spelled;	    /* not all paths are those of digests */

	/* order, then share: 0 is empty, then by number of the tree's lists,
	 * the stubs', then those with marks. */
	struct cfs_buf lists; /* struct cfs_erofs_list */

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
	uint64_t inodes_end;	 /* where the table starts */
	uint64_t reference_base; /* what references to it count from there */
	uint64_t data_start;
	uint64_t size; /* of the image */
};

void cfs_erofs_plan_free(struct cfs_erofs_plan *plan);

/* Checks the tree against the version's limits and numbers the inodes. */
int cfs_erofs_order(struct cfs_erofs_plan *plan,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes plan->pairs and plan->lists, and counts how often they are used. */
int cfs_erofs_list_all(struct cfs_erofs_plan *plan,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Sums the lists up, once it is known which pairs are shared. */
void cfs_erofs_sum_lists(struct cfs_erofs_plan *plan) CFS_NONNULL;

/* Finds what is shared and places it in the table. */
int cfs_erofs_share(struct cfs_erofs_plan *plan,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Orders and places plan->shared. */
int cfs_erofs_place_shared(struct cfs_erofs_plan *plan,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Places inodes and data. */
int cfs_erofs_layout(struct cfs_erofs_plan *plan,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

int cfs_erofs_emit(const struct cfs_erofs_plan *plan,
		   const struct cfs_erofs_sink *sink,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* How many of an inode's xattrs may stand in the shared table: the count fits
 * into a byte, and mkcomposefs stops at half of it and leaves the others in
 * the inode. */
#define CFS_EROFS_SHARED_MAX_V1 128
#define CFS_EROFS_SHARED_MAX_V2 255

/* Entries of an inode's xattr area are counted in 16 bits: words behind its
 * header, and one. */
#define CFS_EROFS_ICOUNT_MAX	  65535
#define CFS_EROFS_XATTR_BYTES_MAX (12 + 4 * (CFS_EROFS_ICOUNT_MAX - 1))

/* Bytes of an entry: header, suffix, value, padding. */
static inline uint32_t cfs_erofs_entry_size(const struct cfs_erofs_pair *pair,
					    size_t value_len)
{
	size_t n = sizeof(struct cfs_erofs_xattr) + pair->key_len -
		   pair->prefix_len + value_len;

	return (uint32_t)((n + 3) & ~(size_t)3);
}

/* Bytes of the values of overlay's own. */
static inline size_t cfs_erofs_metacopy_len(const struct cfs_erofs_plan *plan,
					    const struct cfs_erofs_inode *inode)
{
	return inode->node->file.digest ? 4 + plan->digest_len : 0;
}

static inline size_t cfs_erofs_redirect_len(const struct cfs_erofs_plan *plan,
					    const struct cfs_erofs_inode *inode)
{
	if (inode->flags & CFS_EROFS_I_BY_DIGEST) /* "/xx/" and other digits */
		return 2 + 2 * plan->digest_len;
	return 1 + strlen(inode->node->file.data);
}

/* Writes these values to @ret, which has room for them and a byte more;
 * returns their end. */
uint8_t *cfs_erofs_put_metacopy(const struct cfs_erofs_plan *plan,
				const struct cfs_erofs_inode *inode,
				uint8_t *ret) CFS_NONNULL;
uint8_t *cfs_erofs_put_redirect(const struct cfs_erofs_plan *plan,
				const struct cfs_erofs_inode *inode,
				uint8_t *ret) CFS_NONNULL;

static inline struct cfs_erofs_list *cfs_erofs_list(
	const struct cfs_erofs_plan *plan, uint32_t number)
{
	return (struct cfs_erofs_list *)plan->lists.data + number;
}

/* How many attributes @inode has, overlay's own included. */
static inline uint32_t cfs_erofs_attrs(const struct cfs_erofs_plan *plan,
				       const struct cfs_erofs_inode *inode)
{
	return cfs_erofs_list(plan, inode->list)->n +
	       !!(inode->flags & CFS_EROFS_I_METACOPY) +
	       !!(inode->flags & CFS_EROFS_I_REDIRECT);
}

struct cfs_erofs_attr {
	const struct cfs_erofs_pair *pair;
	uint32_t shared; /* 1 + number, or 0 */
};

/*
 * The @i-th of them, in the order in which they are written.  Overlay's own
 * come first (version 2) or where their keys belong; escaping a key does not
 * change its place.
 */
static inline struct cfs_erofs_attr cfs_erofs_attr_at(
	const struct cfs_erofs_plan *plan, const struct cfs_erofs_inode *inode,
	uint32_t i)
{
	const struct cfs_erofs_list *list = cfs_erofs_list(plan, inode->list);
	const struct cfs_erofs_pair *pair;

	if (inode->flags & CFS_EROFS_I_METACOPY && i >= list->before_metacopy) {
		if (i-- == list->before_metacopy)
			return (struct cfs_erofs_attr){ &plan->metacopy,
							inode->metacopy };
	}
	if (inode->flags & CFS_EROFS_I_REDIRECT && i >= list->before_redirect) {
		if (i-- == list->before_redirect)
			return (struct cfs_erofs_attr){ &plan->redirect,
							inode->redirect };
	}
	pair = &plan->pairs[list->pairs[i]];
	return (struct cfs_erofs_attr){ pair, pair->shared };
}

/* What layout decided of an inode. */
static inline uint32_t cfs_erofs_head_size(const struct cfs_erofs_inode *inode)
{
	return inode->flags & CFS_EROFS_I_EXTENDED
		       ? sizeof(struct cfs_erofs_extended)
		       : sizeof(struct cfs_erofs_compact);
}

static inline uint64_t cfs_erofs_size(const struct cfs_erofs_inode *inode)
{
	switch (inode->type) {
	case CFS_EROFS_FT_DIR:
		return (uint64_t)inode->blocks * CFS_EROFS_BLOCK + inode->tail;
	case CFS_EROFS_FT_SYMLINK:
	case CFS_EROFS_FT_REG:
		return inode->flags & CFS_EROFS_I_WHITEOUT ? 0
							   : inode->node->size;
	default:
		return 0;
	}
}

static inline enum cfs_erofs_layout cfs_erofs_layout_of(
	const struct cfs_erofs_inode *inode)
{
	if (inode->flags & CFS_EROFS_I_METACOPY)
		return CFS_EROFS_CHUNKS;
	return inode->tail > 0 ? CFS_EROFS_INLINE : CFS_EROFS_PLAIN;
}

/* log2 of the chunk size for an external file of @size > 0 bytes. */
static inline unsigned cfs_erofs_chunk_bits(uint64_t size)
{
	unsigned bits = size > 1 ? 64 - (unsigned)__builtin_clzll(size - 1)
				 : CFS_EROFS_BLOCK_BITS;

	if (bits < CFS_EROFS_BLOCK_BITS)
		return CFS_EROFS_BLOCK_BITS;
	return bits > CFS_EROFS_CHUNK_BITS_MAX ? CFS_EROFS_CHUNK_BITS_MAX
					       : bits;
}

/* What type and permissions are written. */
static inline uint32_t cfs_erofs_mode(const struct cfs_erofs_inode *inode)
{
	if (inode->flags & CFS_EROFS_I_WHITEOUT)
		return (inode->node->mode & ~(uint32_t)S_IFMT) | S_IFREG;
	return inode->node->mode;
}

/* Walks a directory's entries as they are written: the tree's and extras. */
struct cfs_erofs_dir_iter {
	const struct cfs_node *child, *extra;
};

static inline struct cfs_erofs_dir_iter cfs_erofs_dir_start(
	const struct cfs_erofs_plan *plan, const struct cfs_node *dir)
{
	return (struct cfs_erofs_dir_iter){
		.child = dir->dir.first,
		.extra = dir->parent ? plan->extras : plan->root_extras,
	};
}

/* Does @a stand before @b?  Mostly the first bytes tell. */
static inline bool cfs_erofs_is_before(const struct cfs_node *a,
				       const struct cfs_node *b)
{
	uint8_t x = (uint8_t)a->name[0], y = (uint8_t)b->name[0];

	return x == y ? strcmp(a->name, b->name) < 0 : x < y;
}

/* The next entry, or NULL. */
static inline const struct cfs_node *cfs_erofs_dir_next(
	struct cfs_erofs_dir_iter *it)
{
	const struct cfs_node *child = it->child, *extra = it->extra;

	if (extra && (!child || cfs_erofs_is_before(extra, child))) {
		it->extra = extra->next;
		return extra;
	}
	if (child)
		it->child = child->next;
	return child;
}

/* Is it "." or ".."?  They alone are directories without a parent. */
static inline bool cfs_erofs_is_dot(const struct cfs_node *entry)
{
	return !entry->parent && S_ISDIR(entry->mode);
}

/* The number of the inode that @entry of @dir stands for, or
 * CFS_EROFS_NO_INODE. */
static inline uint32_t cfs_erofs_ino(const struct cfs_erofs_plan *plan,
				     const struct cfs_node *dir,
				     const struct cfs_node *entry)
{
	if (cfs_erofs_is_dot(entry))
		entry = entry->name_len == 2 && dir->parent ? dir->parent : dir;
	else if (entry->flags & CFS_NODE_LINK)
		entry = entry->link;
	return plan->ino_of[entry->seq];
}

static inline uint64_t cfs_erofs_round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#endif
