/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The methods of org.composefs.Oci about digests and signatures of an image.
 *
 * No private key comes over the socket: SigningRequest says what to sign, and
 * AttachSignatures takes the signatures back.
 */
#include <string.h>

#include "base/base64.h"
#include "oci/seal/image.h"
#include "oci/seal/inline.h"
#include "oci/tag.h"
#include "ops/enrol_image.h"
#include "ops/signature.h"
#include "varlink/oci.h"
#include "varlink/repository_reports.h"
#include "varlink/verification.h"

#define IMAGE                                  \
	{                                      \
		"image", CFS_VARLINK_STRING, 0 \
	}
#define OPTIONAL .optional = true

static struct cfs_bytes bytes_of(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

/* Reads certificates out of the parameter number @n.  Returns 1, or 0 if the
 * reply is written. */
static int read_certs(struct cfs_varlink_call *call, unsigned n,
		      struct cfs_certs *ret, struct cfs_err *err)
{
	int r = cfs_certs_add(ret, bytes_of(call->value[n].text), "cert_pem",
			      err);

	if (r >= 0)
		return 1;
	return r == -ENOMEM
		       ? r
		       : cfs_varlink_refuse_text(call, "InvalidCertificate",
						 "message", err->msg);
}

static int failed(struct cfs_varlink_call *call, const struct cfs_err *err)
{
	return cfs_varlink_refuse_text(call, "SignatureVerificationFailed",
				       "message", err->msg);
}

const struct cfs_varlink_parameter cfs_varlink_verify_parameters[] = {
	CFS_VARLINK_HANDLE,
	IMAGE,
	{ "cert_pem", CFS_VARLINK_STRING, OPTIONAL },
	{ "bootable", CFS_VARLINK_BOOL, OPTIONAL },
	{ 0 },
};

static void write_role(struct cfs_json_writer *w, enum cfs_seal_role role,
		       size_t layer)
{
	char text[64];

	snprintf(text, sizeof(text), "layer[%zu]", layer);
	cfs_json_write_text(w, "role",
			    role == CFS_SEAL_LAYER ? text
						   : cfs_seal_role_name(role));
}

static void write_entries(const struct cfs_seal_verification *v,
			  struct cfs_json_writer *w)
{
	cfs_json_write_array(w, "entries", CFS_JSON_ONE_LINE);
	for (unsigned i = 0; v->sources.n > 0 && i < v->verdicts[v->which].n;
	     i++) {
		const struct cfs_seal_finding *f = &v->verdicts[v->which].v[i];
		const struct cfs_seal_entry *entry =
			&v->sources.v[v->which]->artifact.v[i];

		cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
		write_role(w, f->role, f->layer);
		cfs_varlink_write_digest(w, "expected_digest", &entry->digest);
		cfs_json_write_bool(w, "digest_ok", f->match == CFS_SEAL_EQUAL);
		cfs_json_write_bool(w, "signature_verified",
				    f->sig == CFS_SEAL_GOOD);
		cfs_json_write_text(w, "detail", *f->why ? f->why : NULL);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

static void write_verification(const struct cfs_seal_verification *v,
			       enum cfs_alg alg, bool has_certs,
			       struct cfs_json_writer *w)
{
	bool verified = v->answer == CFS_SEAL_VERIFIED;

	cfs_json_write_u64(w, "verified_count",
			   verified ? cfs_seal_count_good(v) : 0);
	cfs_json_write_bool(w, "ok", verified);
	cfs_json_write_bool(w, "cert_supplied", has_certs);
	cfs_json_write_text(w, "algorithm",
			    alg == CFS_ALG_SHA256 ? "sha256-12" : "sha512-12");
	write_entries(v, w);
	cfs_json_write_text(w, "answer", cfs_seal_answer_name(v->answer));
	cfs_json_write_text(w, "source",
			    v->sources.n > 0 ? v->sources.v[v->which]->id.text
					     : NULL);
}

static int verify(const struct cfs_varlink_handle *handle,
		  const struct cfs_seal_policy *policy,
		  struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification v = { 0 };
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	bool has_certs = policy->certs->n > 0;
	int r = cfs_varlink_oci_find(&handle->repo, call, 1, &image, err);

	if (r <= 0)
		return r;
	r = cfs_seal_verify(&handle->repo, &image, policy, &v, err);
	if (r < 0)
		return r;
	if (has_certs && cfs_seal_refusal(&v, call->value[1].text, err) < 0) {
		(void)failed(call, err);
	} else {
		cfs_varlink_reply(call);
		write_verification(&v, handle->repo.meta.alg, has_certs,
				   &call->reply);
	}
	cfs_varlink_write_verification(&v, &image.id, &call->reply);
	return 0;
}

int cfs_varlink_verify(const struct cfs_varlink_handle *handle,
		       struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTOCERTS struct cfs_certs certs = { .n = 0 };
	const struct cfs_seal_policy policy = {
		.certs = &certs,
		.bootable = call->value[3].yes,
	};
	int r = call->value[2].given ? read_certs(call, 2, &certs, err) : 1;

	return r <= 0 ? r : verify(handle, &policy, call, err);
}

const struct cfs_varlink_parameter cfs_varlink_seal_parameters[] = {
	CFS_VARLINK_HANDLE,
	IMAGE,
	{ "inline", CFS_VARLINK_BOOL, OPTIONAL },
	{ 0 },
};

/* Gives the tag that @image was called by, if it is one, to @sealed, which has
 * to satisfy the policy.  Returns 1, or 0 if the reply is written. */
static int move_tag(struct cfs_store *store, struct cfs_varlink_call *call,
		    const struct cfs_oci_image *sealed, struct cfs_err *err)
{
	const char *name = call->value[1].text;
	const struct cfs_trust_subject subject = {
		.repo = &store->repo,
		.image = sealed,
		.name = name,
		.role = CFS_SEAL_MERGED,
	};
	struct cfs_proof proof;
	int r;

	if (!cfs_oci_is_tag(name))
		return 1;
	r = cfs_varlink_oci_accept(call, &subject, &proof, err);
	if (r <= 0)
		return r;
	r = cfs_oci_tag_set(store, name, &sealed->id, err);
	return r < 0 ? r : 1;
}

/* Writes the digests into the manifest of @image; *@ret is its new one.
 * Returns 1, or 0 if the reply is written. */
static int seal_inline(struct cfs_store *store, struct cfs_varlink_call *call,
		       const struct cfs_oci_image *image,
		       const struct cfs_seal_facts *facts,
		       struct cfs_oci_id *ret, struct cfs_err *err)
{
	const struct cfs_seal_blobs none = { 0 };
	CFS_AUTOIMAGE struct cfs_oci_image sealed = { 0 };
	CFS_AUTOBUF struct cfs_buf manifest = { 0 };
	int r = cfs_seal_inline_write(cfs_buf_bytes(&image->manifest_text),
				      facts, &none, true, &manifest, err);

	if (r == 0)
		r = cfs_seal_store_edited(
			store, image, cfs_buf_bytes(&manifest),
			cfs_buf_bytes(&image->config_text), &sealed, err);
	if (r < 0)
		return r;
	*ret = sealed.id;
	return cfs_oci_id_equal(&sealed.id, &image->id)
		       ? 1
		       : move_tag(store, call, &sealed, err);
}

int cfs_varlink_seal(const struct cfs_varlink_handle *handle,
		     struct cfs_store *store, struct cfs_varlink_call *call,
		     struct cfs_err *err)
{
	const struct cfs_seal_blobs none = { 0 };
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_oci_id manifest, artifact;
	struct cfs_seal_facts facts;
	bool in_manifest = call->value[2].yes;
	int r = cfs_varlink_oci_find(&store->repo, call, 1, &image, err);

	(void)handle;
	if (r <= 0)
		return r;
	manifest = image.id;
	r = cfs_seal_commit(store, &image, cfs_oci_image_is_bootable(&image),
			    NULL, &facts, err);
	if (r < 0)
		return r;
	r = in_manifest
		    ? seal_inline(store, call, &image, &facts, &manifest, err)
		    : cfs_seal_keep(store, &facts, &none, &artifact, err);
	if (r < 0 || (in_manifest && r == 0))
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_text(&call->reply, "manifest_digest", manifest.text);
	cfs_json_write_text(&call->reply, "artifact_digest",
			    in_manifest ? NULL : artifact.text);
	return 0;
}

const struct cfs_varlink_parameter cfs_varlink_request_parameters[] = {
	CFS_VARLINK_HANDLE,
	IMAGE,
	{ 0 },
};

/* Finds the image of @call and computes its digests.  Returns 1, or 0 if the
 * reply is written. */
static int facts_of(const struct cfs_repo *repo, struct cfs_varlink_call *call,
		    struct cfs_oci_image *image, struct cfs_seal_facts *ret,
		    struct cfs_err *err)
{
	int r = cfs_varlink_oci_find(repo, call, 1, image, err);

	if (r <= 0)
		return r;
	r = cfs_seal_compute(repo, image, cfs_oci_image_is_bootable(image),
			     CFS_XATTRS_ALLOWLIST, ret, err);
	return r < 0 ? r : 1;
}

static void write_request(const struct cfs_seal_facts *facts,
			  enum cfs_seal_role role, struct cfs_json_writer *w)
{
	const struct cfs_digest *digest = &facts->role[role].digest;
	uint8_t formatted[CFS_FORMATTED_MAX];
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	size_t n = cfs_digest_format(digest, formatted);

	cfs_base64_add(&text, (struct cfs_bytes){ formatted, n });
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "role", cfs_seal_role_name(role));
	cfs_varlink_write_digest(w, "digest", digest);
	cfs_json_write_buf(w, "tbs_base64", &text);
	cfs_json_write_end(w);
}

int cfs_varlink_signing_request(const struct cfs_varlink_handle *handle,
				struct cfs_varlink_call *call,
				struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_seal_facts facts;
	int r = facts_of(&handle->repo, call, &image, &facts, err);

	if (r <= 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_text(&call->reply, "manifest_digest", image.id.text);
	cfs_json_write_array(&call->reply, "entries", CFS_JSON_ONE_LINE);
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++)
		if (cfs_seal_makes(&facts, (enum cfs_seal_role)i))
			write_request(&facts, (enum cfs_seal_role)i,
				      &call->reply);
	cfs_json_write_end(&call->reply);
	return 0;
}

const struct cfs_varlink_parameter cfs_varlink_attach_parameters[] = {
	CFS_VARLINK_HANDLE,
	IMAGE,
	{ "cert_pem", CFS_VARLINK_STRING },
	{ "signatures", CFS_VARLINK_OBJECTS },
	{ "role", CFS_VARLINK_STRING, .in = "signatures" },
	{ "p7_base64", CFS_VARLINK_STRING, .in = "signatures" },
	{ 0 },
};

/* Numbers of the parameters with roles and signatures. */
enum {
	ROLES = 4,
	SIGNATURES
};

static int wrong_signature(struct cfs_varlink_call *call, const char *why,
			   const char *role)
{
	char text[200];

	snprintf(text, sizeof(text), "signatures: role %s: %s", role, why);
	return cfs_varlink_invalid_request(call, text);
}

/* Takes the signature number @n of @call.  Returns 1, or 0 if the reply is
 * written. */
static int attach_one(struct cfs_varlink_call *call, size_t n,
		      const struct cfs_seal_facts *facts,
		      const struct cfs_certs *certs,
		      struct cfs_seal_blobs *blobs, struct cfs_err *err)
{
	const char *name = call->value[ROLES].texts.v[n];
	const char *text = call->value[SIGNATURES].texts.v[n];
	const struct cfs_bytes none = { NULL, 0 };
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	enum cfs_seal_role role;
	int r;

	if (!cfs_seal_role_find(bytes_of(name), &role) ||
	    !cfs_seal_makes(facts, role))
		return wrong_signature(call, "the image has no such role",
				       name);
	if (blobs->v[role].len > 0)
		return wrong_signature(call, "there are two", name);
	if (!cfs_pem_decode(bytes_of(text), &der))
		return wrong_signature(call, "it is not base64", name);
	r = cfs_signers_attach(cfs_buf_bytes(&der), &facts->role[role].digest,
			       certs, none, &blobs->v[role], err);
	if (r == -ENOKEY || r == -EBADMSG || r == -EKEYREJECTED) {
		(void)cfs_ctx(err, "%s", name);
		return failed(call, err);
	}
	return r < 0 ? r : 1;
}

static int attach_all(struct cfs_varlink_call *call,
		      const struct cfs_seal_facts *facts,
		      const struct cfs_certs *certs,
		      struct cfs_seal_blobs *blobs, struct cfs_err *err)
{
	for (size_t i = 0; i < call->value[ROLES].texts.n; i++) {
		int r = attach_one(call, i, facts, certs, blobs, err);

		if (r <= 0)
			return r;
	}
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++)
		if (cfs_seal_makes(facts, (enum cfs_seal_role)i) &&
		    blobs->v[i].len == 0)
			return wrong_signature(
				call, "it is missing",
				cfs_seal_role_name((enum cfs_seal_role)i));
	return 1;
}

/* Keeps the signatures beside the objects, too, and hands them to a kernel that
 * takes them. */
static int hand_over(struct cfs_store *store, const struct cfs_oci_image *image,
		     const struct cfs_seal_facts *facts,
		     const struct cfs_certs *certs, struct cfs_err *err)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification v = { 0 };
	CFS_AUTOENROLMENT struct cfs_enrolment e = { 0 };
	const struct cfs_seal_policy policy = { .certs = certs };
	int r = cfs_seal_verify_known(&store->repo, image, &policy, facts, &v,
				      err);

	if (r == 0)
		r = cfs_enrolment_add(&e, &store->repo, &v, certs, err);
	if (r == 0)
		r = cfs_enrolment_keep(&e, store, err);
	if (r == 0)
		(void)cfs_enrolment_run(&e, store);
	return r;
}

