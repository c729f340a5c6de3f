/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the parts of a check of images share (oci/fsck.h is the outside).
 *
 * Functions return 1 for what is good, 0 after reporting a finding, or negative
 * errno for what ends the check.
 */
#ifndef CFS_OCI_FSCK_RUN_H
#define CFS_OCI_FSCK_RUN_H

#include "base/vec.h"
#include "fsverity/digest_set.h"
#include "oci/fsck.h"
#include "repo/store.h"
#include "repo/stream/names.h"

/* A layer that was found to be good. */
struct cfs_oci_good {
	struct cfs_oci_id id;
	struct cfs_digest stream;
};

struct cfs_oci_fsck_run {
	const struct cfs_repo *repo;
	const struct cfs_oci_fsck_params *params;
	struct cfs_oci_fsck count;
	const char *tag; /* of the image at hand */
	CFS_VEC(struct cfs_oci_good) good;
	/* For a repair: objects that were damaged before it, some of which may
	 * be good by now.  Both NULL: not known, objects need only exist. */
	const struct cfs_store *store;
	struct cfs_digest_set *damaged;
};

/* Reports a finding about the image at hand.  @id and @object may be NULL.
 * Returns 0. */
int cfs_oci_fsck_report(struct cfs_oci_fsck_run *run,
			enum cfs_oci_fsck_code code,
			const struct cfs_oci_id *id,
			const struct cfs_digest *object, const char *fmt, ...)
	CFS_PRINTF(5, 6) __attribute__((nonnull(1, 5)));

/* The manifest that @name means: a digest, or what a tag leads to.  Returns 1,
 * or 0 when there is no such tag. */
int cfs_oci_fsck_resolve(const struct cfs_repo *repo, const char *name,
			 struct cfs_oci_id *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Does this error say nothing about the repository, and end the check? */
bool cfs_oci_fsck_is_fatal(const struct cfs_err *why) CFS_NONNULL;

/* Checks the layer or blob @id, whose stream @stream is.  @is_container: of a
 * container image, else of an artifact. */
int cfs_oci_fsck_layer(struct cfs_oci_fsck_run *run,
		       const struct cfs_oci_id *id,
		       const struct cfs_digest *stream, bool is_container,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Remembers that the layer @id, whose stream @stream is, is good. */
int cfs_oci_fsck_remember(struct cfs_oci_fsck_run *run,
			  const struct cfs_oci_id *id,
			  const struct cfs_digest *stream,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Was the object @id damaged, and is it still? */
bool cfs_oci_fsck_is_damaged(const struct cfs_oci_fsck_run *run,
			     const struct cfs_digest *id) CFS_NONNULL;

/* Checks the EROFS image @id, which the configuration @config names @name. */
int cfs_oci_fsck_erofs(struct cfs_oci_fsck_run *run,
		       const struct cfs_oci_id *config, const char *name,
		       const struct cfs_digest *id,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Checks the EROFS image that the label of the configuration @id names, @seal.
 * One that is no digest of the repository's algorithm is passed over.
 */
int cfs_oci_fsck_seal(struct cfs_oci_fsck_run *run, const struct cfs_oci_id *id,
		      const char *seal,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Checks the image of the manifest @id. */
int cfs_oci_fsck_image(struct cfs_oci_fsck_run *run,
		       const struct cfs_oci_id *id,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
