/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the parts of a check share (repo/fsck.h is the outside).
 *
 * Functions of these parts return 0, or negative errno for what keeps the
 * check from going on: no memory.
 */
#ifndef CFS_REPO_FSCK_RUN_H
#define CFS_REPO_FSCK_RUN_H

#include "erofs/reader.h"
#include "fsverity/digest_set.h"
#include "repo/dir.h"
#include "repo/fsck.h"

struct cfs_fsck_run {
	const struct cfs_repo *repo;
	const struct cfs_fsck_params *params;
	struct cfs_fsck count;
	bool one_image; /* and whether its files find their content */
	int objects;	/* objects/, or -EBADF when there is none */
	struct cfs_digest_set damaged; /* objects that were found to be */
	/* Objects that were read and are what their names say; others may be
	 * good too.  NULL when a single image is checked. */
	struct cfs_good *good;
	/* The file system that was asked last, and whether it cannot have
	 * fs-verity: then its files are not asked for it. */
	dev_t asked;
	bool no_verity;
};

/* Returns true with the size of the object @id in *@ret, if this run has read
 * it and found it to be good: it need not be looked up. */
bool cfs_fsck_is_good(const struct cfs_fsck_run *run,
		      const struct cfs_digest *id,
		      uint64_t *ret) CFS_MUST_CHECK CFS_NONNULL;

/* Counts @finding and hands it on. */
void cfs_fsck_report(struct cfs_fsck_run *run,
		     const struct cfs_finding *finding) CFS_NONNULL;

/* The same of a finding that has nothing but these; @reason may be NULL. */
void cfs_fsck_found(struct cfs_fsck_run *run, enum cfs_fsck_code code,
		    const char *where, const char *reason)
	__attribute__((nonnull(1, 3)));

/* The object that is being checked: of an image, a stream or objects/. */
struct cfs_fsck_subject {
	struct cfs_fsck_run *run;
	const char *where; /* path below the repository; borrowed */
	struct cfs_digest id;
};

/* Reports that @subject is at fault; @reason may be NULL.  Returns 0: the check
 * goes on, and the subject is not good. */
int cfs_fsck_wrong(const struct cfs_fsck_subject *subject,
		   enum cfs_fsck_code code, const char *reason)
	__attribute__((nonnull(1)));

/* Is @name that of a file that is still being written? */
bool cfs_fsck_is_temporary(const char *name) CFS_NONNULL;

/*
 * Lists the directory @name below @dirfd, which is @where below the
 * repository.  One that is missing is empty; what is no directory or cannot be
 * read is reported and counts as empty.
 */
int cfs_fsck_list(struct cfs_fsck_run *run, int dirfd, const char *name,
		  const char *where, struct cfs_dir_names *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Checks all objects. */
int cfs_fsck_objects(struct cfs_fsck_run *run,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Checks streams/, images/ and the names below them, and signatures/. */
int cfs_fsck_links(struct cfs_fsck_run *run,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Are these descriptors of one file, as where a link leads and what its name
 * says? */
bool cfs_fsck_is_same(int a, int b);

/*
 * Checks the splitstream that the link @where, streams/@name, leads to, which
 * is the open file @link_fd.
 * Returns 1, or 0 when the stream itself is at fault; negative errno also for
 * -ELIBACC, no libzstd.
 */
int cfs_fsck_stream(struct cfs_fsck_run *run, const char *where,
		    const char *name, int link_fd,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Checks the image that the link @where, images/@name, leads to: is it what its
 * name says, a sane image, and are the objects of its files there?
 */
int cfs_fsck_image(struct cfs_fsck_run *run, const char *where,
		   const char *name,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Checks that the files of @tree, read from the image @where, find their
 * objects, of the size they are to have.
 * *@ret_sane: becomes false when the image itself is wrong; objects that are
 * missing or damaged are no fault of the image.
 */
int cfs_fsck_needs(struct cfs_fsck_run *run, const char *where,
		   const struct cfs_tree *tree, bool *ret_sane,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
