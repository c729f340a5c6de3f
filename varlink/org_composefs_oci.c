/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* org.composefs.Oci: each method calls its verb and writes the result as
 * JSON. */
#include <string.h>

#include "oci/splitdirfd.h"
#include "oci/tag.h"
#include "ops/check.h"
#include "ops/oci_erofs.h"
#include "ops/oci_findings.h"
#include "ops/oci_images.h"
#include "repo/stream/names.h"
#include "varlink/descriptions.h"
#include "varlink/mounting.h"
#include "varlink/oci.h"
#include "varlink/repository_reports.h"

#define OPTIONAL .optional = true
#define GUESTS	 .for_guests = true

static int get_info(struct cfs_varlink_service *service,
		    struct cfs_varlink_call *call, struct cfs_err *err)
{
	(void)service;
	(void)err;
	cfs_varlink_reply(call);
	cfs_json_write_array(&call->reply, "features", CFS_JSON_ONE_LINE);
	cfs_json_write_text(&call->reply, NULL, CFS_SPLITDIRFD_FEATURE);
	cfs_json_write_end(&call->reply);
	return 0;
}

static const struct cfs_varlink_parameter list_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "filter", CFS_VARLINK_STRING, OPTIONAL },
	{ 0 },
};

/* One that cannot be read is a finding of Check. */
static int write_tagged(void *arg, const struct cfs_tagged_image *tagged,
			struct cfs_err *err)
{
	struct cfs_varlink_call *call = arg;
	const char *filter = call->value[1].text;

	(void)err;
	if (tagged->image && (!filter || strstr(tagged->tag, filter)))
		cfs_tagged_image_write(tagged, &call->reply);
	return 0;
}

static int list_images(const struct cfs_varlink_handle *handle,
		       struct cfs_varlink_call *call, struct cfs_err *err)
{
	int r;

	cfs_varlink_reply(call);
	cfs_json_write_array(&call->reply, "images", CFS_JSON_ONE_LINE);
	r = cfs_tagged_images_each(&handle->repo, write_tagged, call, err);
	cfs_json_write_end(&call->reply);
	return r;
}

static const struct cfs_varlink_parameter check_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "image", CFS_VARLINK_STRING, OPTIONAL },
	{ 0 },
};

struct check {
	struct cfs_check_result repo;
	struct cfs_oci_fsck count;
	struct cfs_oci_findings findings;
};

static void check_free(struct check *c)
{
	cfs_check_result_free(&c->repo);
	cfs_oci_findings_free(&c->findings);
}

static void write_finding(const struct cfs_oci_finding *f,
			  struct cfs_json_writer *w)
{
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "code", cfs_oci_fsck_code_name(f->code));
	cfs_json_write_text(w, "name", f->tag);
	cfs_json_write_text(w, "reason", f->reason);
	cfs_json_write_text(w, "digest", f->id ? f->id->text : NULL);
	cfs_varlink_write_digest(w, "object", f->object);
	cfs_json_write_end(w);
}

static void write_check(const struct check *c, struct cfs_json_writer *w)
{
	cfs_json_write_bool(
		w, "ok", c->repo.count.findings == 0 && c->count.findings == 0);
	cfs_json_write_u64(w, "images_checked", c->count.images_checked);
	cfs_json_write_u64(w, "images_corrupted", c->count.images_corrupted);
	cfs_oci_findings_write_lines(&c->findings, w);
	cfs_json_write_array(w, "findings", CFS_JSON_ONE_LINE);
	for (size_t i = 0; i < c->findings.n; i++) {
		const struct cfs_oci_finding f =
			cfs_oci_findings_get(&c->findings, i);

		write_finding(&f, w);
	}
	cfs_json_write_end(w);
	cfs_json_write_object(w, "repo", CFS_JSON_ONE_LINE);
	cfs_varlink_write_check(&c->repo, w);
	cfs_json_write_end(w);
}

static int check(const struct cfs_varlink_handle *handle,
		 struct cfs_varlink_call *call, struct cfs_err *err)
{
	__attribute__((cleanup(check_free))) struct check c = { 0 };
	const struct cfs_check repo = { 0 };
	const struct cfs_oci_fsck_params params = {
		.name = call->value[1].text,
		.good = &c.repo.good,
		.found = cfs_oci_findings_add,
		.arg = &c.findings,
	};
	int r = cfs_check_opened(&handle->access, &handle->repo, &repo, &c.repo,
				 err);

	if (r == 0)
		r = cfs_oci_fsck(&handle->repo, &params, &c.count, err);
	if (r == 0)
		r = cfs_oci_findings_check(&c.findings, err);
	if (r < 0)
		return r;
	cfs_varlink_reply(call);
	write_check(&c, &call->reply);
	return 0;
}

static const struct cfs_varlink_parameter image_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "image", CFS_VARLINK_STRING },
	{ 0 },
};

