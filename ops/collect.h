/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Removing what nothing in a repository needs (repo/gc/gc.h), and nothing that
 * boots. */
#ifndef CFS_OPS_COLLECT_H
#define CFS_OPS_COLLECT_H

#include "repo/gc/gc.h"
#include "repo/lock.h"

struct cfs_collect {
	const char *path; /* of the repository, for errors and findings */
	enum cfs_gc_how how;
	/* Images and streams to keep although they have no name. */
	const char *const *roots;
	unsigned n_roots;
	/* Directories of boot partitions: what they can boot is kept. */
	const char *const *boot;
	unsigned n_boot;
	bool ignore_broken; /* boot entries that cannot be read stop nothing */
	cfs_lock_waiting_fn *waiting; /* of cfs_repo_lock(); may be NULL */
	/* As of struct cfs_gc_params. */
	void (*found)(void *arg, const struct cfs_gc_finding *finding);
	void *arg;
};

/*
 * Finds what nothing needs and removes it, or, with CFS_GC_COUNT, only counts
 * it.  Roots are what has a name in the repository and what params lists, the
 * deployments beside the repository, and the images that are running; of the
 * system's repository also what /boot can boot, as far as that can be read,
 * unless params->boot says where that is.
 *
 * @repo: open and locked; anything but CFS_GC_COUNT locks it alone, for good.
 * It outlives *@ret, as what params->arg points to does.
 * @ret: the collection, to ask it why something is kept; cfs_gc_free() frees
 * it.  When cfs_gc_stops() of it is not 0, what some roots need could not be
 * read, and nothing was counted or removed; the findings say so.
 * @ret_result: zero before.
 *
 * Errors: -ENOENT one of params->roots, which err->path has, is nothing at all;
 * -ENOLCK no locks here;
 * those of cfs_repo_check_writable(), cfs_gc_mark() and cfs_gc_sweep().
 */
int cfs_collect_garbage(const struct cfs_repo *repo,
			const struct cfs_collect *params, struct cfs_gc **ret,
			struct cfs_gc_result *ret_result,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
