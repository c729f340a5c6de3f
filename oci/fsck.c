/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/fsck.h"

#include <stdarg.h>
#include <string.h>

#include "oci/fsck_run.h"
#include "oci/tag.h"

const char *cfs_oci_fsck_code_name(enum cfs_oci_fsck_code code)
{
	static const char *const names[CFS_OCI_FSCK_CODES] = {
		[CFS_OCI_FSCK_REF_RESOLVE_FAILED] = "ref-resolve-failed",
		[CFS_OCI_FSCK_INVALID_REF_NAME] = "invalid-ref-name",
		[CFS_OCI_FSCK_MANIFEST_READ_FAILED] = "manifest-read-failed",
		[CFS_OCI_FSCK_MANIFEST_DIGEST_MISMATCH] =
			"manifest-digest-mismatch",
		[CFS_OCI_FSCK_MANIFEST_PARSE_FAILED] = "manifest-parse-failed",
		[CFS_OCI_FSCK_CONFIG_REF_MISSING] = "config-ref-missing",
		[CFS_OCI_FSCK_CONFIG_READ_FAILED] = "config-read-failed",
		[CFS_OCI_FSCK_CONFIG_DIGEST_MISMATCH] =
			"config-digest-mismatch",
		[CFS_OCI_FSCK_CONFIG_PARSE_FAILED] = "config-parse-failed",
		[CFS_OCI_FSCK_LAYER_REF_MISSING] = "layer-ref-missing",
		[CFS_OCI_FSCK_LAYER_STREAM_MISSING] = "layer-stream-missing",
		[CFS_OCI_FSCK_LAYER_CHECK_FAILED] = "layer-check-failed",
		[CFS_OCI_FSCK_LAYER_OBJECT_MISSING] = "layer-object-missing",
		[CFS_OCI_FSCK_LAYER_DIGEST_MISMATCH] = "layer-digest-mismatch",
		[CFS_OCI_FSCK_ARTIFACT_LAYER_REF_MISSING] =
			"artifact-layer-ref-missing",
		[CFS_OCI_FSCK_ARTIFACT_LAYER_OBJECT_MISSING] =
			"artifact-layer-object-missing",
		[CFS_OCI_FSCK_SEAL_IMAGE_MISSING] = "seal-image-missing",
		[CFS_OCI_FSCK_EROFS_IMAGE_MISSING] = "erofs-image-missing",
		[CFS_OCI_FSCK_EROFS_IMAGE_INVALID] = "erofs-image-invalid",
	};

	return names[code];
}

void cfs_oci_finding_word(const struct cfs_oci_finding *finding,
			  struct cfs_buf *line)
{
	cfs_buf_addf(line, "fsck: %s: %s: %s",
		     cfs_oci_fsck_code_name(finding->code), finding->tag,
		     finding->reason);
}

int cfs_oci_fsck_report(struct cfs_oci_fsck_run *run,
			enum cfs_oci_fsck_code code,
			const struct cfs_oci_id *id,
			const struct cfs_digest *object, const char *fmt, ...)
{
	char reason[1024];
	const struct cfs_oci_finding finding = { .code = code,
						 .tag = run->tag,
						 .reason = reason,
						 .id = id,
						 .object = object };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	run->count.findings++;
	run->params->found(run->params->arg, &finding);
	return 0;
}

bool cfs_oci_fsck_is_fatal(const struct cfs_err *why)
{
	return why->code == ENOMEM || why->code == ELIBACC;
}

/* Checks the image that the tag @tag leads to, if it leads to one. */
static int check_tag(const char *tag, const struct cfs_oci_id *id, void *arg,
		     struct cfs_err *err)
{
	struct cfs_oci_fsck_run *run = arg;
	int r;

	run->tag = tag;
	if (*tag == '@')
		r = cfs_oci_fsck_report(run, CFS_OCI_FSCK_INVALID_REF_NAME,
					NULL, NULL,
					"leading '@' is reserved for digest "
					"references");
	else if (!id)
		r = cfs_oci_fsck_report(run, CFS_OCI_FSCK_MANIFEST_READ_FAILED,
					NULL, NULL,
					"the tag does not lead to a manifest");
	else
		r = cfs_oci_fsck_image(run, id, err);
	run->count.images_checked++;
	run->count.images_corrupted += r == 0;
	return r < 0 ? r : 0;
}

int cfs_oci_fsck_resolve(const struct cfs_repo *repo, const char *name,
			 struct cfs_oci_id *ret, struct cfs_err *err)
{
	const char *text = *name == '@' ? name + 1 : name;
	const struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };
	int r = cfs_oci_id_parse(bytes, ret, err);

	/* A name with '@' in front is a digest, never a tag. */
	if (r < 0 && *name != '@')
		return cfs_oci_tag_get(repo, name, ret, err);
	return r < 0 ? r : 1;
}

static int check_name(struct cfs_oci_fsck_run *run, const char *name,
		      struct cfs_err *err)
{
	struct cfs_oci_id id;
	struct cfs_err why;
	int r = cfs_oci_fsck_resolve(run->repo, name, &id, &why);

	run->tag = name;
	if (r < 0 && cfs_oci_fsck_is_fatal(&why)) {
		*err = why;
		return r;
	}
	if (r > 0)
		r = cfs_oci_fsck_image(run, &id, err);
	else if (r == 0)
		(void)cfs_oci_fsck_report(run, CFS_OCI_FSCK_REF_RESOLVE_FAILED,
					  NULL, NULL,
					  "OCI reference not found: %s", name);
	else
		r = cfs_oci_fsck_report(run, CFS_OCI_FSCK_REF_RESOLVE_FAILED,
					NULL, NULL, "%s", why.msg);
	run->count.images_checked++;
	run->count.images_corrupted += r == 0;
	return r < 0 ? r : 0;
}

int cfs_oci_fsck(const struct cfs_repo *repo,
		 const struct cfs_oci_fsck_params *params,
		 struct cfs_oci_fsck *ret, struct cfs_err *err)
{
	struct cfs_oci_fsck_run run = { .repo = repo, .params = params };
	int r;

	if (params->name)
		r = check_name(&run, params->name, err);
	else
		r = cfs_oci_tag_each(repo, check_tag, &run, err);
	cfs_vec_free(&run.good);
	if (r == 0)
		*ret = run.count;
	return r;
}
