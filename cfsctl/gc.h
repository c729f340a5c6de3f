/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Parts of `cfsctl gc`. */
#ifndef CFS_CFSCTL_GC_H
#define CFS_CFSCTL_GC_H

#include "base/json_write.h"
#include "base/vec.h"
#include "cfsctl/cfsctl.h"
#include "repo/gc/gc.h"
#include "repo/name.h"

struct cfs_gc_options {
	struct cfs_opt_list root, roots_from_boot, why;
	bool dry_run, ignore_broken_entries, json;
};

/* A copy of a finding. */
struct cfs_gc_kept_finding {
	enum cfs_gc_code code;
	bool stops;
	char *where, *reason; /* owned; NULL if there was no memory */
};

struct cfs_gc_findings {
	CFS_VEC(struct cfs_gc_kept_finding);
};

#define CFS_AUTOGCFINDINGS __attribute__((cleanup(cmd_gc_findings_free)))
void cmd_gc_findings_free(struct cfs_gc_findings *findings);

/* Keeps a copy; the found() of struct cfs_gc_params. */
void cmd_gc_finding_add(void *arg,
			const struct cfs_gc_finding *finding) CFS_NONNULL;

/* Prints the findings on stderr. */
void cmd_gc_findings_print(const struct cfs_gc_findings *findings) CFS_NONNULL;

/* Writes the member "findings". */
void cmd_gc_findings_json(const struct cfs_gc_findings *findings,
			  struct cfs_json_writer *w) CFS_NONNULL;

/*
 * Prints for each name what its removal would free.
 * Errors: -ENOMEM.
 */
int cmd_gc_names_print(const struct cfs_gc *gc,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the member "roots", with what would be freed without each. */
void cmd_gc_roots_json(const struct cfs_gc *gc,
		       struct cfs_json_writer *w) CFS_NONNULL;

/* The root as a user knows it: the name of an image, a tag, or what the caller
 * called it.  Returns it, in @room if need be; it is not fit to be printed. */
const char *cmd_gc_root_text(const struct cfs_gc_root *root,
			     char room[static CFS_REF_MAX]) CFS_NONNULL;

/* "image", "oci", "stream" or "root". */
const char *cmd_gc_root_type(const struct cfs_gc_root *root) CFS_NONNULL;

/* Errors: -CFS_EUSAGE one of @objects cannot be an object. */
int cmd_gc_why_check(const struct cfs_opt_list *objects,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Explains for each of @objects why it is kept, on stdout, or as the member
 * "why" of @w, which may be NULL.
 * Errors: see cmd_gc_why_check(); -ENOMEM, reading.
 */
int cmd_gc_why(const struct cfs_repo *repo, const struct cfs_gc *gc,
	       const struct cfs_opt_list *objects, struct cfs_json_writer *w,
	       struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 5)));

#endif
