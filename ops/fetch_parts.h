/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Objects that are being fetched; private to ops/fetch*.c. */
#ifndef CFS_OPS_FETCH_PARTS_H
#define CFS_OPS_FETCH_PARTS_H

#include "ops/fetching.h"
#include "repo/export/plan.h"

struct cfs_fetch_object_file; /* an object in a file of its own */
struct cfs_fetch_object_run;  /* a range of a pack */

struct cfs_fetch_objects {
	struct cfs_fetching *f;
	const struct cfs_digest *id; /* of the image */
	const struct cfs_export_needs *needs;
	CFS_VEC(uint32_t) missing;	 /* indexes of needs */
	struct cfs_export_place *places; /* of all needs; owned */
	struct cfs_export_plan plan;
	struct cfs_fetch_object_file *files; /* of plan.files; owned */
	struct cfs_fetch_object_run *runs;   /* of plan.runs; owned */
	struct cfs_unzstd_sink *unzstd;	     /* for objects in packs, or NULL */
};

/* Push the gets of the plan's files and ranges.  Errors: -ENOMEM. */
int cfs_fetch_push_files(struct cfs_fetch_objects *o,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cfs_fetch_push_runs(struct cfs_fetch_objects *o,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Free them, once cfs_http_run() is over. */
void cfs_fetch_forget_files(struct cfs_fetch_objects *o) CFS_NONNULL;
void cfs_fetch_forget_runs(struct cfs_fetch_objects *o) CFS_NONNULL;

/* An object has come and is stored. */
void cfs_fetch_count(struct cfs_fetch_objects *o,
		     const struct cfs_export_need *need) CFS_NONNULL;

/* Bytes have come. */
void cfs_fetch_progress(const struct cfs_fetch_objects *o,
			uint64_t bytes) CFS_NONNULL;

/* Prepends the object to @err; returns its code. */
int cfs_fetch_blame(const struct cfs_export_need *need,
		    struct cfs_err *err) CFS_NONNULL;

#endif
