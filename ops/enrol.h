/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Handing signatures of objects to the kernel, and what it keeps of them. */
#ifndef CFS_OPS_ENROL_H
#define CFS_OPS_ENROL_H

#include "keys/pem.h"
#include "repo/enrol.h"

/* Is the kernel to check signatures at every open of what they sign? */
enum cfs_kernel_signatures {
	CFS_KERNEL_AUTO, /* if it would verify them */
	CFS_KERNEL_YES,	 /* fail otherwise */
	CFS_KERNEL_NO,
};

/*
 * Hands the signature @der of the object @id to the kernel: cfs_store_enrol(),
 * unless this kernel checks no signatures.
 *
 * @fd: the object, read-only, its bytes already checked.
 * Returns CFS_ENROL_DONE or CFS_ENROL_ALREADY.
 * Errors: -EOPNOTSUPP the kernel checks no signatures or there is no fs-verity
 * here; those of cfs_store_enrol().
 */
int cfs_enrol(struct cfs_store *store, const struct cfs_digest *id, int fd,
	      struct cfs_bytes der,
	      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Hands the signature @der of the object @id in the repository to the kernel,
 * after checking its bytes.
 * Returns and errors: as cfs_enrol(), which names the object unless nothing can
 * be handed to this kernel at all; -ENOENT the object is missing.
 */
int cfs_enrol_object(struct cfs_store *store, const struct cfs_digest *id,
		     struct cfs_bytes der,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Does a certificate of @certs vouch for the object @id by the signature that
 * the kernel keeps with it?  *@ret_cert (may be NULL): the first that does.
 *
 * Errors: -ENOENT there is no such object; -ENODATA it has no fs-verity, or no
 * signature; -ENOTTY kernel or file system cannot read signatures back;
 * -EBADMSG it is another file; those of opening it, such as -ENOKEY, and of
 * cfs_signature_verify().
 */
int cfs_enrol_verify(const struct cfs_repo *repo, const struct cfs_digest *id,
		     const struct cfs_certs *certs, unsigned *ret_cert,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 2, 3, 5)));

#endif
