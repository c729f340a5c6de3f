/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signatures of objects that come from another repository. */
#ifndef CFS_OPS_COPY_OBJECTS_H
#define CFS_OPS_COPY_OBJECTS_H

#include "keys/pem.h"
#include "ops/enrol.h"
#include "repo/sigpack.h"

/*
 * Takes the signatures of the objects of @image from the repository @from into
 * the image's pack in @store: those signers that @certs vouch for, and no
 * others.  Signers of before stay.  Objects that are stored afterwards get
 * them.
 *
 * Returns the number of objects that @certs have signed there; 0 also if the
 * repository uses another hash algorithm.
 * Errors, naming the object: -EKEYREJECTED one of @certs did not make the
 * signature that names it, -EBADMSG it is none; those of reading and writing
 * packs.
 */
int cfs_copy_object_signatures(const struct cfs_repo *from,
			       const struct cfs_digest *image,
			       const struct cfs_certs *certs,
			       struct cfs_store *store,
			       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The same for the signatures in @pack, which come from elsewhere and are of
 * the store's algorithm.
 */
int cfs_take_object_signatures(const struct cfs_sigpack *pack,
			       const struct cfs_digest *image,
			       const struct cfs_certs *certs,
			       struct cfs_store *store,
			       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Hands the signatures in the pack of @image to the kernel, up to the first
 * that it does not take: objects that were stored before have none.
 * Returns 1 if it has all of them, 0 with the reason in *@why_not if not.
 * Errors: those of cfs_sigpacks_read().
 */
int cfs_enrol_pack(struct cfs_store *store, const struct cfs_digest *image,
		   struct cfs_err *why_not,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
