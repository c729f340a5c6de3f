/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The check of a repository and its report, of `fsck` and `oci fsck`. */
#ifndef CFS_CFSCTL_FSCK_REPORT_H
#define CFS_CFSCTL_FSCK_REPORT_H

#include "base/json_write.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/findings.h"
#include "cfsctl/mend.h"
#include "repo/fsck.h"

/* Zero-initialise it. */
struct cfs_fsck_report {
	struct cfs_findings findings;
	struct cfs_mended mended;
	struct cfs_fsck count;
	bool has_meta, meta_broken, metadata_only;
	bool repair; /* set by the caller: @mended is part of the report */
};

#define CFS_AUTOREPORT __attribute__((cleanup(cmd_fsck_report_free)))
void cmd_fsck_report_free(struct cfs_fsck_report *report);

/*
 * Opens and checks the repository.  @params, whose found and arg keep findings
 * in @report, gets the members that depend on the repository.
 * Errors: of opening it and of cfs_repo_fsck().
 */
int cmd_fsck_report_check(const struct cfs_globals *g,
			  struct cfs_fsck_report *report,
			  struct cfs_fsck_params *params,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints the report as text. */
void cmd_fsck_report_print(struct cfs_fsck_report *report) CFS_NONNULL;

/* Writes the members of the report to the open object of @w. */
void cmd_fsck_report_json(struct cfs_fsck_report *report,
			  struct cfs_json_writer *w) CFS_NONNULL;

#endif
