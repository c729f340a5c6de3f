/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Makes one tree of the entries of one or more layers.
 *
 * Layers come in their order, entries in that of their archive, and change
 * the tree that those before have made:
 * - A directory over a directory replaces what is said of it and keeps what is
 *   in it.  Anything else replaces what has its name.
 * - "DIR/.wh.NAME" removes NAME from DIR.  "DIR/.wh..wh..opq" hides what lower
 *   layers have below DIR, wherever in its own layer it stands; a directory of
 *   theirs that has something new in it stays, but its own entry is hidden.
 *   Neither has an effect where DIR does not exist.
 * - A hard link is another name of what has the path of its target at that
 *   moment, in whichever layer that was made.  What else its entry says does
 *   not count.  A character device 0:0, overlayfs' whiteout, is made anew.
 * - A directory that was not described before something was put into it is
 *   described by an entry that follows, in its layer or a higher one.  If none
 *   does, the tree is refused, or with CFS_LAYERS_CREATE_PARENTS the directory
 *   is 0755, owned by 0:0, of time 0.
 * - Nothing is put below what is not a directory, symlinks included.
 *
 * Source: OCI image specification, layer.md; composefs-rs
 * crates/composefs-oci/src/image.rs, which takes only directories that were
 * described before and lets an opaque marker hide its own layer's files, too.
 */
#ifndef CFS_TREE_TAR_MERGE_H
#define CFS_TREE_TAR_MERGE_H

#include "base/own.h"
#include "tree/node.h"
#include "tree/tar/entry.h"

/* Container engines stop at 128 to 500. */
#define CFS_LAYERS_MAX 1000
/* Totals of all layers together, entries that a later layer replaces included:
 * files and directories, also those that only a path names; and bytes of link
 * targets and of xattrs.  An image may have the same layer many times,
 * and each path a thousand directories: this bounds the memory of the tree. */
#define CFS_LAYERS_NODES_MAX (1u << 23)
#define CFS_LAYERS_BYTES_MAX (1u << 31)

enum cfs_layers_flags {
	CFS_LAYERS_CREATE_PARENTS = 1,
};

struct cfs_layers;

/* No layer yet: a root directory whose mode, owner and time are zero.
 * Errors: -ENOMEM. */
int cfs_layers_new(unsigned flags, struct cfs_layers **ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_layers_free(struct cfs_layers *layers);
CFS_DEFINE_AUTO(struct cfs_layers, cfs_layers_free);

/* Counts @n layers that have nothing in them; before the first one.  Messages
 * then name a layer by its number among all.
 * Errors: -E2BIG over CFS_LAYERS_MAX. */
int cfs_layers_skip(struct cfs_layers *layers, size_t n,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Begins the next layer, first the lowest.
 * Errors: -E2BIG over CFS_LAYERS_MAX. */
int cfs_layers_begin(struct cfs_layers *layers,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* What messages call the layer that was begun last, behind its number: the
 * digest of its archive.  @name is borrowed until cfs_layers_free(). */
void cfs_layers_name(struct cfs_layers *layers, const char *name) CFS_NONNULL;

/*
 * Applies @entry to the tree.
 *
 * *@ret is NULL, or a regular file whose content is not known yet (external or
 * sparse).  The caller then says what it is: cfs_node_set_object(),
 * cfs_node_reserve_object() or, up to CFS_INLINE_FROM_DISK bytes of a sparse
 * file, cfs_node_set_content(); its size is that of @entry, or of
 * @entry->sparse.
 *
 * Errors, worded with path and offset: -EINVAL, -ENOTDIR (a parent that is no
 * directory), -ENOENT (a hard link without target), -EISDIR (a hard link to a
 * directory), of cfs_tar_sparse_count() for all layers together, -EFBIG (over
 * CFS_LAYERS_NODES_MAX or CFS_LAYERS_BYTES_MAX), those of the tree, -ENOMEM.
 */
int cfs_layers_add(struct cfs_layers *layers, const struct cfs_tar_entry *entry,
		   struct cfs_node **ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The tree as it is now, for contents. */
struct cfs_tree *cfs_layers_tree(struct cfs_layers *layers) CFS_NONNULL;

/*
 * Hands over the finished tree; only cfs_layers_free() may follow.
 * Errors: -ENOENT (a directory that no entry describes, worded with the layer
 * and offset of what needs it); cfs_tree_finish()'s.
 */
int cfs_layers_finish(struct cfs_layers *layers, struct cfs_tree **ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
