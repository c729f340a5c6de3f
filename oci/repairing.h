/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A repair under way.  Private to oci/repair*.c. */
#ifndef CFS_OCI_REPAIRING_H
#define CFS_OCI_REPAIRING_H

#include "oci/document.h"
#include "oci/fsck_run.h"
#include "oci/image.h"
#include "oci/repair.h"

struct cfs_repairing {
	struct cfs_store *store;
	const struct cfs_oci_repair *repair;
	struct cfs_oci_fsck_run run; /* its findings are not reported */
	const char *tag;	     /* of the image at hand; for messages */
	/* The image at hand.  A layer whose stream is unknown has alg 0. */
	struct cfs_oci_image image;
	bool lost_config; /* and with it the refs to EROFS images */
	bool changed;	  /* the streams of the documents are to be written */
};

/* Tells what was, or could not be, mended about the image at hand. */
void cfs_repairing_tell(struct cfs_repairing *rp, enum cfs_oci_mending what,
			const char *fmt, ...) CFS_PRINTF(3, 4) CFS_NONNULL;

/* Does the error @r end the whole repair? */
bool cfs_repairing_is_fatal(int r);

/* The streams that the image at hand consisted of, as far as they are good. */
struct cfs_repairing_streams {
	struct cfs_oci_document manifest, config;
	bool has_manifest, has_config;
};

/* A part of an image, and the way to take it from an origin. */
struct cfs_repairing_part {
	const char *kind;
	const struct cfs_oci_id *id;
	size_t n; /* number of a layer */
	int (*take)(struct cfs_repairing *rp, struct cfs_origin *origin,
		    size_t n, struct cfs_err *err);
};

/* Takes @part from the first source that has it, and tells from which, or why
 * not.  Returns 1, or 0: none has it.  Errors: those that end the repair. */
int cfs_repairing_take(struct cfs_repairing *rp,
		       const struct cfs_repairing_part *part,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The answer to @r, of a call that failed with @why or succeeded: an error that
 * ends the repair is passed on, any other one means that there is nothing good.
 * Returns 1, 0 or the error. */
int cfs_repairing_pass(int r, const struct cfs_err *why,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Finds the stream that is named @name.  Returns 1 with *@ret, or 0 when there
 * is none.  Errors: those that end the repair. */
int cfs_repairing_lookup(struct cfs_repairing *rp, const char *name,
			 struct cfs_digest *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds a good stream for each layer of the image at hand, whose documents are
 * known, or takes the layer from a source.
 * Returns 1, or 0 when some layer is not good in the end; errors: those that
 * end the repair.
 */
int cfs_repairing_layers(struct cfs_repairing *rp,
			 const struct cfs_repairing_streams *s,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the streams of manifest and configuration.  Errors: of storing. */
int cfs_repairing_write(struct cfs_repairing *rp,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Mends the EROFS images of the image at hand, whose layers are good; with
 * lost_config the documents are written, too.
 * Errors: those that end the repair. */
int cfs_repairing_erofs(struct cfs_repairing *rp,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
