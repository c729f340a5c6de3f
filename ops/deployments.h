/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The deployments of a machine: images that it can boot, by its boot entries
 * and by state/deploy on its physical root.
 */
#ifndef CFS_OPS_DEPLOYMENTS_H
#define CFS_OPS_DEPLOYMENTS_H

#include "boot/entries.h"
#include "boot/loader.h"
#include "boot/origin_file.h"
#include "repo/open.h"

struct cfs_deployments_params {
	const char *sysroot; /* the physical root: state/deploy is below it */
	const char *boot;    /* the boot partition, or NULL without one */
	const char *root;    /* the root directory of the running system */
	/* What is foreign or broken; @where is a path with one of these
	 * directories in front, and its bytes are those of the disk. */
	cfs_boot_broken_fn *broken;
	void *arg;
};

struct cfs_deployment {
	struct cfs_digest id;
	bool booted;	  /* the running system is of it */
	bool next;	  /* the boot loader starts it next */
	bool fallback;	  /* and this one in its place, if that was removed */
	bool staged;	  /* the shutdown puts it in place (bootc) */
	bool pinned;	  /* cfs_is_pinned() */
	bool has_state;	  /* state/deploy/HEX is a directory */
	bool verified;	  /* the image is whole: cfs_require_whole() */
	char *unverified; /* why not, or NULL; owned */
	struct cfs_origin_file origin;
	struct {
		CFS_VEC(size_t);
	} entries; /* that boot it, as indices into those of the list */
};

/* Zero-initialise it. */
struct cfs_deployments {
	CFS_VEC(struct cfs_deployment);	 /* in the order of the boot loader,
					 * those without an entry at the end */
	struct cfs_boot_entries entries; /* also of other systems */
	struct cfs_loader loader;
	struct cfs_boot_order order; /* of the entries that are offered */
	bool here; /* the running system is one of the deployments */
};

#define CFS_AUTODEPLOYMENTS __attribute__((cleanup(cfs_deployments_free)))
void cfs_deployments_free(struct cfs_deployments *list);

/*
 * Lists the deployments whose images are in @repo, or should be.
 *
 * An entry that names several images boots the first one that the repository
 * has, and that has a state directory; such an entry counts for that image.
 * The firmware's variables count if the running system is one of the
 * deployments: otherwise they are of another machine.  If it was not started by
 * systemd-boot, whose rules these are, that is reported.
 *
 * @repo: open and locked.
 * Errors: -ENOMEM, -ENOENT and the like if a directory of @params cannot be
 * opened.
 */
int cfs_deployments_read(const struct cfs_repo *repo,
			 const struct cfs_deployments_params *params,
			 struct cfs_deployments *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Are all boot entries in @list?  What is decided without some of them may
 * forget what is deployed.
 * Errors: that of reading their directory.
 */
int cfs_deployments_complete(const struct cfs_deployments *list,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The deployment of the image @id, or NULL. */
struct cfs_deployment *cfs_deployments_find(const struct cfs_deployments *list,
					    const struct cfs_digest *id)
	CFS_NONNULL;

/*
 * Which deployment does @text name?  It names the image as for
 * cfs_image_find(), also if the repository has lost it: by the first 12 hex
 * digits or more.
 * Returns 1 with its image in *@ret, or 0 if there is no such deployment.
 * Errors: -ENOTUNIQ several images begin so, those of cfs_image_find().
 */
int cfs_deployments_name(const struct cfs_deployments *list,
			 const struct cfs_repo *repo, const char *text,
			 struct cfs_digest *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Can the boot loader start @d, and will it come up: is there an entry with
 * tries left, a whole image, and a state directory?  *@ret is the first such
 * entry. */
bool cfs_deployment_boots(const struct cfs_deployments *list,
			  const struct cfs_deployment *d,
			  size_t *ret) CFS_NONNULL;

#endif
