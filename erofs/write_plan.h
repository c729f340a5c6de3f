/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The writer's plan of an image.  cfs_erofs_order() numbers the inodes,
 * cfs_erofs_share() decides about their xattrs, cfs_erofs_layout() places
 * everything; afterwards the plan is only read, by cfs_erofs_emit().  Private
 * to the erofs room.
 *
 * pair		an xattr, key and value; equal ones are one pair.
 * list		the xattrs of an inode except metacopy and redirect; inodes with
 *		equal xattrs have one list.
 * metacopy, redirect
 *		trusted.overlay.metacopy and trusted.overlay.redirect, which the
 *		writer gives to each file whose contents are outside the image.
 *		Their values differ from file to file, so no list has them.
 * mark		an xattr that the writer adds to a whiteout, to a directory that
 *		contains one, or to the root, for overlayfs to read.
 * extra	a directory entry that is not in the tree: "." and "..", and the
 *		stubs in the root directory.
 */
#ifndef CFS_EROFS_WRITE_PLAN_H
#define CFS_EROFS_WRITE_PLAN_H

#include <string.h>

#include "erofs/format.h"
#include "erofs/writer.h"

#define CFS_EROFS_NO_INODE UINT32_MAX

enum cfs_erofs_inode_flags {
	CFS_EROFS_I_EXTENDED = 1,
	/* A whiteout, written as an empty regular file with marks. */
	CFS_EROFS_I_WHITEOUT = 2,
	/* A directory that contains a whiteout, and has marks for it. */
	CFS_EROFS_I_MARKED = 4,
	/* The root directory in versions 0 and 1, which has a mark. */
	CFS_EROFS_I_OPAQUE = 8,
	/* Any inode with marks. */
	CFS_EROFS_I_MORE = CFS_EROFS_I_WHITEOUT | CFS_EROFS_I_MARKED |
			   CFS_EROFS_I_OPAQUE,
	/* A regular file whose contents are outside the image, and so has
	 * metacopy. */
	CFS_EROFS_I_METACOPY = 16,
	/* A file that has redirect: it is known where its contents are. */
	CFS_EROFS_I_REDIRECT = 32,
	/* The path in redirect is the object path of the file's digest. */
	CFS_EROFS_I_BY_DIGEST = 64,
};

struct cfs_erofs_inode {
	const struct cfs_node *node;
	uint64_t nid;
	uint32_t blocks;      /* number of data blocks */
	uint32_t tail;	      /* bytes of data behind the xattrs */
	uint32_t xattr_bytes; /* including their header */
	uint32_t nlink;
	uint32_t list; /* index into plan->lists */
	/* 1 + index into plan->shared, or 0 if the inode has it itself. */
	uint32_t metacopy, redirect;
	uint8_t flags;
	uint8_t type; /* enum cfs_erofs_file_type, as written */
};

/* An xattr, escaped as on disk.  For metacopy and redirect, @value is
 * unused. */
struct cfs_erofs_pair {
	const char *key; /* with its prefix, NUL-terminated */
	struct cfs_bytes value;
	uint32_t uses;	 /* number of inodes that have it; 2 means many */
	uint32_t shared; /* 1 + index into plan->shared, or 0 */
	uint16_t key_len;
	uint8_t index; /* number of the prefix (erofs/prefix.h) */
	uint8_t prefix_len;
	uint8_t filter_bit;
	bool before_metacopy; /* the key sorts before trusted...metacopy */
	bool before_redirect; /* the key sorts before trusted...redirect */
};

/*
 * A list of xattrs, sorted by key.  There is one for each list of the tree
 * (tree/xattr.h), and one for each combination of such a list with marks.
 */
struct cfs_erofs_list {
	const uint32_t *pairs; /* indexes into plan->pairs */
	uint32_t n;
	uint32_t uses; /* number of inodes that have it */
	/* How many of the pairs come before metacopy and redirect. */
	uint32_t before_metacopy, before_redirect;
	uint32_t shared; /* how many of the pairs are shared */
	uint64_t bytes;	 /* of all references and entries in an inode */
	uint32_t filter; /* the bits of all names */
	/* Lists made of this one by adding marks: the first of them, and, in
	 * such a list, the next.  Indexes into plan->lists, or 0. */
	uint32_t marked, next_marked;
	uint8_t marks; /* the marks added (enum cfs_erofs_inode_flags) */
};

/* An entry of the table of shared xattrs. */
struct cfs_erofs_shared {
	const struct cfs_erofs_pair *pair;
	struct cfs_bytes value;
	uint64_t offset; /* in bytes from the start of the table */
};

