/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The check of a repository and its report, of `fsck` and `oci fsck`. */
#ifndef CFS_CFSCTL_FSCK_REPORT_H
#define CFS_CFSCTL_FSCK_REPORT_H

#include "base/json_write.h"
#include "cfsctl/cfsctl.h"
#include "ops/check.h"

/* The options of `fsck` and `oci fsck`. */
struct cfs_fsck_options {
	bool json, metadata_only, read_data;
	unsigned threads;
};

/* Their rows, which set the member @check of @type.  @data: what --read-data
 * adds. */
#define CFS_FSCK_OPTIONS(type, check, data)                    \
	{ .name = "json",                                      \
	  .help = "print JSON, and succeed whatever is found", \
	  CFS_OPT_SETS(type, check.json) },                    \
		{ .name = "metadata-only",                     \
		  .help = "skip the objects",                  \
		  CFS_OPT_SETS(type, check.metadata_only) },   \
		{ .name = "read-data",                         \
		  .help = data,                                \
		  CFS_OPT_SETS(type, check.read_data) },       \
		CFS_OPT_THREADS(type, check.threads)

/* Refuses options that contradict each other: -CFS_EUSAGE. */
int cmd_fsck_options_check(const struct cfs_fsck_options *o,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Zero-initialise it. */
struct cfs_fsck_report {
	struct cfs_check_result checked;
	bool metadata_only;
	bool repair; /* repairs are part of the report */
};

#define CFS_AUTOREPORT __attribute__((cleanup(cmd_fsck_report_free)))
void cmd_fsck_report_free(struct cfs_fsck_report *report);

/*
 * Checks the repository as @o wants it, and repairs it from @from, which may be
 * NULL: nothing is repaired.  *@ret_repo: the repository, open and locked, as
 * cfs_check_repository() leaves it; the caller closes it.
 * Errors: of cfs_check_repository().
 */
int cmd_fsck_report_check(const struct cfs_globals *g,
			  const struct cfs_fsck_options *o,
			  const struct cfs_opt_list *from,
			  struct cfs_repo *ret_repo,
			  struct cfs_fsck_report *report,
			  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4, 5, 6)));

/* As cmd_fsck_report_check(), without repairs, of a repository that was checked
 * before: the report is replaced, but for its repairs. */
int cmd_fsck_report_again(const struct cfs_globals *g,
			  const struct cfs_fsck_options *o,
			  struct cfs_repo *ret_repo,
			  struct cfs_fsck_report *report,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints the report as text. */
void cmd_fsck_report_print(const struct cfs_fsck_report *report) CFS_NONNULL;

/* Writes the members of the report to the open object of @w. */
void cmd_fsck_report_json(const struct cfs_fsck_report *report,
			  struct cfs_json_writer *w) CFS_NONNULL;

#endif
