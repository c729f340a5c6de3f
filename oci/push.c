/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/push.h"

#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "oci/origin/reference.h"
#include "oci/origin/skopeo.h"
#include "oci/referrers.h"

#define DOCKER	   "docker://"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
/* Tags of the layout, which is only there to be sent. */
#define IMAGE_TAG "image"
/* Words of skopeo that nobody reads. */
#define WORDS_MAX (1 << 20)

struct push {
	struct cfs_layout *layout;
	const char *path; /* of the layout */
	const struct cfs_oci_exported *exported;
	const char *reference;
	struct cfs_oci_reference to;
	const struct cfs_origin_options *options;
};

/* Artifact @n of the layout, from 0, has the tag "artifact-N" there. */
static void artifact_tag(size_t n, char ret[static CFS_OCI_TAG_MAX])
{
	snprintf(ret, CFS_OCI_TAG_MAX, "artifact-%zu", n);
}

/* The command line that sends @from to @to. */
static void make_args(const struct push *p, const char *from, const char *to,
		      const char *how, struct cfs_skopeo_args *ret)
{
	const struct cfs_origin_options *o = p->options;
	size_t n = 0;

	ret->v[n++] = "skopeo";
	ret->v[n++] = "copy";
	ret->v[n++] = "--quiet";
	ret->v[n++] = "--preserve-digests";
	ret->v[n++] = how;
	if (o->authfile) {
		ret->v[n++] = "--authfile";
		ret->v[n++] = o->authfile;
	}
	if (o->cert_dir) {
		ret->v[n++] = "--dest-cert-dir";
		ret->v[n++] = o->cert_dir;
	}
	if (o->no_tls_verify)
		ret->v[n++] = "--dest-tls-verify=false";
	ret->v[n++] = from;
	ret->v[n++] = to;
	ret->v[n] = NULL;
}

/* Sends what has the tag @tag in the layout to @to. */
static int send(const struct push *p, const char *tag, const char *to,
		const char *how, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf words = { 0 };
	CFS_AUTOFREE char *from = NULL;
	struct cfs_skopeo_args args;
	int r;

	if (asprintf(&from, "oci:%s:%s", p->path, tag) < 0) {
		from = NULL;
		return cfs_no_memory(err);
	}
	make_args(p, from, to, how, &args);
	r = cfs_skopeo_run(&args, WORDS_MAX, &words, err);
	return r < 0 ? cfs_ctx(err, "%s", to) : 0;
}

/* ONE sends one image, LIST a list without the images in it. */
#define ONE  "--multi-arch=system"
#define LIST "--multi-arch=index-only"

/* Gives what is to be sent tags in the layout. */
static int tag_all(const struct push *p, struct cfs_err *err)
{
	const struct cfs_oci_descriptors *all = &p->exported->written;
	int r = 0;

	for (size_t i = 0; r == 0 && i < all->n; i++) {
		struct cfs_oci_descriptor d = all->v[i];

		if (i == 0)
			snprintf(d.tag, sizeof(d.tag), IMAGE_TAG);
		else
			artifact_tag(i - 1, d.tag);
		r = cfs_layout_list(p->layout, &d, 1, err);
	}
	return r;
}

static int send_artifacts(const struct push *p, struct cfs_err *err)
{
	const struct cfs_oci_descriptors *all = &p->exported->written;
	int r = 0;

	for (size_t i = 1; r == 0 && i < all->n; i++) {
		CFS_AUTOFREE char *to = NULL;
		char tag[CFS_OCI_TAG_MAX];

		artifact_tag(i - 1, tag);
		if (asprintf(&to, DOCKER "%s@%s", p->to.path,
			     all->v[i].id.text) < 0) {
			to = NULL;
			return cfs_no_memory(err);
		}
		r = send(p, tag, to, ONE, err);
	}
	return r;
}

static bool is_sent(const struct push *p, const struct cfs_oci_id *id)
{
	const struct cfs_oci_descriptors *all = &p->exported->written;

	for (size_t i = 0; i < all->n; i++)
		if (cfs_oci_id_equal(&all->v[i].id, id))
			return true;
	return false;
}

/* Whether entries of the list have the artifactType of artifacts. */
enum types {
	WITH_TYPES,
	/* skopeo up to 1.9 at least fails to send a list with artifactType. */
	WITHOUT_TYPES,
};

static void write_entry(struct cfs_json_writer *w,
			const struct cfs_oci_descriptor *d, enum types types)
{
	struct cfs_oci_descriptor written = *d;

	if (types == WITHOUT_TYPES)
		*written.artifact_type = '\0';
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_oci_descriptor_write(&written, w);
	cfs_json_write_end(w);
}

