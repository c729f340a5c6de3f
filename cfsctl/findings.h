/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The findings of a check (repo/fsck.h) in words: for people, and as JSON.
 */
#ifndef CFS_CFSCTL_FINDINGS_H
#define CFS_CFSCTL_FINDINGS_H

#include "base/buf.h"
#include "repo/fsck.h"

/* A name of an image. */
struct cfs_image_name {
	struct cfs_digest id;
	char *name; /* owned */
};

struct cfs_findings {
	struct cfs_buf names;	 /* struct cfs_image_name */
	struct cfs_buf errors;	 /* lines, each with its NUL */
	struct cfs_buf warnings; /* likewise */
	struct cfs_buf strings;	 /* the errors as elements of a JSON list */
	struct cfs_buf objects;	 /* everything as elements of a JSON list */
	unsigned cures;		 /* a bit for each that is to be named */
};

void cmd_findings_free(struct cfs_findings *f);

/* Remembers the names of @repo's images, to be told with findings about them.
 * Names that cannot be read are left out: the check reports them. */
void cmd_findings_names(struct cfs_findings *f,
			const struct cfs_repo *repo) CFS_NONNULL;

/* Adds a finding; the found() of struct cfs_fsck_params, with @arg a struct
 * cfs_findings. */
void cmd_findings_add(void *arg, const struct cfs_finding *finding) CFS_NONNULL;

/* Was there memory for all of it?  Errors: -ENOMEM. */
int cmd_findings_check(struct cfs_findings *f,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints @lines, of f->errors or f->warnings, as a list. */
void cmd_findings_print(const struct cfs_buf *lines) CFS_NONNULL;

/* Prints what can be done about the findings. */
void cmd_findings_print_cures(const struct cfs_findings *f) CFS_NONNULL;

#endif
