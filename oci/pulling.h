/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A pull under way.  Private to oci/pull*.c. */
#ifndef CFS_OCI_PULLING_H
#define CFS_OCI_PULLING_H

#include <pthread.h>

#include "fsverity/digester.h"
#include "oci/pull.h"
#include "oci/twins.h"

struct cfs_pulling {
	struct cfs_store *store;
	const struct cfs_oci_pull *pull;
	struct cfs_oci_image *image;
	struct cfs_digester *digester;
	struct cfs_oci_id older; /* the image of twins */
	struct cfs_twins *twins; /* owned; may be NULL */
	size_t *todo;		 /* owned; numbers of layers, largest first */
	size_t n_todo;
	size_t n_done;	      /* of them */
	pthread_mutex_t lock; /* of what follows, and of naming */
	size_t next;	      /* of todo */
	uint64_t inline_bytes;
	int failed;
	struct cfs_err err;
};

/* Is the blob of layer @n to be kept, beside its stream?  One that is no
 * compressed archive comes out of the stream as it was. */
bool cfs_pulling_keeps(const struct cfs_pulling *p, size_t n) CFS_NONNULL;

/* Looks for an image whose files those to come may be equal to: p->twins. */
void cfs_pulling_find_twins(struct cfs_pulling *p) CFS_NONNULL;

/* Takes the layers of p->todo, several at a time, and names their streams. */
int cfs_pulling_layers(struct cfs_pulling *p,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Splits layer @n of a container from @blob, the stream of its compressed blob
 * in the repository, and names its stream. */
int cfs_pulling_from_kept(struct cfs_pulling *p, size_t n,
			  const struct cfs_digest *blob,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Pulls the artifacts that are about the image of @ret, each by @pull_one, and
 * lists them in @ret->referrers.
 */
typedef int cfs_pull_one_fn(struct cfs_store *store,
			    const struct cfs_oci_pull *pull,
			    struct cfs_oci_pulled *ret, struct cfs_err *err);
int cfs_oci_pull_referrers(struct cfs_store *store,
			   const struct cfs_oci_pull *pull,
			   cfs_pull_one_fn *pull_one,
			   struct cfs_oci_pulled *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Takes those off the list of the image's artifacts again that were put there
 * by the pull of @pulled. */
void cfs_oci_pull_unlist(struct cfs_store *store,
			 const struct cfs_oci_pulled *pulled) CFS_NONNULL;

#endif
