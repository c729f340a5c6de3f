/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A layer on its way into a repository: its bytes are decompressed, hashed,
 * split into objects and what lies between them, and stored.
 *
 * Both of its digests, that of the bytes as they came and that of the archive,
 * are checked before the layer gets a name.  Contents of files that are there
 * already are not written again.  Memory does not depend on the layer's size.
 */
#ifndef CFS_OCI_LAYER_H
#define CFS_OCI_LAYER_H

#include "base/source.h"
#include "fsverity/digester.h"
#include "oci/id.h"
#include "oci/twins.h"
#include "repo/store.h"

struct cfs_oci_layer {
	const struct cfs_source *blob; /* the bytes, as they came */
	uint64_t size;		       /* that they must be, or ..._SIZE_ANY */
	struct cfs_oci_id id;	       /* and their digest */
	struct cfs_oci_id diff_id;     /* that of the archive inside */
	const struct cfs_twins *twins; /* of an image like this; may be NULL */
	/*
	 * Where the digest goes that is not @diff_id, or NULL.  If it is given,
	 * the digest counts more than what the archive looks like: one that is
	 * malformed is read to its end, and its digest is reported if that is
	 * another, too.
	 */
	struct cfs_oci_id *found; /* text is empty unless the digest differs */
};

struct cfs_oci_layer_stats {
	uint64_t entries;
	uint64_t bytes;	       /* of the archive */
	uint64_t object_bytes; /* of them that are contents of objects */
};

/*
 * Imports a layer; *@ret is the digest of its stream, which has no name yet:
 * cfs_stream_link().  @digester: made with a cfs_layer_keeper of @store;
 * several imports, each of a thread of its own, may share it.
 *
 * A sparse file is kept as the archive has it, and besides as the file that it
 * stands for, which is an object that the stream only counts as used.
 *
 * Errors: -EBADMSG a digest or the size is another, or the compressed data is
 * damaged; -EINVAL, -ENOTSUP, ... of the archive, worded with path and offset;
 * those of storing.
 */
int cfs_oci_layer_import(struct cfs_store *store, struct cfs_digester *digester,
			 const struct cfs_oci_layer *layer,
			 struct cfs_oci_layer_stats *stats,
			 struct cfs_digest *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
