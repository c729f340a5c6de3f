/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signing the objects of an image, each for itself, so that the kernel can
 * judge single files: its IPE, for one, asks of the file that is executed
 * whether fs-verity keeps a signature with it.
 */
#ifndef CFS_OPS_SIGN_OBJECTS_H
#define CFS_OPS_SIGN_OBJECTS_H

#include "keys/sign.h"
#include "ops/enrol.h"
#include "ops/signature.h"
#include "ops/watch.h"
#include "repo/sigpacks.h"

/* Appends the signature of @id that was made elsewhere to @ret.
 * Returns 1, or 0 if there is none. */
typedef int cfs_sign_objects_find(void *arg, const struct cfs_digest *id,
				  struct cfs_buf *ret, struct cfs_err *err);

struct cfs_sign_objects_params {
	/* Keys to sign with, or n 0: */
	struct cfs_signing *const *keys;
	unsigned n;
	/* where the signatures of others are, and who they may be. */
	cfs_sign_objects_find *find;
	void *find_arg;
	const struct cfs_certs *certs;
	/* Signers who are taken out of the signatures so far, or NULL. */
	const struct cfs_certs *leaving;
	enum cfs_kernel_signatures kernel;
	unsigned threads; /* that sign; 0: one for each processor.  A key in a
			   * token is used by one. */
	const struct cfs_watch *watch; /* its file() is called for each object
					* by any thread; or NULL */
};

/* Filled in as far as it gets, also on failure.  Zero-initialise it. */
struct cfs_sign_objects_result {
	bool kept; /* the signatures are in the repository, at: */
	char path[CFS_SIGPACK_PATH_MAX];
	unsigned n; /* keys that signed, or had signed */
	struct {
		struct cfs_cert_info info;
		_Atomic size_t
			n_new; /* objects that it had not signed before */
	} signer[CFS_SIGNERS_MAX];
	size_t attached; /* signers added, of all objects */
	/* Objects whose signature the kernel has; if it is not all of them, why
	 * not is worded, or code is 0: nobody wanted it. */
	size_t enrolled, enrolled_before;
	struct cfs_err why_not;
};

/*
 * Signs @objects, objects of the image @image, and keeps their signatures in
 * its pack.  Signers of before stay, those of the same objects in other packs
 * come along, and what a signer has signed it does not sign again: a new
 * version of an image costs what is new in it.
 *
 * Errors: those of cfs_sign(), cfs_signers_attach(), cfs_sigpacks_read() and
 * cfs_sigpack_write(), naming the object; -ENOENT there is no signature made
 * elsewhere of an object that none of params->certs has signed; with
 * CFS_KERNEL_YES those of cfs_enrol().
 */
int cfs_sign_objects(struct cfs_store *store,
		     const struct cfs_sign_objects_params *params,
		     const struct cfs_digest *image,
		     struct cfs_digest_set *objects,
		     struct cfs_sign_objects_result *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Signs those of @of, all objects of @image, again that params->leaving signed,
 * by its pack: they get the signature of the keys and lose those of the signers
 * who leave, as other signers stay.  Without keys, objects change that one of
 * params->certs has signed; params->find is not used.  A pack proves nothing:
 * what it has of other objects, and wrong signatures, stay as they are, and so
 * do the packs of other images.
 *
 * Returns how many objects still have a signer who leaves.  ret->kept: some
 * have lost one.
 * Errors: those of cfs_sign_objects().
 */
int cfs_replace_signers(struct cfs_store *store,
			const struct cfs_sign_objects_params *params,
			const struct cfs_digest *image,
			const struct cfs_digest_set *of,
			struct cfs_sign_objects_result *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
