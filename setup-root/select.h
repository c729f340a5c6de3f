/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which of the images that the command line names is booted: the first that
 * is there.  There is no second chance for one that is there and wrong: a
 * damaged disk must not select an older image.
 */
#ifndef CFS_SETUP_ROOT_SELECT_H
#define CFS_SETUP_ROOT_SELECT_H

#include "keys/pem.h"
#include "repo/image.h"
#include "setup-root/config.h"
#include "setup-root/log.h"

struct cfs_candidate {
	struct cfs_digest digest;
	bool insecure; /* a file without fs-verity will do */
	/* "untried", "other algorithm", "unreadable", "dangling", "absent",
	 * "wrong digest", "signature", "no state" or "booted" */
	const char *result;
};

struct cfs_choice {
	unsigned index;	       /* of the candidates */
	int fd;		       /* the image, O_RDONLY; the caller closes it */
	bool verity;	       /* the kernel vouches for its digest */
	const char *signature; /* "kernel", "pkcs7"; NULL: none was asked for */
};

struct cfs_finder {
	const struct cfs_repo *repo;
	int physical_fd; /* the physical root, O_PATH */
	const struct cfs_config *config;
	const struct cfs_certs *certs; /* by which an image may be signed */
	bool kernel_checks;	       /* .fs-verity holds @certs */
	struct cfs_log *log;
};

/*
 * Opens the first of @candidates that the repository has, and measures the
 * descriptor it returns: what was measured is what is mounted.  A repository of
 * another algorithm does not have the image.  An insecure candidate may lack
 * fs-verity, but not have a different digest.  A good image without the state
 * directory that it needs makes room for a later one that has its own.
 *
 * If [keys] require-signed is set, the image's digest must be signed by one of
 * the certificates, in the signature kept with the file or in
 * signatures/<hex>.p7s.  cfs_pkcs7_check() checks that signature even when the
 * kernel let the file be opened; if the kernel checks signatures too, its
 * opening the file is a second opinion ("kernel").
 *
 * Each candidate's result is set.  Returns 1 with *@ret, or 0 when none is
 * there; on error @ret->index is the one that failed.
 * Errors: -EBADMSG the digest is wrong or missing, or the signature missing or
 * unusable for whatever reason; and those of cfs_repo_open_image().
 */
int cfs_select(const struct cfs_finder *finder,
	       struct cfs_candidate *candidates, unsigned n,
	       struct cfs_choice *ret,
	       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
