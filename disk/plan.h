/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What shall be in a disk image, before a byte of it is written: the list of
 * its files decides how large the image is and what it is called (its UUID),
 * and is then carried out in order.
 *
 *   /composefs/            the repository: meta.json, objects/, images/,
 *                          streams/, signatures/ without the packs, whose
 *                          signatures are in the fs-verity of the objects
 *   /state/deploy/<hex>/   etc/upper, etc/work and var of one deployment
 *   anything else          files and directories of the caller
 *
 * Source of the state's layout: composefs-rs crates/cfsctl, prepare-boot.
 */
#ifndef CFS_DISK_PLAN_H
#define CFS_DISK_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/vec.h"
#include "fsverity/digest_set.h"
#include "repo/open.h"
#include "repo/sigpacks.h"

enum cfs_plan_kind {
	CFS_PLAN_DIR,
	CFS_PLAN_LINK,	 /* from: its target */
	CFS_PLAN_FILE,	 /* from: where it is copied from */
	CFS_PLAN_META,	 /* the repository's meta.json */
	CFS_PLAN_OBJECT, /* named by its parent's name and its own */
};

struct cfs_plan_entry {
	enum cfs_plan_kind kind;
	unsigned parent;	  /* its directory; below its own index */
	char *name;		  /* owned; "" for the root */
	char *from;		  /* owned, or NULL */
	bool from_repo;		  /* from is below the repository's fd */
	bool has_signature;	  /* signatures/<hex>.p7s is there */
	bool in_pack;		  /* if not, a pack has its signature */
	mode_t mode;		  /* permissions */
	uint64_t size;		  /* bytes of data */
	uint64_t blocks;	  /* with all metadata */
	struct cfs_digest digest; /* FILE: what it had when planned; with
				   * in_pack: of the signature */
};

struct cfs_plan {
	CFS_VEC(struct cfs_plan_entry); /* [0] is the root directory */
	enum cfs_alg alg;		/* of the repository */
	/* Images and other objects carry the signatures that the repository
	 * keeps, so that a kernel without the signer's certificate refuses
	 * them.  Set by the caller of cfs_plan_repo(). */
	bool with_signatures;
	struct cfs_sigpacks packs; /* with them: of the images planned */
};

#define CFS_AUTOPLAN __attribute__((cleanup(cfs_plan_free)))

void cfs_plan_free(struct cfs_plan *plan);

/* The images of a repository that are planned, and the objects they need. */
struct cfs_plan_choice {
	struct cfs_digest_set *images;
	struct cfs_digest_set *objects; /* the images too */
};

/*
 * Starts @plan (zero-initialised but for with_signatures) with @repo in
 * /composefs: all of it, or with @only the chosen images, their names and
 * signatures and the chosen objects.
 * Names in the repository that are none of its own (temporary files) are left
 * out.
 * Errors: -ENOENT no meta.json, -EINVAL a name is of the wrong kind, ...
 */
int cfs_plan_repo(struct cfs_plan *plan, const struct cfs_repo *repo,
		  const struct cfs_plan_choice *only,
		  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 4)));

/*
 * Adds the state of a deployment of image @id: etc/upper of mode @etc_mode,
 * etc/work (0700) and var of mode @var_mode.
 * Errors: -EEXIST it was added already.
 */
int cfs_plan_state(struct cfs_plan *plan, const struct cfs_digest *id,
		   mode_t etc_mode, mode_t var_mode,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds the file or directory @from of this machine as @path; directories on
 * the way are made (0755), an existing directory is filled up.  Modes are
 * kept, owners are not.
 * Errors: -EINVAL @path is not absolute or has empty, "." or ".." components,
 * or @from has something that is neither file, directory nor link; -EEXIST;
 * -ELOOP nested deeper than CFS_DIR_DEPTH_MAX.
 */
int cfs_plan_add(struct cfs_plan *plan, const char *from, const char *path,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Blocks all of it takes in the file system. */
uint64_t cfs_plan_blocks(const struct cfs_plan *plan) CFS_NONNULL;

/*
 * An UUID (version 8) made from everything in the plan and @salt: equal plans
 * have equal ones.
 */
int cfs_plan_uuid(const struct cfs_plan *plan, const char *salt,
		  uint8_t ret[static 16],
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
