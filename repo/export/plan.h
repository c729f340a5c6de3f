/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which parts of an export have to be asked for to get some of its objects. */
#ifndef CFS_REPO_EXPORT_PLAN_H
#define CFS_REPO_EXPORT_PLAN_H

#include "base/vec.h"
#include "repo/export/format.h"

/* Bytes between two objects of a pack that are rather fetched along than left
 * out by a second request, whose header would be as long. */
#define CFS_EXPORT_GAP_MAX 4096u

/* A range of a pack is not extended past this size: several are fetched at
 * once, and less is asked for again when one of them has wrong bytes. */
#define CFS_EXPORT_RUN_MAX (4u << 20)

/* A range of a pack. */
struct cfs_export_run {
	uint32_t pack;
	uint64_t offset, length;
	/* Its objects: @n from plan->packed.v[first] on, in the order of the
	 * pack, none of which overlap. */
	size_t first, n;
};

/* Objects are indexes of the places that the plan was made of.
 * Zero-initialise it. */
struct cfs_export_plan {
	CFS_VEC(uint32_t) files; /* in files of their own, the largest first */
	CFS_VEC(struct cfs_export_run) runs;
	CFS_VEC(uint32_t) packed;
	uint64_t bytes; /* all of that, with the gaps */
};

void cfs_export_plan_free(struct cfs_export_plan *plan);
#define CFS_AUTOPLAN __attribute__((cleanup(cfs_export_plan_free)))

/*
 * Plans how to get the @n objects @wanted, indexes of @places without
 * repetition.
 * Errors: -EBADMSG two of them overlap in a pack; -ENOMEM.
 */
int cfs_export_plan_make(const struct cfs_export_place *places,
			 const uint32_t *wanted, size_t n,
			 struct cfs_export_plan *ret,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(4, 5)));

#endif