/* The EROFS image of the repository's own format. */
static void write_erofs(const struct cfs_repo *repo,
			const struct cfs_oci_image *image, bool bootable,
			struct cfs_json_writer *w)
{
	const struct cfs_oci_erofs erofs = {
		.bootable = bootable,
		.v1 = repo->meta.erofs_default < 2,
	};
	struct cfs_digest id;
	bool exists = cfs_oci_image_erofs(image, &erofs, &id);

	cfs_varlink_write_digest(
		w, bootable ? "composefs_boot_erofs" : "composefs_erofs",
		exists ? &id : NULL);
}

static int inspect(const struct cfs_varlink_handle *handle,
		   struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_json_writer *w = &call->reply;
	int r = cfs_varlink_oci_find(&handle->repo, call, 1, &image, err);

	if (r <= 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_buf(w, "manifest", &image.manifest_text);
	cfs_json_write_buf(w, "config", &image.config_text);
	r = cfs_oci_referrers_write(&handle->repo, &image.id, "referrers", w,
				    err);
	write_erofs(&handle->repo, &image, false, w);
	write_erofs(&handle->repo, &image, true, w);
	return r;
}

static const struct cfs_varlink_parameter tag_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "manifest_digest", CFS_VARLINK_STRING },
	{ "name", CFS_VARLINK_STRING },
	{ 0 },
};

/* Opens the image of the manifest whose digest is the parameter number 1.
 * Returns 1, or 0 if the reply is written. */
static int open_manifest(const struct cfs_repo *repo,
			 struct cfs_varlink_call *call,
			 struct cfs_oci_image *ret, struct cfs_err *err)
{
	const char *text = call->value[1].text;
	struct cfs_oci_id id;
	int r;

	if (cfs_oci_id_parse(
		    (struct cfs_bytes){ (const uint8_t *)text, strlen(text) },
		    &id, err) < 0)
		return cfs_varlink_invalid_digest(call, err->msg);
	r = cfs_oci_image_open(repo, &id, ret, err);
	return r == 0 ? cfs_varlink_no_such_image(call, text) : r;
}

static int tag(const struct cfs_varlink_handle *handle, struct cfs_store *store,
	       struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	const char *name = call->value[2].text;
	const struct cfs_trust_subject subject = {
		.repo = &store->repo,
		.image = &image,
		.name = name,
		.role = CFS_SEAL_MERGED,
	};
	struct cfs_proof proof;
	int r;

	(void)handle;
	if (cfs_oci_tag_check(name, err) < 0)
		return cfs_varlink_invalid_request(call, err->msg);
	r = open_manifest(&store->repo, call, &image, err);
	if (r > 0)
		r = cfs_varlink_oci_accept(call, &subject, &proof, err);
	if (r <= 0)
		return r;
	r = cfs_oci_tag_set(store, name, &image.id, err);
	if (r == 0)
		cfs_varlink_reply(call);
	return r;
}

static const struct cfs_varlink_parameter untag_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "name", CFS_VARLINK_STRING },
	{ 0 },
};

static int untag(const struct cfs_varlink_handle *handle,
		 struct cfs_store *store, struct cfs_varlink_call *call,
		 struct cfs_err *err)
{
	const char *name = call->value[1].text;
	int r = 0;

	(void)handle;
	if (cfs_oci_tag_check(name, err) == 0)
		r = cfs_oci_tag_remove(store, name, err);
	if (r == 0)
		return cfs_varlink_no_such_image(call, name);
	if (r > 0)
		cfs_varlink_reply(call);
	return r < 0 ? r : 0;
}

static const struct cfs_varlink_parameter compute_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "image", CFS_VARLINK_STRING },
	{ "verity", CFS_VARLINK_STRING, OPTIONAL },
	{ "bootable", CFS_VARLINK_BOOL },
	{ "xattrs", CFS_VARLINK_XATTRS, OPTIONAL },
	{ 0 },
};

static int compute_id(const struct cfs_varlink_handle *handle,
		      struct cfs_varlink_call *call, struct cfs_err *err)
{
	const struct cfs_varlink_value *v = call->value;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	const struct cfs_oci_tree_options options = {
		.bootable = v[3].yes,
		.filter = (enum cfs_xattr_filter)v[4].number,
	};
	struct cfs_digest id;
	int r = cfs_varlink_oci_find(&handle->repo, call, 1, &image, err);

	if (r <= 0)
		return r;
	if (v[2].given &&
	    cfs_oci_image_check_stream(&image, v[2].text, err) < 0)
		return cfs_varlink_invalid_digest(call, err->msg);
	r = cfs_oci_erofs_compute(&handle->repo, &image, &options, &id, err);
	if (r < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_varlink_write_digest(&call->reply, "image_id", &id);
	return 0;
}

static const struct cfs_varlink_parameter layer_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "diff_id", CFS_VARLINK_STRING },
	{ 0 },
};

static int has_layer(const struct cfs_varlink_handle *handle,
		     struct cfs_varlink_call *call, struct cfs_err *err)
{
	const char *text = call->value[1].text;
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest stream;
	struct cfs_oci_id id;
	int r;