/* The marks; their keys and values are in erofs/write_attrs.c. */
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

	/* Set by cfs_erofs_order(). */
	struct cfs_erofs_inode *inodes; /* owned; in the order on disk */
	uint32_t n;
	uint32_t *ino_of; /* owned; node->seq to index into inodes */
	/* The extras of directories and of the root directory, linked by next
	 * in the order of names. */
	struct cfs_node *extras, *root_extras;
	const struct cfs_xattrs *stub_xattrs;
	size_t digest_len; /* of the tree's algorithm */
	int64_t mtime_sec; /* the earliest mtime */
	uint32_t mtime_nsec;
	bool has_whiteout;
	uint32_t n_digests;    /* number of inodes with a digest */
	bool has_custom_paths; /* some backing path is not its digest's */

	/* Set by cfs_erofs_order() and cfs_erofs_share().  Index 0 is the empty
	 * list; then come the tree's lists, in the order of their ids, the
	 * stubs' list, and the lists with marks. */
	struct cfs_buf lists; /* struct cfs_erofs_list */

	/* Set by cfs_erofs_share(). */
	struct cfs_erofs_pair *pairs; /* owned; by xattr id, then marks */
	size_t n_pairs;
	uint32_t marks[CFS_EROFS_MARKS]; /* indexes into pairs */
	struct cfs_erofs_pair metacopy, redirect;
	struct cfs_buf shared;	/* struct cfs_erofs_shared */
	uint32_t *shared_order; /* owned; indexes, in the table's order */
	uint64_t shared_size;	/* bytes of the table */
	bool has_acl;

	/* Set by cfs_erofs_layout(); bytes from the start of the image. */
	uint64_t inodes_end;	 /* the table of shared xattrs begins here */
	uint64_t reference_base; /* the same, as references count it */
	uint64_t data_start;
	uint64_t size;
};

void cfs_erofs_plan_free(struct cfs_erofs_plan *plan);

/* Checks the tree against the limits of the version and numbers the inodes.
 * Errors: see cfs_erofs_write(). */
