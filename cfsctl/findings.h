/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The findings of a check (repo/fsck.h), kept and worded: for people, and as
 * JSON.
 */
#ifndef CFS_CFSCTL_FINDINGS_H
#define CFS_CFSCTL_FINDINGS_H

#include "base/json_write.h"
#include "ops/image_names.h"
#include "repo/fsck.h"

struct cfs_kept_finding; /* a copy of a struct cfs_finding */

/* Zero-initialise it. */
struct cfs_findings {
	struct cfs_image_names names;
	struct cfs_kept_finding *v; /* owned, in the order of the check */
	size_t n, room;
	bool no_memory;
};

#define CFS_AUTOFINDINGS __attribute__((cleanup(cmd_findings_free)))
void cmd_findings_free(struct cfs_findings *f);

/* Remembers the names of @repo's images, to be told with findings about them.
 * Names that cannot be read are left out: the check reports them. */
void cmd_findings_names(struct cfs_findings *f,
			const struct cfs_repo *repo) CFS_NONNULL;

/* Keeps a copy of @finding; the found() of struct cfs_fsck_params, with @arg a
 * struct cfs_findings. */
void cmd_findings_add(void *arg, const struct cfs_finding *finding) CFS_NONNULL;

/* Finding @i, below f->n, with everything it points to. */
const struct cfs_finding *cmd_findings_get(const struct cfs_findings *f,
					   size_t i) CFS_NONNULL;

/* Checks that every finding was recorded.  Errors: -ENOMEM. */
int cmd_findings_check(const struct cfs_findings *f,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Print the errors, or the warnings, as a list. */
void cmd_findings_print_errors(const struct cfs_findings *f) CFS_NONNULL;
void cmd_findings_print_warnings(const struct cfs_findings *f) CFS_NONNULL;

/* Prints what can be done about the findings. */
void cmd_findings_print_cures(const struct cfs_findings *f) CFS_NONNULL;

/* Writes the members "errors", the lines that are printed, and "findings". */
void cmd_findings_json(const struct cfs_findings *f,
		       struct cfs_json_writer *w) CFS_NONNULL;

#endif
