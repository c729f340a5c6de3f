/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The check of a repository (repo/fsck.h), with what it finds kept as records,
 * and its repair (repo/repair.h).
 */
#ifndef CFS_OPS_CHECK_H
#define CFS_OPS_CHECK_H

#include "fsverity/digest_set.h"
#include "ops/access.h"
#include "ops/findings.h"
#include "ops/watch.h"

struct cfs_check {
	bool metadata_only; /* leave the objects out */
	bool read_data;	    /* read also what the kernel vouches for */
	unsigned threads;   /* as of struct cfs_fsck_params */
	/* Repositories or directories to take good objects from, in this order;
	 * n_from 0: nothing is repaired. */
	const char *const *from;
	unsigned n_from;
	const struct cfs_watch *watch; /* of objects/; or NULL */
};

/* What was repaired.  Zero-initialise it. */
struct cfs_mended {
	struct cfs_digest_set objects, images;
};

/* Zero-initialise it. */
struct cfs_check_result {
	struct cfs_findings findings;
	struct cfs_fsck count;
	struct cfs_good good; /* objects, of the last check */
	bool has_meta;	      /* meta.json is good */
	bool meta_broken;     /* it exists, and is not */
	struct cfs_mended mended;
};

#define CFS_AUTOCHECKRESULT __attribute__((cleanup(cfs_check_result_free)))
void cfs_check_result_free(struct cfs_check_result *checked);

/*
 * Checks the repository.  Where params->from says so, what is missing or
 * damaged is replaced and everything is checked again, until nothing more can
 * be done: what an image needs is known once the image is there.  *@ret, which
 * is empty before, is about the last check, and about all repairs.
 *
 * @ret_repo: the repository, open and locked; the caller closes it.  If nothing
 * had to be repaired, the lock has been held since the check, and the findings
 * still hold.
 *
 * Errors: of cfs_access_damaged() and cfs_repo_fsck(); when repairing, those of
 * cfs_access_write() and cfs_repair_from() too.  Whatever is wrong with the
 * repository is a finding.
 */
int cfs_check_repository(const struct cfs_access *access,
			 const struct cfs_check *params,
			 struct cfs_repo *ret_repo,
			 struct cfs_check_result *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Checks @repo, which cfs_access_read() opened by @access and which is locked,
 * once: params->from is ignored.  *@ret is empty before.
 * Errors: of cfs_access_demands_verity() and cfs_repo_fsck().
 */
int cfs_check_opened(const struct cfs_access *access,
		     const struct cfs_repo *repo,
		     const struct cfs_check *params,
		     struct cfs_check_result *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