static int write_artifact(const struct cfs_repo *repo,
			  const struct cfs_oci_id *artifact,
			  struct cfs_varlink_call *call, struct cfs_err *err)
{
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest stream;
	int r;

	cfs_oci_manifest_name(artifact, name);
	r = cfs_stream_lookup(repo, name, &stream, err);
	if (r < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_text(&call->reply, "artifact_digest", artifact->text);
	cfs_varlink_write_digest(&call->reply, "artifact_verity",
				 r > 0 ? &stream : NULL);
	return 0;
}

int cfs_varlink_attach_signatures(const struct cfs_varlink_handle *handle,
				  struct cfs_store *store,
				  struct cfs_varlink_call *call,
				  struct cfs_err *err)
{
	CFS_AUTOCERTS struct cfs_certs certs = { .n = 0 };
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_seal_facts facts;
	struct cfs_oci_id artifact;
	int r = read_certs(call, 2, &certs, err);

	(void)handle;
	if (r > 0)
		r = facts_of(&store->repo, call, &image, &facts, err);
	if (r > 0)
		r = attach_all(call, &facts, &certs, &blobs, err);
	if (r <= 0)
		return r;
	r = cfs_seal_keep(store, &facts, &blobs, &artifact, err);
	if (r == 0)
		r = hand_over(store, &image, &facts, &certs, err);
	return r < 0 ? r : write_artifact(&store->repo, &artifact, call, err);
}

/* A private key that comes along is a member that nobody reads. */
const struct cfs_varlink_parameter cfs_varlink_sign_parameters[] = {
	CFS_VARLINK_HANDLE,
	IMAGE,
	{ 0 },
};

int cfs_varlink_sign(struct cfs_varlink_service *service,
		     struct cfs_varlink_call *call, struct cfs_err *err)
{
	static const char *const methods[] = {
		"org.composefs.Oci.SigningRequest",
		"org.composefs.Oci.AttachSignatures",
	};

	(void)service;
	(void)err;
	cfs_varlink_refuse(call, CFS_VARLINK_PERMISSION_DENIED);
	cfs_json_write_array(&call->reply, "methods", CFS_JSON_ONE_LINE);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(methods); i++)
		cfs_json_write_text(&call->reply, NULL, methods[i]);
	cfs_json_write_end(&call->reply);
	return 0;
}
