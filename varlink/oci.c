/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/oci.h"

#include <string.h>

#include "oci/tag.h"

int cfs_varlink_invalid_request(struct cfs_varlink_call *call, const char *why)
{
	return cfs_varlink_refuse_text(call, "InvalidRequest", "message", why);
}

int cfs_varlink_invalid_digest(struct cfs_varlink_call *call, const char *why)
{
	return cfs_varlink_refuse_text(call, "InvalidDigest", "message", why);
}

int cfs_varlink_no_such_image(struct cfs_varlink_call *call, const char *image)
{
	return cfs_varlink_refuse_text(call, "NoSuchImage", "image", image);
}

/* Does @err mean that there is no image @name, rather than that a part of it is
 * missing? */
static bool is_missing(const struct cfs_err *err, const char *name)
{
	/* err->path may have been cut short. */
	return err->code == ENOENT && err->path[0] &&
	       strncmp(name, err->path, strlen(err->path)) == 0;
}

int cfs_varlink_oci_find(const struct cfs_repo *repo,
			 struct cfs_varlink_call *call, unsigned n,
			 struct cfs_oci_image *ret, struct cfs_err *err)
{
	const char *name = call->value[n].text;
	struct cfs_err why;
	int r;

	/* What cannot be a name is no name that an image has. */
	if (*name != '@' && cfs_oci_tag_check(name, &why) < 0)
		return cfs_varlink_no_such_image(call, name);
	r = cfs_oci_image_find(repo, name, ret, err);
	if (r >= 0)
		return 1;
	if (is_missing(err, name))
		return cfs_varlink_no_such_image(call, name);
	if (*name == '@' && (r == -EINVAL || r == -EOPNOTSUPP))
		return cfs_varlink_invalid_digest(call, err->msg);
	return r;
}

int cfs_varlink_oci_refuse(struct cfs_varlink_call *call,
			   const struct cfs_proof *proof, const char *name,
			   const struct cfs_err *err)
{
	switch (proof->refusal) {
	case CFS_REFUSED_UNSIGNED:
		return cfs_varlink_refuse_text(call, "SignatureRequired",
					       "image", name);
	case CFS_REFUSED_FAILED:
		return cfs_varlink_refuse_text(call,
					       "SignatureVerificationFailed",
					       "message", err->msg);
	default:
		return cfs_varlink_refuse_text(call, "InvalidCertificate",
					       "message", err->msg);
	}
}

int cfs_varlink_oci_accept(struct cfs_varlink_call *call,
			   const struct cfs_trust_subject *subject,
			   struct cfs_proof *ret, struct cfs_err *err)
{
	int r = cfs_trust_check(call->service->rules.trust, subject, ret, err);

	if (r >= 0)
		return 1;
	return ret->refusal
		       ? cfs_varlink_oci_refuse(call, ret, subject->name, err)
		       : r;
}
