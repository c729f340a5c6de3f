/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Mends a repository with good copies from elsewhere: another repository,
 * whose objects are looked up by name, or any directory, whose files are
 * hashed.
 *
 * What is taken is checked against the digest that it is wanted by, has its
 * name only once it is complete, and gets fs-verity where the store demands
 * it.  What has the name of an object and is not that object is replaced, also
 * one that the kernel measures right and cannot read: adding an object does not
 * look so closely.
 */
#ifndef CFS_REPO_REPAIR_H
#define CFS_REPO_REPAIR_H

#include "fsverity/digest_set.h"
#include "repo/store.h"

/* Zero-initialise it. */
struct cfs_repair {
	/* Objects that are missing or damaged; not added to once
	 * cfs_repair_from() was called. */
	struct cfs_digest_set wanted;
	struct cfs_digest_set images; /* whose links are to be made anew */
	unsigned threads;	      /* that hash; 0: one for each processor */
	/* What was done: objects stored, links made. */
	struct cfs_digest_set objects_mended, images_mended;
	bool *done;  /* private: of each that is wanted */
	size_t left; /* private: those that are not done */
};

#define CFS_AUTOREPAIR __attribute__((cleanup(cfs_repair_free)))
void cfs_repair_free(struct cfs_repair *repair);

/*
 * Takes from @path, a repository or a directory, every object that is wanted
 * and not mended yet.  Files of @path that cannot be read are passed over, and
 * so is an object whose place in the store is taken by a directory: a check
 * afterwards tells what is left.
 * Errors: -ENOENT, -ENOTDIR of @path; what ends all writing (-ENOSPC, -EROFS,
 * -EOPNOTSUPP fs-verity demanded and unavailable, ...); -ENOMEM.
 */
int cfs_repair_from(struct cfs_repair *repair, struct cfs_store *store,
		    const char *path,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes images/<hex> for each of repair->images whose object is there and
 * right, and an EROFS image.
 * Errors: as above.
 */
int cfs_repair_links(struct cfs_repair *repair, struct cfs_store *store,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Is the object @id there, as @store demands it?  All of it is read: the kernel
 * vouches for a file with a bad block, too. */
bool cfs_repair_is_good(const struct cfs_store *store,
			const struct cfs_digest *id) CFS_NONNULL;

#endif