/* Makes the list of the image's artifacts: those in the registry's list, and
 * ours. */
static int make_list(const struct push *p,
		     const struct cfs_oci_descriptors *there, enum types types,
		     struct cfs_buf *ret, struct cfs_err *err)
{
	const struct cfs_oci_descriptors *all = &p->exported->written;
	struct cfs_json_writer w = { .buf = ret };

	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_u64(&w, "schemaVersion", 2);
	cfs_json_write_text(&w, "mediaType", INDEX_TYPE);
	cfs_json_write_array(&w, "manifests", CFS_JSON_ONE_LINE);
	for (size_t i = 0; i < there->n; i++)
		if (!is_sent(p, &there->v[i].id))
			write_entry(&w, &there->v[i], types);
	for (size_t i = 1; i < all->n; i++)
		write_entry(&w, &all->v[i], types);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	return cfs_json_write_finish(&w, err);
}

/* Reads what the registry lists about the image. */
static int read_list(const struct push *p, struct cfs_oci_referrers *ret,
		     struct cfs_err *err)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	int r = cfs_origin_open_with(p->reference, p->options, &origin, err);

	return r < 0 ? r
		     : cfs_origin_referrers(
			       origin, &p->exported->written.v[0].id, ret, err);
}

static int put_list(const struct push *p, struct cfs_bytes text,
		    struct cfs_oci_descriptor *d, struct cfs_err *err)
{
	int r = cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, text, &d->id, err);

	d->size = text.len;
	snprintf(d->media_type, sizeof(d->media_type), INDEX_TYPE);
	if (r == 0)
		r = cfs_layout_put_bytes(p->layout, &d->id, text, err);
	return r < 0 ? r : cfs_layout_list(p->layout, d, 1, err);
}

static int send_list(const struct push *p,
		     const struct cfs_oci_referrers *there, enum types types,
		     struct cfs_err *err)
{
	const struct cfs_oci_id *image = &p->exported->written.v[0].id;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_oci_descriptor d = { 0 };
	CFS_AUTOFREE char *to = NULL;
	int r = make_list(p, &there->found, types, &text, err);

	cfs_oci_referrers_tag(image, d.tag);
	if (r == 0)
		r = put_list(p, cfs_buf_bytes(&text), &d, err);
	if (r == 0 && asprintf(&to, DOCKER "%s:%s", p->to.path, d.tag) < 0) {
		to = NULL;
		r = cfs_no_memory(err);
	}
	return r < 0 ? r : send(p, d.tag, to, LIST, err);
}

static int send_image(const struct push *p, struct cfs_err *err)
{
	return send(p, IMAGE_TAG, p->reference, ONE, err);
}

/* Before the first push, a registry may say that there is no such repository:
 * then the image is sent, and the list read again.  Any other failure would
 * meet the image as well. */
static int send_list_and_image(const struct push *p, struct cfs_err *err)
{
	CFS_AUTOREFERRERS struct cfs_oci_referrers there = { 0 };
	int r = read_list(p, &there, err);

	if (r == -EIO) {
		r = send_image(p, err);
		if (r == 0)
			r = read_list(p, &there, err);
	}
	if (r == 0)
		r = send_list(p, &there, WITH_TYPES, err);
	if (r == -EIO)
		r = send_list(p, &there, WITHOUT_TYPES, err);
	/* When the image is there, its artifacts are. */
	return r < 0 ? r : send_image(p, err);
}

static int push(struct push *p, struct cfs_err *err)
{
	size_t skip = strlen(DOCKER);
	int r;

	if (strncmp(p->reference, DOCKER, skip) != 0)
		return cfs_fail(err, EINVAL, "%s is no registry", p->reference);
	r = cfs_oci_reference_name(p->reference + skip, &p->to, err);
	if (r == 0 && p->to.has_id)
		r = cfs_fail(err, EINVAL,
			     "an image is sent under a tag, not a digest");
	if (r == 0)
		r = tag_all(p, err);
	if (r == 0)
		r = send_artifacts(p, err);
	if (r < 0)
		return r;
	return p->exported->written.n > 1 ? send_list_and_image(p, err)
					  : send_image(p, err);
}

int cfs_oci_push(struct cfs_layout *layout, const char *path,
		 const struct cfs_oci_exported *exported, const char *reference,
		 const struct cfs_origin_options *options, struct cfs_err *err)
{
	struct push p = { .layout = layout,
			  .path = path,
			  .exported = exported,
			  .reference = reference,
			  .options = options };
	int r = push(&p, err);

	cfs_oci_reference_free(&p.to);
	return r;
}
