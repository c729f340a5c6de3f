/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_REPO_ENROL_H
#define CFS_REPO_ENROL_H

#include "base/bytes.h"
#include "repo/store.h"

enum cfs_enrolled {
	CFS_ENROL_UNSUPPORTED = 0, /* kernel or file system has no fs-verity */
	CFS_ENROL_DONE,		   /* the kernel keeps and checks it now */
	CFS_ENROL_ALREADY,	   /* it kept these bytes before */
};

/*
 * Hands the signature @der of the object @id to the kernel, which checks it
 * now and whenever the object is opened afresh; the object cannot be opened
 * any more where the signer's certificate is missing.
 *
 * @fd: the object, read-only, its bytes already checked.
 * A signature cannot be added to a file that has fs-verity: a copy that has
 * both takes the object's name, at once.  Who has the old one open keeps it.
 * The object stays as it was when anything fails.
 *
 * Returns enum cfs_enrolled.  Errors: those of cfs_verity_enable() (-ENOKEY:
 * the certificate is not in the ring), -EBADMSG the copy measures otherwise,
 * -ENOSPC, ...
 */
int cfs_store_enrol(struct cfs_store *store, const struct cfs_digest *id,
		    int fd, struct cfs_bytes der,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
