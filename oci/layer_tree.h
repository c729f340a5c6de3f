/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Layers that are in a repository, made into a tree: only what lies between
 * the objects is read, never the contents of files (but of sparse ones).
 */
#ifndef CFS_OCI_LAYER_TREE_H
#define CFS_OCI_LAYER_TREE_H

#include "base/vec.h"
#include "repo/open.h"
#include "repo/stream/reader.h"
#include "tree/tar/merge.h"

/*
 * Applies the layer in @stream, which is at its first chunk, to @layers as the
 * next one.  @objects: objects/ of the repository, for sparse files.
 *
 * Errors: -EBADMSG the stream is not what a layer is split into, or damaged;
 * those of reading the archive and of cfs_layers_add().
 */
int cfs_oci_layer_apply(struct cfs_layers *layers, struct cfs_stream *stream,
			int objects, enum cfs_alg alg,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Called for each entry of a layer, in order; @id is the object that is the
 * content of an external one, else NULL.  What it returns but 0 ends the walk.
 */
typedef int cfs_oci_layer_fn(void *arg, const struct cfs_tar_entry *entry,
			     const struct cfs_digest *id, struct cfs_err *err);

/* Walks the layer in @stream, which is at its first chunk.
 * Errors: those of cfs_oci_layer_apply() but for cfs_layers_add(), of @fn. */
int cfs_oci_layer_each(struct cfs_stream *stream, cfs_oci_layer_fn *fn,
		       void *arg, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/* An object of the stream, by its number, and the bytes before it. */
struct cfs_split_object {
	uint64_t at;
	uint64_t index;
};

/* The source of a tar reader of CFS_TAR_SPLIT: the bytes of @stream between its
 * objects, which are noted. */
struct cfs_split {
	struct cfs_stream *stream;
	uint64_t at;				/* bytes given so far */
	CFS_VEC(struct cfs_split_object) ahead; /* objects that were passed */
	size_t n_taken;				/* of them */
};

void cfs_split_free(struct cfs_split *split) CFS_NONNULL;
struct cfs_source cfs_split_source(struct cfs_split *split) CFS_NONNULL;

/*
 * The object that is the content of a file, before which the reader gave
 * @raw_before bytes: the next that was passed.
 * Errors: -EBADMSG there is none at that place.
 */
int cfs_split_object(struct cfs_split *split, uint64_t raw_before,
		     struct cfs_digest *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Were all objects taken that were passed? */
bool cfs_split_is_done(const struct cfs_split *split) CFS_NONNULL;

#endif
