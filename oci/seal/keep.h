/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sealing artifacts in a repository: streams/refs/oci-referrers/IMAGE/ARTIFACT
 * leads to the stream oci-manifest-ARTIFACT.
 */
#ifndef CFS_OCI_SEAL_KEEP_H
#define CFS_OCI_SEAL_KEEP_H

#include "keys/pem.h"
#include "oci/image.h"
#include "oci/seal/make.h"
#include "repo/store.h"

#define CFS_SEAL_SOURCES_MAX 64 /* artifacts that are read at a time */

/* An artifact about an image, or the annotations in its manifest. */
struct cfs_seal_source {
	struct cfs_oci_id id; /* of the artifact, or of the image */
	bool is_inline;	      /* annotations */
	bool readable;
	char why[320]; /* why it is not readable */
	struct cfs_seal_artifact artifact;
	/* One for each entry; empty where it is not signed or missing. */
	struct cfs_buf blobs[CFS_SEAL_ENTRIES_MAX];
};

struct cfs_seal_sources {
	struct cfs_seal_source *v[CFS_SEAL_SOURCES_MAX + 1]; /* owned */
	size_t n;
	size_t n_left; /* more than were read */
};

void cfs_seal_sources_free(struct cfs_seal_sources *sources);

#define CFS_AUTOSOURCES __attribute__((cleanup(cfs_seal_sources_free)))

/* The artifacts that are listed for an image, in the order of their digests, as
 * they were when the list was read. */
struct cfs_seal_list {
	CFS_VEC(struct cfs_oci_id) ids; /* owned */
	size_t at;			/* the next one that is read */
};

/* Errors: -ENOMEM, of reading the list. */
int cfs_seal_list_read(const struct cfs_repo *repo, const struct cfs_oci_id *id,
		       struct cfs_seal_list *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cfs_seal_list_free(struct cfs_seal_list *list);

#define CFS_AUTOSEALLIST __attribute__((cleanup(cfs_seal_list_free)))

/* Has all of @list been read? */
static inline bool cfs_seal_list_ends(const struct cfs_seal_list *list)
{
	return list->at == list->ids.n;
}

/*
 * Reads the next sealing artifacts of @list, CFS_SEAL_SOURCES_MAX at most.
 * Artifacts of other types are left out.  One that is damaged or malformed is
 * among the result, with the reason.
 * Errors: -ENOMEM.
 */
int cfs_seal_sources_next(const struct cfs_repo *repo,
			  struct cfs_seal_list *list,
			  struct cfs_seal_sources *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads the first ones that are listed for the image @id. */
int cfs_seal_sources_read(const struct cfs_repo *repo,
			  const struct cfs_oci_id *id,
			  struct cfs_seal_sources *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds the annotations of the manifest of @image that are of the algorithm
 * @alg, if there are any.  Malformed ones are added with the reason.
 * Errors: -ENOMEM.
 */
int cfs_seal_sources_add_inline(const struct cfs_oci_image *image,
				enum cfs_alg alg, struct cfs_seal_sources *to,
				struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes the artifact of @facts and @blobs (cfs_seal_make()), stores it and
 * lists it for its image.  *@ret: its digest.
 */
int cfs_seal_keep(struct cfs_store *store, const struct cfs_seal_facts *facts,
		  const struct cfs_seal_blobs *blobs, struct cfs_oci_id *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Takes the artifact @artifact off the list of those about the image @image; gc
 * then removes it, if nothing else needs it.
 * Returns 1, or 0 when it was not listed.
 */
int cfs_seal_unlist(struct cfs_store *store, const struct cfs_oci_id *image,
		    const struct cfs_oci_id *artifact,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* How many of an artifact's signatures name certain signers. */
enum cfs_seal_share {
	CFS_SEAL_NONE,
	CFS_SEAL_SOME, /* others signed it, too */
	CFS_SEAL_ALL,
};

/* The share of the signatures of @source that name the signers of @certs, which
 * proves nothing.  One that cannot be read names nobody. */
enum cfs_seal_share cfs_seal_share_of(const struct cfs_seal_source *source,
				      const struct cfs_certs *certs)
	CFS_NONNULL;

#endif
