/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The replies of org.composefs.Repository read back into the records that they
 * were written from (varlink/repository_reports.h). */
#ifndef CFS_VARLINK_READ_REPORTS_H
#define CFS_VARLINK_READ_REPORTS_H

#include "ops/check.h"
#include "ops/collect.h"
#include "varlink/client.h"

/*
 * Members of the object @from.  Integers and flags that are missing are 0.
 * cfs_varlink_text() returns a copy that the caller frees, NULL for null and
 * for anything but a string; *@ret_failed is set if there is no memory.
 * cfs_varlink_digest() returns false for anything but a digest in hex.
 */
uint64_t cfs_varlink_number(const struct cfs_json *doc,
			    const struct cfs_json_node *from,
			    const char *name) CFS_NONNULL;
bool cfs_varlink_flag(const struct cfs_json *doc,
		      const struct cfs_json_node *from,
		      const char *name) CFS_NONNULL;
char *cfs_varlink_text(const struct cfs_json *doc,
		       const struct cfs_json_node *from, const char *name,
		       bool *ret_failed) CFS_MUST_CHECK CFS_NONNULL;
bool cfs_varlink_digest(const struct cfs_json *doc,
			const struct cfs_json_node *from, const char *name,
			struct cfs_digest *ret) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the reply to Fsck into *@ret, which is empty before and freed by the
 * caller, also after a failure.
 * Errors: -EBADMSG it is none, or has findings that are not known here;
 * -ENOMEM.
 */
int cfs_varlink_read_check(const struct cfs_varlink_answer *answer,
			   struct cfs_check_result *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads the member "result" of the reply to Gc.  Errors: -EBADMSG. */
int cfs_varlink_read_collected(const struct cfs_varlink_answer *answer,
			       struct cfs_gc_result *ret,
			       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Calls @found for each of the findings of a reply of Gc.  Errors: as those of
 * cfs_varlink_read_check(). */
int cfs_varlink_read_gc_findings(
	const struct cfs_varlink_answer *answer,
	void (*found)(void *arg, const struct cfs_gc_finding *finding),
	void *arg, struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

#endif
