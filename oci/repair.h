/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Mends the OCI images of a repository: what a manifest leads to and is missing
 * or damaged is taken from elsewhere, and nothing else.
 *
 * A layer that is broken is split anew, from its compressed blob if the
 * repository keeps that one, or from a source; of its objects, those that are
 * right stay as they are.  EROFS images are made anew from the layers, and
 * count only if they have the digest that they had.  Everything is checked as
 * in a pull before it gets a name, and tags stay: whatever happens, an image is
 * not worse afterwards than before.
 */
#ifndef CFS_OCI_REPAIR_H
#define CFS_OCI_REPAIR_H

#include "fsverity/digest_set.h"
#include "oci/origin.h"
#include "repo/store.h"

/* Where lost parts are taken from: exactly one of @origin and @repo is set.
 * Borrowed. */
struct cfs_oci_repair_source {
	const char *name; /* for messages */
	struct cfs_origin *origin;
	const struct cfs_repo *repo; /* another repository */
};

enum cfs_oci_mending {
	CFS_OCI_MENDED,
	CFS_OCI_NOT_MENDED, /* not from this source, or not at all */
};

struct cfs_oci_repair {
	const struct cfs_oci_repair_source *sources;
	size_t n_sources;
	/* Objects that a check found to be missing or damaged; gets sorted. */
	struct cfs_digest_set *damaged;
	/* One image, by tag, "@DIGEST" or "DIGEST" of a manifest; NULL: all
	 * that have a tag, and the artifacts about them. */
	const char *name;
	bool read_data;	  /* compare also layers that look whole with their
			     diff_ids */
	unsigned threads; /* 0: as many as may run at once */
	unsigned formats; /* EROFS formats of the repository, 1 << N */
	/* Told of each part that was mended, or that could not be: one line,
	 * not fit to be printed as it is (base/text.h). */
	void (*told)(void *arg, enum cfs_oci_mending what, const char *line);
	void *arg;
};

/*
 * Mends what can be mended.  A check afterwards shows what is left.
 * Errors: what ends all writing (-ENOSPC, -EDQUOT, -EROFS), -ENOMEM, -ELIBACC,
 * listing the tags.
 */
int cfs_oci_repair(struct cfs_store *store, const struct cfs_oci_repair *repair,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
