/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the files of org.composefs.Oci. */
#ifndef CFS_VARLINK_OCI_H
#define CFS_VARLINK_OCI_H

#include "varlink/service.h"

#define CFS_VARLINK_HANDLE                   \
	{                                    \
		"handle", CFS_VARLINK_INT, 0 \
	}

/* Errors with a message. */
int cfs_varlink_invalid_request(struct cfs_varlink_call *call,
				const char *why) CFS_NONNULL;
int cfs_varlink_invalid_digest(struct cfs_varlink_call *call,
			       const char *why) CFS_NONNULL;
int cfs_varlink_no_such_image(struct cfs_varlink_call *call,
			      const char *image) CFS_NONNULL;

/*
 * Opens the image that the string parameter number @n of @call means, a tag or
 * a digest.
 * Returns 1 with *@ret, or 0 if the reply is written: there is none, or it is
 * no digest.
 * Errors: of cfs_oci_image_find().
 */
int cfs_varlink_oci_find(const struct cfs_repo *repo,
			 struct cfs_varlink_call *call, unsigned n,
			 struct cfs_oci_image *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the reply that the image @name is refused, for the reason @proof has,
 * which is one, and @err words. */
int cfs_varlink_oci_refuse(struct cfs_varlink_call *call,
			   const struct cfs_proof *proof, const char *name,
			   const struct cfs_err *err) CFS_NONNULL;

/*
 * Makes sure that the image satisfies what the service demands of it.
 * Returns 1 with *@ret, or 0 if the reply is written: it is refused.
 * Errors: of cfs_trust_check().
 */
int cfs_varlink_oci_accept(struct cfs_varlink_call *call,
			   const struct cfs_trust_subject *subject,
			   struct cfs_proof *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The method Pull. */
extern const struct cfs_varlink_parameter cfs_varlink_pull_parameters[];
int cfs_varlink_pull(const struct cfs_varlink_handle *handle,
		     struct cfs_store *store, struct cfs_varlink_call *call,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The methods GetLayer and PutLayer. */
extern const struct cfs_varlink_parameter cfs_varlink_get_layer_parameters[];
int cfs_varlink_get_layer(const struct cfs_varlink_handle *handle,
			  struct cfs_varlink_call *call,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
extern const struct cfs_varlink_parameter cfs_varlink_put_layer_parameters[];
int cfs_varlink_put_layer(const struct cfs_varlink_handle *handle,
			  struct cfs_store *store,
			  struct cfs_varlink_call *call,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The methods Verify, Seal, SigningRequest, AttachSignatures and Sign. */
extern const struct cfs_varlink_parameter cfs_varlink_verify_parameters[];
int cfs_varlink_verify(const struct cfs_varlink_handle *handle,
		       struct cfs_varlink_call *call,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
extern const struct cfs_varlink_parameter cfs_varlink_seal_parameters[];
int cfs_varlink_seal(const struct cfs_varlink_handle *handle,
		     struct cfs_store *store, struct cfs_varlink_call *call,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
extern const struct cfs_varlink_parameter cfs_varlink_request_parameters[];
int cfs_varlink_signing_request(const struct cfs_varlink_handle *handle,
				struct cfs_varlink_call *call,
				struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
extern const struct cfs_varlink_parameter cfs_varlink_attach_parameters[];
int cfs_varlink_attach_signatures(
	const struct cfs_varlink_handle *handle, struct cfs_store *store,
	struct cfs_varlink_call *call,
	struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
extern const struct cfs_varlink_parameter cfs_varlink_sign_parameters[];
int cfs_varlink_sign(struct cfs_varlink_service *service,
		     struct cfs_varlink_call *call,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The method FinalizeImage. */
extern const struct cfs_varlink_parameter cfs_varlink_finalize_parameters[];
int cfs_varlink_finalize(const struct cfs_varlink_handle *handle,
			 struct cfs_store *store, struct cfs_varlink_call *call,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
