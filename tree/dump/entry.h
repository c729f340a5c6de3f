/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The fields behind path and mode, into a node; private to tree/dump. */
#ifndef CFS_TREE_DUMP_ENTRY_H
#define CFS_TREE_DUMP_ENTRY_H

#include "base/vec.h"
#include "tree/dump/numbers.h"
#include "tree/node.h"

/*
 * Most lines end in one of a few lists of xattrs: they are not parsed again.
 * Direct mapped, in a fixed room: lists that never repeat cost none.
 */
#define CFS_DUMP_MEMOS	   256
#define CFS_DUMP_MEMO_TEXT 220
struct cfs_dump_memo {
	uint64_t hash;
	const struct cfs_xattrs *list;
	uint32_t len; /* 0: empty */
	char text[CFS_DUMP_MEMO_TEXT];
};

struct cfs_dump_entry {
	struct cfs_tree *tree; /* borrowed */
	bool lenient;
	size_t xattr_bytes;   /* of this entry, as mkcomposefs counts */
	struct cfs_buf text;  /* unescaped */
	struct cfs_buf value; /* unescaped */
	CFS_VEC(const struct cfs_xattr *) pairs;
	struct cfs_dump_memo *memo; /* owned; NULL until an entry has xattrs */
};

/* @flags: enum cfs_dump_flags. */
void cfs_dump_entry_init(struct cfs_dump_entry *en, struct cfs_tree *tree,
			 unsigned flags) CFS_NONNULL;
void cfs_dump_entry_free(struct cfs_dump_entry *en);

/*
 * Fills @node, whose mode is set and which is no link, from @numbers and the
 * fields of @f behind them.
 * Errors: -EINVAL, -ERANGE, ... worded without place; -ENOMEM.
 */
int cfs_dump_entry_parse(struct cfs_dump_entry *en,
			 const struct cfs_bytes f[static CFS_DUMP_COLUMNS],
			 const struct cfs_dump_numbers *numbers,
			 struct cfs_node *node,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