int cfs_erofs_order(struct cfs_erofs_plan *plan,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Fills plan->pairs and plan->lists, and counts their uses.
 * Errors: -ENOMEM, -ERANGE for a name that is too long once it is escaped. */
int cfs_erofs_list_all(struct cfs_erofs_plan *plan,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Computes the sums in plan->lists, once it is known which pairs are shared. */
void cfs_erofs_sum_lists(struct cfs_erofs_plan *plan) CFS_NONNULL;

/* Finds the xattrs that are shared and places them in the table.
 * Errors: see cfs_erofs_list_all(). */
int cfs_erofs_share(struct cfs_erofs_plan *plan,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Sorts plan->shared and places its entries in the table.  Errors: -ENOMEM. */
int cfs_erofs_place_shared(struct cfs_erofs_plan *plan,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Places inodes and data.  Errors: see cfs_erofs_write(). */
int cfs_erofs_layout(struct cfs_erofs_plan *plan,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the image.  Errors: -ENOMEM, those of @sink. */
int cfs_erofs_emit(const struct cfs_erofs_plan *plan,
		   const struct cfs_erofs_sink *sink,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The maximum number of references in an inode.  They are counted in a byte,
 * but mkcomposefs stops at half of its range and keeps further xattrs in the
 * inode. */
#define CFS_EROFS_SHARED_MAX_V1 128
#define CFS_EROFS_SHARED_MAX_V2 255

/* The maximum size of an inode's xattrs: xattr_icount is 16 bits wide. */
#define CFS_EROFS_ICOUNT_MAX	  65535
#define CFS_EROFS_XATTR_BYTES_MAX (12 + 4 * (CFS_EROFS_ICOUNT_MAX - 1))

/* Returns the size of an entry: its header, the name without prefix, @value_len
 * bytes of value, padding. */
static inline uint32_t cfs_erofs_entry_size(const struct cfs_erofs_pair *pair,
					    size_t value_len)
{
	size_t n = sizeof(struct cfs_erofs_xattr) + pair->key_len -
		   pair->prefix_len + value_len;

	return (uint32_t)((n + 3) & ~(size_t)3);
}

/* Returns the length of the value of metacopy, which is empty for a file
 * without a digest. */
static inline size_t cfs_erofs_metacopy_len(const struct cfs_erofs_plan *plan,
					    const struct cfs_erofs_inode *inode)
{
	return inode->node->file.digest ? 4 + plan->digest_len : 0;
}

/* Returns the length of the value of redirect: a slash and the backing path. */
static inline size_t cfs_erofs_redirect_len(const struct cfs_erofs_plan *plan,
					    const struct cfs_erofs_inode *inode)
{
	if (inode->flags & CFS_EROFS_I_BY_DIGEST) /* "/xx/" and other digits */
		return 2 + 2 * plan->digest_len;
	return 1 + strlen(inode->node->file.data);
}

/* Write the value of metacopy or redirect to @ret, which has room for it and
 * one byte more.  Return its end. */
uint8_t *cfs_erofs_put_metacopy(const struct cfs_erofs_plan *plan,
				const struct cfs_erofs_inode *inode,
				uint8_t *ret) CFS_NONNULL;
uint8_t *cfs_erofs_put_redirect(const struct cfs_erofs_plan *plan,
				const struct cfs_erofs_inode *inode,
				uint8_t *ret) CFS_NONNULL;

/* Returns the list with index @number. */
static inline struct cfs_erofs_list *cfs_erofs_list(
	const struct cfs_erofs_plan *plan, uint32_t number)
{
	return (struct cfs_erofs_list *)plan->lists.data + number;
}

/* Returns the number of xattrs of @inode, including metacopy and redirect. */
static inline uint32_t cfs_erofs_attrs(const struct cfs_erofs_plan *plan,
				       const struct cfs_erofs_inode *inode)
{
	return cfs_erofs_list(plan, inode->list)->n +
	       !!(inode->flags & CFS_EROFS_I_METACOPY) +
	       !!(inode->flags & CFS_EROFS_I_REDIRECT);
}

struct cfs_erofs_attr {
	const struct cfs_erofs_pair *pair;
	uint32_t shared; /* 1 + index into plan->shared, or 0 */
};

/*
 * Returns xattr @i of @inode, counted from 0 in the order in which they are
 * written.  metacopy and redirect come first in version 2, and where their keys
 * sort in versions 0 and 1.
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

/* Returns the size of an inode without xattrs and tail: 32 or 64 bytes. */
static inline uint32_t cfs_erofs_head_size(const struct cfs_erofs_inode *inode)
{
	return inode->flags & CFS_EROFS_I_EXTENDED
		       ? sizeof(struct cfs_erofs_extended)
		       : sizeof(struct cfs_erofs_compact);
}

/* Returns the size that is written into @inode. */
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

/* Returns the layout of @inode's data. */
static inline enum cfs_erofs_layout cfs_erofs_layout_of(
	const struct cfs_erofs_inode *inode)
{
	if (inode->flags & CFS_EROFS_I_METACOPY)
		return CFS_EROFS_CHUNKS;
	return inode->tail > 0 ? CFS_EROFS_INLINE : CFS_EROFS_PLAIN;
}

/* Returns the binary logarithm of the chunk size for a file of @size (more than
 * 0) bytes whose contents are outside the image: all of it is one chunk, unless
 * that would be too large. */
static inline unsigned cfs_erofs_chunk_bits(uint64_t size)
{
	unsigned bits = size > 1 ? 64 - (unsigned)__builtin_clzll(size - 1)
				 : CFS_EROFS_BLOCK_BITS;

	if (bits < CFS_EROFS_BLOCK_BITS)
		return CFS_EROFS_BLOCK_BITS;
	return bits > CFS_EROFS_CHUNK_BITS_MAX ? CFS_EROFS_CHUNK_BITS_MAX
					       : bits;
}

/* Returns the mode that is written into @inode. */
static inline uint32_t cfs_erofs_mode(const struct cfs_erofs_inode *inode)
{
	if (inode->flags & CFS_EROFS_I_WHITEOUT)
		return (inode->node->mode & ~(uint32_t)S_IFMT) | S_IFREG;
	return inode->node->mode;
}

/* Walks the entries of a directory in the order of their names, merging those
 * of the tree with the extras. */
struct cfs_erofs_dir_iter {
	const struct cfs_node *child, *extra;
};

/* Begins to walk the entries of @dir. */
static inline struct cfs_erofs_dir_iter cfs_erofs_dir_start(
	const struct cfs_erofs_plan *plan, const struct cfs_node *dir)
{
	return (struct cfs_erofs_dir_iter){
		.child = dir->dir.first,
		.extra = dir->parent ? plan->extras : plan->root_extras,
	};
}

/* Returns whether the name of @a sorts before that of @b.  The first byte
 * usually decides, without a call of strcmp(). */
static inline bool cfs_erofs_is_before(const struct cfs_node *a,
				       const struct cfs_node *b)
{
	uint8_t x = (uint8_t)a->name[0], y = (uint8_t)b->name[0];

	return x == y ? strcmp(a->name, b->name) < 0 : x < y;
}

/* Returns the next entry, or NULL at the end. */
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

/* Returns whether @entry is "." or "..": only these are directories without a
 * parent. */
static inline bool cfs_erofs_is_dot(const struct cfs_node *entry)
{
	return !entry->parent && S_ISDIR(entry->mode);
}

/* Returns the index into plan->inodes of the inode that @entry of @dir refers
 * to, or CFS_EROFS_NO_INODE if the inode is not written. */
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

/* Rounds @n up to a multiple of @to, which is a power of two. */
static inline uint64_t cfs_erofs_round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#endif
