/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Deploying an image on a machine: it is booted next, on trial, with the
 * changes that were made to /etc, and the deployment before it stays to fall
 * back on.
 */
#ifndef CFS_OPS_DEPLOY_H
#define CFS_OPS_DEPLOY_H

#include "ops/deploy_state.h"
#include "ops/deployments.h"
#include "ops/prepare_boot.h"
#include "repo/lock.h"

struct cfs_deploy {
	const struct cfs_deployments_params *where; /* with a boot partition */
	const struct cfs_access *access;
	/* The image, and what goes into its entry.  boot_dir, carried, serial,
	 * before, check, make_state and arg are ignored. */
	const struct cfs_prepare_boot *boot;
	cfs_lock_waiting_fn *waiting; /* of cfs_repo_lock(); may be NULL */
	/* The deployment to take /etc, var and kernel arguments from, as
	 * cfs_deployments_name() takes it; NULL: the booted one, or else the
	 * first one that can be booted. */
	const char *from;
	/* The OCI manifest of the image, "sha256:...", for the file that bootc
	 * keeps beside state of its layout; or NULL. */
	const char *manifest;
	/* How many deployments to leave at most, older ones being removed; 0:
	 * all.  The new one, the booted one, the one to fall back on and those
	 * that are pinned stay. */
	unsigned keep;
	/* Write nothing and remove nothing: say what would be done.  The
	 * repository's lock stays as it is. */
	bool check;
};

/* A deployment that was, or could not be, removed. */
struct cfs_deploy_old {
	struct cfs_digest id;
	char *why; /* it stays; NULL: it was removed; owned */
};

/* Zero-initialise it. */
struct cfs_deployed {
	struct cfs_prepared_boot boot;
	bool has_from;
	struct cfs_digest from; /* what /etc and var are from, if has_from */
	struct cfs_state_made state;
	bool next; /* the boot loader starts it next */
	struct {
		CFS_VEC(struct cfs_deploy_old);
	} old;
};

#define CFS_AUTODEPLOYED __attribute__((cleanup(cfs_deployed_free)))
void cfs_deployed_free(struct cfs_deployed *deployed);

/*
 * Deploys the image: makes its state directory (cfs_deploy_state()), then its
 * boot entry (cfs_prepare_boot()), then takes "default" away from loader.conf
 * if that would start another entry (cfs_start_first()), and removes old
 * deployments (cfs_undeploy()).
 *
 * The entry has a name of its own, ID or ID_SERIAL, and comes first in the
 * menu, unless it is a unified kernel image, which has its place by its
 * version; no entry is replaced.  Kernel arguments that an entry of the
 * deployment before has and the image does not are set, too.  Wherever this is
 * interrupted, the deployments before can be booted, and the new one once there
 * is an entry.  A state directory that no entry boots is made anew.
 *
 * @repo: open; it is locked alone, for good.
 * Errors, before anything is written: -EEXIST the image is the booted one;
 * -ENOENT there is no deployment @how->from; -ENOLCK no locks here; what
 * cfs_prepare_boot() and cfs_deploy_state() check.  Later on those of writing.
 */
int cfs_deploy(const struct cfs_repo *repo, const struct cfs_deploy *how,
	       struct cfs_deployed *ret,
	       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
