/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* fsck --repair: mends what a check has found (repo/repair.h). */
#ifndef CFS_CFSCTL_MEND_H
#define CFS_CFSCTL_MEND_H

#include "base/json_write.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/findings.h"
#include "fsverity/digest_set.h"

/* What was mended.  Zero-initialise it. */
struct cfs_mended {
	struct cfs_digest_set objects, images;
};

#define CFS_AUTOMENDED __attribute__((cleanup(cmd_mended_free)))
void cmd_mended_free(struct cfs_mended *mended);

/*
 * Mends what @findings name, from each path of @from in turn, and adds what
 * was done to @mended.  What an image that was mended needs is only known to
 * the next check.
 * @threads: as of struct cfs_repair.
 * Returns 1, or 0 when nothing could be done.
 * Errors: of opening the repository for writing, of cfs_repair_from().
 */
int cmd_mend(const struct cfs_globals *g, const struct cfs_findings *findings,
	     const struct cfs_opt_list *from, unsigned threads,
	     struct cfs_mended *mended,
	     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints what was mended, a line each. */
void cmd_mended_print(struct cfs_mended *mended) CFS_NONNULL;

/* Writes the member "mended", a list of paths below the repository. */
void cmd_mended_json(struct cfs_mended *mended,
		     struct cfs_json_writer *w) CFS_NONNULL;

#endif
