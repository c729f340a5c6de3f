/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What two trees differ in: name by name, field by field.
 */
#ifndef CFS_TREE_DIFF_H
#define CFS_TREE_DIFF_H

#include "tree/node.h"

/* What of a name can differ; bits are 1u << these. */
enum cfs_diff_field {
	CFS_DIFF_TYPE, /* then nothing that only one type has */
	CFS_DIFF_MODE, /* the lower twelve bits */
	CFS_DIFF_UID,
	CFS_DIFF_GID,
	CFS_DIFF_RDEV, /* of devices */
	CFS_DIFF_MTIME,
	CFS_DIFF_SIZE,	   /* of regular files */
	CFS_DIFF_CONTENT,  /* of regular files: known to be another */
	CFS_DIFF_STORAGE,  /* in the image here, in another file there */
	CFS_DIFF_DIGEST,   /* one side has none */
	CFS_DIFF_BACKING,  /* backing path, where a digest does not make it */
	CFS_DIFF_TARGET,   /* of symlinks */
	CFS_DIFF_NLINK,	   /* of what is no directory */
	CFS_DIFF_HARDLINK, /* other names are of the same inode */
	CFS_DIFF_XATTRS,
	CFS_DIFF_FIELDS,
};

/* "type", "mode", "uid", ...: one word each. */
const char *cfs_diff_field_name(enum cfs_diff_field field);

/* What does not count. */
struct cfs_diff_ignore {
	uint32_t fields;	 /* bits */
	const char *const *keys; /* xattrs of these names; borrowed */
	size_t n_keys;
};

/* One name that differs. */
struct cfs_diff {
	/* The name in either tree, perhaps a CFS_NODE_LINK; NULL: not there.
	 * With both, fields has a bit at least. */
	const struct cfs_node *a, *b;
	uint32_t fields;
	/* Names below it that have no counterpart, when it is a directory on
	 * one side alone. */
	uint64_t below_a, below_b;
	/* With CFS_DIFF_HARDLINK: the earlier name (in tree b) that the inode
	 * has among the names of both trees, or NULL. */
	const struct cfs_node *link_a, *link_b;
	/* It was counted in below_a or below_b before. */
	bool inside;
};

struct cfs_diff_options {
	struct cfs_diff_ignore ignore;
	bool all; /* report also what is below a directory of one side */
	bool whole_seconds; /* nanoseconds of mtimes do not count */
	/* Called in the order of the trees, parents first.  Returns 0 or an
	 * error, which ends the comparison. */
	int (*found)(void *ctx, const struct cfs_diff *diff,
		     struct cfs_err *err);
	void *ctx;
};

struct cfs_diff_sum {
	uint64_t names_a, names_b; /* with the root */
	uint64_t only_a, only_b;   /* with what is below them */
	uint64_t changed;	   /* in both, with a field that differs */
	uint64_t by_field[CFS_DIFF_FIELDS];
	/* Files whose contents were not compared, since their digests are of
	 * two algorithms. */
	uint64_t other_alg;
	/* Inodes whose mtimes are the same but for nanoseconds, with
	 * whole_seconds. */
	uint64_t nanoseconds;
	/* Names that are a CFS_NODE_LINK in one tree only.  No difference of
	 * the files, but of where old versions of images have their inode. */
	uint64_t link_order;
};

/*
 * Compares two finished trees.  Names that belong to the same two inodes are
 * reported once, at their first name.  Link counts of directories do not
 * count, they follow from the names.  Content that is in the image is compared
 * with a digest by computing its own.
 *
 * Memory: two pointers for each node.
 * Errors: -ENOMEM, @options->found's.
 */
int cfs_tree_diff(const struct cfs_tree *a, const struct cfs_tree *b,
		  const struct cfs_diff_options *options,
		  struct cfs_diff_sum *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Xattrs of two lists (which may be NULL) that differ, in order of keys. */
struct cfs_diff_xattrs {
	const struct cfs_xattrs *a, *b;
	const struct cfs_diff_ignore *ignore;
	size_t at_a, at_b;
};

/* Returns true with the next: both when the values differ, else one is NULL. */
bool cfs_diff_xattrs_next(struct cfs_diff_xattrs *it,
			  const struct cfs_xattr **ret_a,
			  const struct cfs_xattr **ret_b) CFS_NONNULL;

#endif
