/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image in another repository. */
#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "oci/image.h"
#include "oci/origin/origin_ops.h"
#include "oci/origin/stream_blob.h"
#include "oci/tag.h"

#define MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define INDEX	 "application/vnd.oci.image.index.v1+json"

struct repo_origin {
	struct cfs_origin origin;
	const struct cfs_repo *repo;	   /* borrowed */
	const struct cfs_oci_image *image; /* borrowed; that is asked for */
};

static struct repo_origin *as_repo(struct cfs_origin *origin)
{
	return (struct repo_origin *)origin;
}

static int first(struct cfs_origin *origin, struct cfs_buf *ret,
		 struct cfs_err *err)
{
	const struct cfs_buf *text = &as_repo(origin)->image->manifest_text;

	cfs_buf_add(ret, text->data, text->len);
	return cfs_buf_check(ret, err);
}

static int manifest(struct cfs_origin *origin, const struct cfs_oci_id *id,
		    struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	int r = cfs_oci_image_open(as_repo(origin)->repo, id, &image, err);

	if (r <= 0)
		return r;
	cfs_buf_add(ret, image.manifest_text.data, image.manifest_text.len);
	r = cfs_buf_check(ret, err);
	return r < 0 ? r : 1;
}

/* @id may be that of a layer or of a configuration. */
static int blob(struct cfs_origin *origin, const struct cfs_oci_id *id,
		uint64_t size, struct cfs_oci_blob *ret, struct cfs_err *err)
{
	const struct cfs_repo *repo = as_repo(origin)->repo;
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest stream;
	int r;

	(void)size; /* the caller looks, where it matters */
	cfs_oci_layer_name(id, name);
	r = cfs_stream_lookup(repo, name, &stream, err);
	if (r == 0) {
		cfs_oci_config_name(id, name);
		r = cfs_stream_lookup(repo, name, &stream, err);
	}
	if (r <= 0)
		return r;
	r = cfs_stream_blob_open(repo, &stream, &ret->stream, &ret->end, err);
	return r < 0 ? r : 1;
}

struct listing {
	const struct cfs_repo *repo;
	struct cfs_json_writer w;
};

/* An artifact that cannot be opened is left out, as if it were not there. */
static int list_artifact(const char *ref, const char *content_id, void *arg,
			 struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_oci_descriptor d = { .media_type = MANIFEST };
	struct listing *l = arg;
	struct cfs_err ignored;

	(void)ref;
	(void)err;
	if (!content_id ||
	    !cfs_oci_name_id(content_id, "oci-manifest-", &d.id) ||
	    cfs_oci_image_open(l->repo, &d.id, &image, &ignored) <= 0)
		return 0;
	d.size = image.manifest_text.len;
	strcpy(d.artifact_type, image.manifest.artifact_type);
	cfs_json_write_object(&l->w, NULL, CFS_JSON_ONE_LINE);
	cfs_oci_descriptor_write(&d, &l->w);
	cfs_json_write_end(&l->w);
	return 0;
}

/* The artifacts about the image, as a registry lists them. */
static int tagged(struct cfs_origin *origin, const char *tag,
		  struct cfs_buf *ret, struct cfs_err *err)
{
	const struct repo_origin *o = as_repo(origin);
	char dir[sizeof(CFS_OCI_REFERRERS "/") + CFS_OCI_ID_MAX];
	struct listing l = { .repo = o->repo, .w.buf = ret };
	int r;

	(void)tag; /* there is but one image that is asked for */
	snprintf(dir, sizeof(dir), CFS_OCI_REFERRERS "/%s", o->image->id.text);
	cfs_json_write_object(&l.w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_u64(&l.w, "schemaVersion", 2);
	cfs_json_write_text(&l.w, "mediaType", INDEX);
	cfs_json_write_array(&l.w, "manifests", CFS_JSON_ONE_LINE);
	r = cfs_stream_ref_each(o->repo, dir, list_artifact, &l, err);
	cfs_json_write_end(&l.w);
	cfs_json_write_end(&l.w);
	if (r == 0)
		r = cfs_json_write_finish(&l.w, err);
	return r < 0 ? r : 1;
}

static void free_origin(struct cfs_origin *origin)
{
	cfs_origin_clear(origin);
	free(origin);
}

static const struct cfs_origin_ops repo_ops = {
	.first = first,
	.manifest = manifest,
	.blob = blob,
	.free = free_origin,
	.plain_layers = true,
	.tagged = tagged,
};

int cfs_origin_open_repo(const struct cfs_repo *repo,
			 const struct cfs_oci_image *image,
			 struct cfs_origin **ret, struct cfs_err *err)
{
	struct repo_origin *o = calloc(1, sizeof(*o));

	if (!o)
		return cfs_no_memory(err);
	*o = (struct repo_origin){
		.origin = { .ops = &repo_ops, .has_id = true, .id = image->id },
		.repo = repo,
		.image = image,
	};
	o->origin.place = strdup(image->id.text);
	if (!o->origin.place) {
		free(o);
		return cfs_no_memory(err);
	}
	*ret = &o->origin;
	return 0;
}
