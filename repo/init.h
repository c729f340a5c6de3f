/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Making a repository, and finding out about one that was made before there
 * was meta.json.
 */
#ifndef CFS_REPO_INIT_H
#define CFS_REPO_INIT_H

#include "base/buf.h"
#include "repo/open.h"

/*
 * Permissions of the repository's directory wherever it is made.  Objects are
 * world-readable and hold the contents of files that only root may read in an
 * image: the closed directory is what keeps them from other users.
 * Source: composefs-rs crates/composefs/src/repository.rs.
 */
#define CFS_REPO_MODE 0700

struct cfs_init_params {
	struct cfs_meta meta; /* version is set here */
	bool secure; /* meta.json gets fs-verity: all objects must have it */
	bool ensure; /* keep whatever configuration is there */
	bool reset;  /* remove images, streams and signatures first */
	/* Nobody asked for meta.alg: objects that exist outrank it. */
	bool default_alg;
};

enum cfs_init {
	CFS_INIT_CREATED,
	CFS_INIT_ALREADY,  /* as asked for (with ensure: or otherwise) */
	CFS_INIT_UPGRADED, /* ensure: meta.json was added to old objects */
};

/* Appends meta.json as upstream writes it. */
void cfs_meta_format(const struct cfs_meta *meta,
		     struct cfs_buf *buf) CFS_NONNULL;

/*
 * Makes the repository @path, its parents too, or finds it there already.
 * meta.json is on the disk when this returns, and never there in part.  When
 * it fails, the directories that it made are removed again.
 *
 * A directory that exists must be empty or a repository: meta.json is good, or
 * it has objects, or nothing but names that a repository has.
 *
 * Returns enum cfs_init.
 * Errors: -EEXIST it is there with another configuration, -EOPNOTSUPP the
 * file system has no fs-verity and secure was asked for, -ENOTEMPTY the
 * directory is used for something else, ...
 */
int cfs_repo_init(const char *path, const struct cfs_init_params *params,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Adds to @err, from cfs_repo_open(AT_FDCWD, @path), what can be done when a
 * broken meta.json is the reason.  Returns the error's code.
 */
int cfs_repo_open_advice(const char *path, struct cfs_err *err) CFS_NONNULL;

/*
 * Does the repository demand fs-verity of its objects?  That is so when
 * meta.json itself has it; there is no field for it.
 * Returns 1 or 0.  A copy of a repository loses it, so this must never decide
 * what is trusted at boot.
 */
int cfs_repo_is_secure(const struct cfs_repo *repo,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The permissions that the directory of @repo grants beyond CFS_REPO_MODE,
 * 0 to 0077: not 0 means that other users can read all objects.
 * Errors: negative errno.
 */
int cfs_repo_open_to_others(const struct cfs_repo *repo,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * What meta.json of the old repository @repo would say: the algorithm by the
 * length of its objects' names, the format by what its images are.
 * Nothing is written.
 * Errors: -ENOENT no objects to tell it by.
 */
int cfs_repo_infer_meta(const struct cfs_repo *repo, struct cfs_meta *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The name of one object, whichever comes first.  Returns 1 with *@ret.
 * Errors: -ENOENT there is none. */
int cfs_repo_any_object(const struct cfs_repo *repo, struct cfs_digest *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Counts the objects whose names are digests of another algorithm than that of
 * @repo: nothing in it can use them, and no collection removes them.
 * Errors: those of reading objects/.
 */
int cfs_repo_count_other_objects(const struct cfs_repo *repo, uint64_t *ret,
				 struct cfs_err *err)
	CFS_MUST_CHECK CFS_NONNULL;

/*
 * Writes the meta.json that cfs_repo_infer_meta() finds into the old
 * repository @repo, secure when its objects have fs-verity.
 */
int cfs_repo_upgrade(const struct cfs_repo *repo, const struct cfs_meta *meta,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
