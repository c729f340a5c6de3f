/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where an image comes from: a directory or a dumpfile, and what is done to
 * its tree first.
 */
#ifndef CFS_OPS_TREE_SOURCE_H
#define CFS_OPS_TREE_SOURCE_H

#include "fsverity/digester.h"
#include "ops/bootable.h"
#include "ops/note.h"
#include "ops/watch.h"
#include "tree/node.h"
#include "tree/transform.h"

/* What no mtime is to be later than. */
struct cfs_clamp {
	bool on;
	int64_t seconds; /* since 1970 */
};

struct cfs_tree_source {
	const char *path;     /* of the directory, or NULL: */
	const char *dumpfile; /* "-" is the standard input */
	bool bootable;	      /* the tree to boot (boot/transform.h) */
	/* Leave the root directory and all xattrs as they are, which otherwise
	 * become those of an OCI image (tree/transform.h). */
	bool as_is;
	/* Files of a directory that can be executed are objects, whatever their
	 * size: the kernel's IPE judges files by their fs-verity, which the
	 * content of an image itself does not have. */
	bool exec_objects;
	enum cfs_xattr_filter filter;
	struct cfs_clamp clamp;
	bool mountpoints;   /* add those that are missing; of a bootable one */
	enum cfs_lint lint; /* of a bootable one */
	unsigned threads;   /* as cfs_digester_new() takes them */
};

/*
 * Reads and transforms the tree; cfs_tree_free() frees *@ret.
 * @digester: as struct cfs_scan has it; a dumpfile needs none.
 * @watch: of the files of a directory; or NULL.
 * @notes: or NULL.
 * Errors: of cfs_check_bootable(), cfs_tree_scan(), cfs_dump_read_fd() and the
 * transforms; -ENOENT there is no /usr to take the root's attributes from.
 */
int cfs_tree_source_read(const struct cfs_tree_source *source,
			 struct cfs_digester *digester,
			 const struct cfs_watch *watch,
			 const struct cfs_notes *notes, struct cfs_tree **ret,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 5, 6)));

/* As cfs_tree_source_read(), with digests of @alg, and nothing is stored. */
int cfs_tree_source_hash(const struct cfs_tree_source *source, enum cfs_alg alg,
			 const struct cfs_watch *watch,
			 const struct cfs_notes *notes, struct cfs_tree **ret,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 5, 6)));

/*
 * Refuses a directory that holds the repository @repo, which need not exist
 * yet: it would become part of the image.  To be asked before the repository
 * is opened, let alone written to.
 * Errors: -EINVAL, or that the directory cannot be opened.
 */
int cfs_tree_source_check_place(const struct cfs_tree_source *source,
				const char *repo,
				struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Notes what an image of @format does not keep of @tree (erofs/loss.h):
 * CFS_NOTE_OPAQUE_LOST, CFS_NOTE_WHITEOUTS.  @notes may be NULL. */
void cfs_note_losses(const struct cfs_tree *tree, unsigned format,
		     const struct cfs_notes *notes) __attribute__((nonnull(1)));

#endif
