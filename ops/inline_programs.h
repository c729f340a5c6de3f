/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Programs that the kernel's IPE cannot judge.
 *
 * A rule fsverity_signature or fsverity_digest is about the file that has the
 * content.  Content that is kept in the image itself, as that of small files
 * is, has the image for its file system, which has no fs-verity: under such a
 * policy it cannot be executed.
 *
 * Source: linux security/ipe/eval.c; Documentation/admin-guide/LSM/ipe.rst.
 */
#ifndef CFS_OPS_INLINE_PROGRAMS_H
#define CFS_OPS_INLINE_PROGRAMS_H

#include "tree/node.h"

/* An executable file whose content is in the image.  @path: one of its names,
 * borrowed for the call, with any bytes but NUL.  @size: at least 1. */
struct cfs_inline_program {
	const char *path;
	uint64_t size;
};

/*
 * Calls @found for each name of an executable file (one with an x bit) of the
 * finished @tree whose content is in the image and not empty, in the order of
 * the tree.
 * @found: returns 0, or negative errno with its @err set, which ends the
 * search.
 * Errors: -ENOMEM, those of @found.
 */
int cfs_inline_programs(const struct cfs_tree *tree,
			int (*found)(void *arg,
				     const struct cfs_inline_program *program,
				     struct cfs_err *err),
			void *arg, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

#endif