	if (cfs_oci_id_parse(
		    (struct cfs_bytes){ (const uint8_t *)text, strlen(text) },
		    &id, err) < 0)
		return cfs_varlink_invalid_digest(call, err->msg);
	cfs_oci_layer_name(&id, name);
	r = cfs_stream_lookup(&handle->repo, name, &stream, err);
	if (r < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_bool(&call->reply, "present", r > 0);
	cfs_varlink_write_digest(&call->reply, "layer_verity",
				 r > 0 ? &stream : NULL);
	return 0;
}

static const struct cfs_varlink_parameter mount_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "image", CFS_VARLINK_STRING },
	{ "bootable", CFS_VARLINK_BOOL },
	CFS_VARLINK_MOUNT_ROWS,
	{ "require_signature", CFS_VARLINK_BOOL, OPTIONAL, .in = "options" },
	{ 0 },
};

static int no_erofs(struct cfs_varlink_call *call, const char *image,
		    bool bootable)
{
	cfs_varlink_refuse(call, "NoErofsImage");
	cfs_json_write_text(&call->reply, "image", image);
	cfs_json_write_bool(&call->reply, "bootable", bootable);
	return 0;
}

/* Finds the EROFS image to mount: the signed one, if one is demanded.  Returns
 * 1, or 0 if the reply is written. */
static int find_erofs(const struct cfs_varlink_handle *handle,
		      struct cfs_varlink_call *call, struct cfs_digest *ret,
		      struct cfs_err *err)
{
	const struct cfs_varlink_value *v = call->value;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	const struct cfs_trust_subject subject = {
		.repo = &handle->repo,
		.image = &image,
		.name = v[1].text,
		.role = v[2].yes ? CFS_SEAL_BOOTABLE : CFS_SEAL_MERGED,
	};
	struct cfs_proof proof;
	int r = cfs_varlink_oci_find(&handle->repo, call, 1, &image, err);

	if (r > 0)
		r = cfs_varlink_oci_accept(call, &subject, &proof, err);
	if (r <= 0)
		return r;
	if (v[6].yes && proof.n == 0)
		return cfs_varlink_refuse_text(call, "SignatureRequired",
					       "image", v[1].text);
	r = cfs_oci_used_erofs(&handle->access, &subject, &proof, ret, err);
	if (r == -ENOENT)
		return no_erofs(call, v[1].text, v[2].yes);
	return r < 0 ? r : 1;
}

static int oci_mount(const struct cfs_varlink_handle *handle,
		     struct cfs_varlink_call *call, struct cfs_err *err)
{
	struct cfs_mount_params params = { 0 };
	int r;

	if (!cfs_varlink_take_directories(call, 3, "InvalidRequest", &params))
		return 0;
	r = find_erofs(handle, call, &params.id, err);
	return r <= 0 ? r : cfs_varlink_mount(handle, &params, call, err);
}

static const struct cfs_varlink_method methods[] = {
	{ "ListImages", list_parameters, .run_on = list_images, GUESTS },
	{ "Check", check_parameters, .run_on = check, .ends_with_client = true,
	  GUESTS },
	{ "Inspect", image_parameters, .run_on = inspect, GUESTS },
	{ "Tag", tag_parameters, .run_in = tag },
	{ "Untag", untag_parameters, .run_in = untag },
	{ "ComputeId", compute_parameters, .run_on = compute_id,
	  .ends_with_client = true, GUESTS },
	{ "Pull", cfs_varlink_pull_parameters, .run_in = cfs_varlink_pull,
	  .ends_with_client = true, GUESTS },
	{ "GetLayer", cfs_varlink_get_layer_parameters,
	  .run_on = cfs_varlink_get_layer },
	{ "PutLayer", cfs_varlink_put_layer_parameters,
	  .run_in = cfs_varlink_put_layer, .ends_with_client = true },
	{ "FinalizeImage", cfs_varlink_finalize_parameters,
	  .run_in = cfs_varlink_finalize },
	{ "Verify", cfs_varlink_verify_parameters, .run_on = cfs_varlink_verify,
	  .ends_with_client = true, GUESTS },
	{ "Seal", cfs_varlink_seal_parameters, .run_in = cfs_varlink_seal },
	{ "SigningRequest", cfs_varlink_request_parameters,
	  .run_on = cfs_varlink_signing_request, .ends_with_client = true },
	{ "AttachSignatures", cfs_varlink_attach_parameters,
	  .run_in = cfs_varlink_attach_signatures },
	{ "Sign", cfs_varlink_sign_parameters, .run = cfs_varlink_sign },
	{ "OciMount", mount_parameters, .run_on = oci_mount },
	{ "GetInfo", NULL, .run = get_info, GUESTS },
	{ "HasLayer", layer_parameters, .run_on = has_layer, GUESTS },
	{ 0 },
};

const struct cfs_varlink_interface cfs_varlink_org_composefs_oci = {
	.name = "org.composefs.Oci",
	.description = cfs_varlink_oci_description,
	.methods = methods,
};
