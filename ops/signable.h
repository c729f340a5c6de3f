/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The objects of an image that are signed one by one. */
#ifndef CFS_OPS_SIGNABLE_H
#define CFS_OPS_SIGNABLE_H

#include "fsverity/digest_set.h"
#include "ops/access.h"
#include "ops/inline_programs.h"

enum cfs_signable_which {
	/* Those of files with an x bit, and those that begin as an ELF file
	 * does: libraries are mapped to be executed, with or without it. */
	CFS_SIGNABLE_EXEC,
	CFS_SIGNABLE_ALL,
};

/* Zero-initialise it. */
struct cfs_signable {
	struct cfs_digest_set objects; /* in order */
	size_t others;		       /* objects of the image that are not */
	/* Executables without an object (ops/inline_programs.h). */
	CFS_VEC(char *) inline_programs; /* paths, with any bytes; owned */
};

void cfs_signable_free(struct cfs_signable *s);
#define CFS_AUTOSIGNABLE __attribute__((cleanup(cfs_signable_free)))

/* The image that is looked at. */
struct cfs_signable_of {
	const struct cfs_access *access; /* of the repository */
	const struct cfs_repo *repo;
	struct cfs_digest id;
	const char *name; /* as the user calls it */
};

/*
 * Lists the objects of the image @of.  It has to be what its digest names, and
 * whole; contents are only looked at for the mark of an ELF file.
 * Errors: those of cfs_image_map(), cfs_require_whole() and cfs_erofs_read().
 */
int cfs_signable_find(const struct cfs_signable_of *of,
		      enum cfs_signable_which which, struct cfs_signable *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
