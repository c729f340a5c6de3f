/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The writer's plan of an image.  cfs_erofs_order() numbers the inodes,
 * cfs_erofs_share() decides about their xattrs, cfs_erofs_layout() places
 * everything; afterwards the plan is only read, by cfs_erofs_emit().  Private
 * to the erofs room.
 *
 * pair		an xattr, key and value; equal ones are one pair.
 * list		the xattrs of an inode except the overlay xattrs; inodes with
 *		equal xattrs have one list.
 * overlay xattr
 *		trusted.overlay.metacopy or trusted.overlay.redirect, which the
 *		writer gives to each file whose contents are outside the image.
 *		Their values differ from file to file, so no list has them.
 * mark		an xattr that the writer adds to a whiteout, to a directory that
 *		contains one, or to the root, for overlayfs to read.
 * extra	a directory entry that is not in the tree: "." and "..", and the
 *		stubs in the root directory.
 */
#ifndef CFS_EROFS_WRITE_PLAN_H
#define CFS_EROFS_WRITE_PLAN_H

#include "base/vec.h"
#include "erofs/format.h"
#include "erofs/writer.h"

#define CFS_EROFS_NO_INODE UINT32_MAX

/* The overlay xattrs, in the order of their keys.  What the plan knows about
 * them is in arrays with these indexes. */
enum cfs_erofs_overlay {
	CFS_EROFS_METACOPY,
	CFS_EROFS_REDIRECT,
	CFS_EROFS_OVERLAYS,
};

enum cfs_erofs_inode_flags {
	CFS_EROFS_I_EXTENDED = 1,
	/* A whiteout, written as an empty regular file with marks. */
	CFS_EROFS_I_WHITEOUT = 2,
	/* A directory that contains a whiteout, and has marks for it. */
	CFS_EROFS_I_MARKED = 4,
	/* The root directory, which has a mark in versions with stubs. */
	CFS_EROFS_I_OPAQUE = 8,
	/* Any inode with marks. */
	CFS_EROFS_I_MORE = CFS_EROFS_I_WHITEOUT | CFS_EROFS_I_MARKED |
			   CFS_EROFS_I_OPAQUE,
	/* A regular file whose contents are outside the image, and so has
	 * metacopy. */
	CFS_EROFS_I_METACOPY = 16,
	/* A file that has redirect: it is known where its contents are. */
	CFS_EROFS_I_REDIRECT = CFS_EROFS_I_METACOPY << CFS_EROFS_REDIRECT,
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
	uint32_t overlay[CFS_EROFS_OVERLAYS];
	uint8_t flags;
	uint8_t type; /* enum cfs_erofs_file_type, as written */
};

/* An xattr, escaped as on disk.  @value is unused for overlay xattrs. */
struct cfs_erofs_pair {
	const char *key; /* with its prefix, NUL-terminated */
	struct cfs_bytes value;
	uint32_t uses;	 /* number of inodes that have it; 2 means many */
	uint32_t shared; /* 1 + index into plan->shared, or 0 */
	uint16_t key_len;
	uint8_t index; /* number of the prefix (erofs/prefix.h) */
	uint8_t prefix_len;
	uint8_t filter_bit;
	bool before[CFS_EROFS_OVERLAYS]; /* the key sorts before theirs */
};

/*
 * A list of xattrs, sorted by key.  There is one for each list of the tree
 * (tree/xattr.h), and one for each combination of such a list with marks.
 */
struct cfs_erofs_list {
	const uint32_t *pairs; /* indexes into plan->pairs */
	uint32_t n;
	uint32_t uses; /* number of inodes that have it */
	/* The number of pairs before the overlay xattrs. */
	uint32_t before[CFS_EROFS_OVERLAYS];
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
	const struct cfs_erofs_rules *rules; /* of the version to write */
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
	CFS_VEC(struct cfs_erofs_list) lists;

	/* Set by cfs_erofs_share(). */
	struct cfs_erofs_pair *pairs; /* owned; by xattr id, then marks */
	size_t n_pairs;
	uint32_t marks[CFS_EROFS_MARKS]; /* indexes into pairs */
	struct cfs_erofs_pair overlay[CFS_EROFS_OVERLAYS];
	CFS_VEC(struct cfs_erofs_shared) shared;
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
		   const struct cfs_sink *sink,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Rounds @n up to a multiple of @to, which is a power of two. */
static inline uint64_t cfs_erofs_round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#endif
