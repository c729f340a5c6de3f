/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Results of checks and collections as members of a reply. */
#ifndef CFS_VARLINK_REPOSITORY_REPORTS_H
#define CFS_VARLINK_REPOSITORY_REPORTS_H

#include "base/json_write.h"
#include "base/vec.h"
#include "ops/check.h"
#include "ops/collect.h"

/* Writes @id as a string of hex digits; null if @id is NULL. */
void cfs_varlink_write_digest(struct cfs_json_writer *w, const char *name,
			      const struct cfs_digest *id)
	__attribute__((nonnull(1)));

/* Writes how much a check has seen, and whether all of it was in order: the
 * members that the reply of Fsck and the output of `cfsctl fsck --json` begin
 * with. */
void cfs_varlink_write_counts(const struct cfs_check_result *checked,
			      struct cfs_json_writer *w) CFS_NONNULL;

/* Writes who uses the object of @finding: the members "names", "files" and
 * "files_total". */
void cfs_varlink_write_users(const struct cfs_findings *f,
			     const struct cfs_finding *finding,
			     struct cfs_json_writer *w) CFS_NONNULL;

/* Writes all members of the reply of Fsck. */
void cfs_varlink_write_check(const struct cfs_check_result *checked,
			     struct cfs_json_writer *w) CFS_NONNULL;

/* Findings of a collection, copied. */
struct cfs_varlink_gc_finding {
	enum cfs_gc_code code;
	bool stops;
	char *where, *reason; /* owned; NULL: there was no memory */
};

/* Zero-initialise it. */
struct cfs_varlink_gc_findings {
	CFS_VEC(struct cfs_varlink_gc_finding);
};

void cfs_varlink_gc_findings_free(struct cfs_varlink_gc_findings *findings);

/* Keeps a copy of @finding; the found() of struct cfs_collect, with @arg a
 * struct cfs_varlink_gc_findings, which fails if there is no memory. */
void cfs_varlink_gc_finding_add(void *arg, const struct cfs_gc_finding *finding)
	CFS_NONNULL;

/* Writes the members "findings" and "result" of the reply of Gc. */
void cfs_varlink_write_gc_findings(
	const struct cfs_varlink_gc_findings *findings,
	struct cfs_json_writer *w) CFS_NONNULL;
void cfs_varlink_write_collected(const struct cfs_gc_result *result,
				 struct cfs_json_writer *w) CFS_NONNULL;

#endif
