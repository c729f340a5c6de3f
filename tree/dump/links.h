/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Hardlinks of a dumpfile, whose targets are looked for when all lines are
 * read; private to tree/dump.
 */
#ifndef CFS_TREE_DUMP_LINKS_H
#define CFS_TREE_DUMP_LINKS_H

#include "base/vec.h"
#include "tree/dump/dirs.h"

struct cfs_dump_link; /* see links.c */

/* Zero-initialise. */
struct cfs_dump_links {
	CFS_VEC(struct cfs_dump_link);
	struct cfs_arena texts; /* what their targets point into */
};

void cfs_dump_links_free(struct cfs_dump_links *links);

/* Remembers that @node, of line @line, is another name of what is at the path
 * @target (without NUL inside).  Errors: -ENOMEM. */
int cfs_dump_links_add(struct cfs_dump_links *links, struct cfs_node *node,
		       struct cfs_bytes target, uint64_t line,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes all of them links to their inodes.
 * @flags: enum cfs_dump_flags; with CFS_DUMP_LENIENT a target may stand behind
 * its link or be a link itself.
 * Errors: -ENOENT, -EINVAL, -ELOOP, worded with line and target; -ENOMEM.
 */
int cfs_dump_links_resolve(struct cfs_dump_links *links,
			   struct cfs_dump_dirs *dirs, unsigned flags,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
