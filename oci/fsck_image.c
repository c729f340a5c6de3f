/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Checks an image: its manifest, the configuration that this refers to, the
 * layers that both list, and the EROFS images to which the stream of the
 * configuration refers.  A document is compared with its digest before it is
 * parsed.  One that is not right ends the check of its image: what it leads to
 * is not known then.
 */
#include <string.h>

#include "oci/fsck_run.h"
#include "oci/image.h"
#include "oci/json_doc.h"
#include "oci/tag.h"
#include "repo/stream/cat.h"
#include "repo/stream/format.h"

/* A manifest or configuration, and how its findings are named. */
struct document {
	struct cfs_oci_id id;
	const char *type; /* of its stream */
	enum cfs_oci_fsck_code read_failed, mismatch;
	struct cfs_stream_file file;
	struct cfs_buf text;
};

#define MANIFEST_INIT                                              \
	{                                                          \
		.type = CFS_STREAM_MANIFEST,                       \
		.read_failed = CFS_OCI_FSCK_MANIFEST_READ_FAILED,  \
		.mismatch = CFS_OCI_FSCK_MANIFEST_DIGEST_MISMATCH, \
		.file = CFS_STREAM_FILE_INIT,                      \
	}
#define CONFIG_INIT                                              \
	{                                                        \
		.type = CFS_STREAM_CONFIG,                       \
		.read_failed = CFS_OCI_FSCK_CONFIG_READ_FAILED,  \
		.mismatch = CFS_OCI_FSCK_CONFIG_DIGEST_MISMATCH, \
		.file = CFS_STREAM_FILE_INIT,                    \
	}

static void document_free(struct document *doc)
{
	cfs_stream_file_close(&doc->file);
	cfs_buf_free(&doc->text);
}

/* The image that is being checked. */
struct image {
	struct cfs_oci_fsck_run *run;
	struct document manifest_doc, config_doc;
	struct cfs_oci_manifest manifest;
	struct cfs_oci_config config;
	bool is_container;
};

static void image_free(struct image *image)
{
	document_free(&image->manifest_doc);
	document_free(&image->config_doc);
	cfs_oci_manifest_free(&image->manifest);
	cfs_oci_config_free(&image->config);
}

#define AUTOCHECK __attribute__((cleanup(image_free)))

/* A sink for a document: refuses what is longer than one may be. */
static int add_text(void *ctx, const void *data, size_t len,
		    struct cfs_err *err)
{
	struct cfs_buf *text = ctx;

	if (len > CFS_OCI_JSON_MAX - text->len)
		return cfs_fail(err, EFBIG,
				"it is longer than the maximum of %u bytes",
				CFS_OCI_JSON_MAX);
	cfs_buf_add(text, data, len);
	return cfs_buf_check(text, err);
}

/* Reports @why, unless it ends the check. */
static int found(struct cfs_oci_fsck_run *run, enum cfs_oci_fsck_code code,
		 const struct cfs_oci_id *id, const struct cfs_digest *object,
		 const struct cfs_err *why, struct cfs_err *err)
{
	if (!cfs_oci_fsck_is_fatal(why))
		return cfs_oci_fsck_report(run, code, id, object, "%s",
					   why->msg);
	*err = *why;
	return -why->code;
}

/* Reads the document from the stream @stream and compares its digest. */
static int read_document(struct cfs_oci_fsck_run *run, struct document *doc,
			 const struct cfs_digest *stream, struct cfs_err *err)
{
	const struct cfs_sink sink = { add_text, &doc->text };
	struct cfs_oci_id have;
	struct cfs_err why;
	int r = cfs_stream_load(run->repo, stream, doc->type, &doc->file, &why);

	if (r == 0)
		r = cfs_stream_cat(run->repo, doc->file.stream, &sink, &why);
	if (r == 0)
		r = cfs_oci_id_of_bytes(doc->id.alg, cfs_buf_bytes(&doc->text),
					&have, &why);
	if (r < 0)
		return found(run, doc->read_failed, &doc->id, stream, &why,
			     err);
	if (cfs_oci_id_equal(&have, &doc->id))
		return 1;
	return cfs_oci_fsck_report(run, doc->mismatch, &doc->id, NULL,
				   "expected %s, got %s", doc->id.text,
				   have.text);
}

static int check_manifest(struct image *image, struct cfs_err *err)
{
	struct document *doc = &image->manifest_doc;
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest stream;
	struct cfs_err why;
	int r;

	cfs_oci_manifest_name(&doc->id, name);
	r = cfs_stream_lookup(image->run->repo, name, &stream, &why);
	if (r <= 0)
		return cfs_oci_fsck_report(
			image->run, doc->read_failed, &doc->id, NULL,
			"Opening stream '%s'%s%s", name, r < 0 ? ": " : "",
			r < 0 ? why.msg : "");
	r = read_document(image->run, doc, &stream, err);
	if (r <= 0)
		return r;
	r = cfs_oci_manifest_parse(cfs_buf_bytes(&doc->text), &image->manifest,
				   &why);
	if (r < 0)
		return found(image->run, CFS_OCI_FSCK_MANIFEST_PARSE_FAILED,
			     &doc->id, NULL, &why, err);
	image->is_container = cfs_oci_manifest_is_container(&image->manifest);
	return 1;
}

static int parse_config(struct image *image, struct cfs_err *err)
{
	const struct document *doc = &image->config_doc;
	struct cfs_err why;
	int r;

	if (!image->is_container)
		return 1;
	r = cfs_oci_config_parse(cfs_buf_bytes(&doc->text), &image->config,
				 &why);
	if (r == 0 && image->config.n_diff_ids != image->manifest.layers.n)
		r = cfs_fail(&why, EBADMSG,
			     "the manifest has %zu layers, the configuration "
			     "%zu diff_ids",
			     image->manifest.layers.n,
			     image->config.n_diff_ids);
	return r < 0 ? found(image->run, CFS_OCI_FSCK_CONFIG_PARSE_FAILED,
			     &doc->id, NULL, &why, err)
		     : 1;
}

/*
 * Is there a stream @name?  What reads an image goes by ids and does not need
 * it, but gc of composefs-rs does: it keeps what a stream refers to only if the
 * stream has a name.  The report is @text.
 */
static int check_name(struct cfs_oci_fsck_run *run, const char *name,
		      enum cfs_oci_fsck_code code, const struct cfs_oci_id *id,
		      const char *text, struct cfs_err *err)
{
	struct cfs_digest ignored;
	struct cfs_err why;
	int r = cfs_stream_lookup(run->repo, name, &ignored, &why);

	if (r == 0)
		return cfs_oci_fsck_report(run, code, id, NULL, "%s", text);
	return r < 0 ? found(run, code, id, NULL, &why, err) : 1;
}

static int check_config(struct image *image, struct cfs_err *err)
{
	const struct cfs_stream *manifest = image->manifest_doc.file.stream;
	struct document *doc = &image->config_doc;
	char name[sizeof("config:") + CFS_OCI_ID_MAX], own[CFS_OCI_NAME_MAX];
	char text[CFS_OCI_NAME_MAX + 32];
	struct cfs_digest stream;
	int r;

	doc->id = image->manifest.config.id;
	snprintf(name, sizeof(name), "config:%s", doc->id.text);
	if (!cfs_stream_find(manifest, name, &stream))
		return cfs_oci_fsck_report(image->run,
					   CFS_OCI_FSCK_CONFIG_REF_MISSING,
					   &doc->id, NULL, "%s", doc->id.text);
	r = read_document(image->run, doc, &stream, err);
	cfs_oci_config_name(&doc->id, own);
	snprintf(text, sizeof(text), "Opening stream '%s'", own);
	if (r > 0)
		r = check_name(image->run, own, doc->read_failed, &doc->id,
			       text, err);
	return r <= 0 ? r : parse_config(image, err);
}

/* Checks layer @i, which the streams of the manifest and, for a container, of
 * the configuration refer to. */
static int check_layer(struct image *image, size_t i, struct cfs_err *err)
{
	const struct cfs_oci_id *id = image->is_container
					      ? &image->config.diff_ids[i]
					      : &image->manifest.layers.v[i].id;
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest stream, other;
	int r;

	if (!cfs_stream_find(image->manifest_doc.file.stream, id->text,
			     &stream))
		return cfs_oci_fsck_report(
			image->run,
			image->is_container
				? CFS_OCI_FSCK_LAYER_REF_MISSING
				: CFS_OCI_FSCK_ARTIFACT_LAYER_REF_MISSING,
			id, NULL, "%s", id->text);
	if (image->is_container &&
	    (!cfs_stream_find(image->config_doc.file.stream, id->text,
			      &other) ||
	     !cfs_digest_equal(&stream, &other)))
		return cfs_oci_fsck_report(
			image->run, CFS_OCI_FSCK_LAYER_REF_MISSING, id, NULL,
			"%s: the configuration's stream "
			"does not refer to the same layer",
			id->text);
	r = cfs_oci_fsck_layer(image->run, id, &stream, image->is_container,
			       err);
	cfs_oci_layer_name(id, name);
	return r <= 0 ? r
		      : check_name(image->run, name,
				   CFS_OCI_FSCK_LAYER_STREAM_MISSING, id,
				   id->text, err);
}

static int check_layers(struct image *image, struct cfs_err *err)
{
	int good = 1;

	for (size_t i = 0; i < image->manifest.layers.n; i++) {
		int r = check_layer(image, i, err);

		if (r < 0)
			return r;
		good &= r;
	}
	return good;
}

static int check_images(struct image *image, struct cfs_err *err)
{
	const struct cfs_stream *config = image->config_doc.file.stream;
	int good = 1;

	for (size_t i = 0; i < cfs_stream_n_names(config); i++) {
		struct cfs_oci_erofs ignored;
		struct cfs_digest id;
		const char *name = cfs_stream_name(config, i, &id);
		int r = 1;

		if (cfs_oci_erofs_is(name, &ignored))
			r = cfs_oci_fsck_erofs(image->run,
					       &image->config_doc.id, name, &id,
					       err);
		if (r < 0)
			return r;
		good &= r;
	}
	if (image->is_container && *image->config.sealed) {
		int r = cfs_oci_fsck_seal(image->run, &image->config_doc.id,
					  image->config.sealed, err);

		good = r < 0 ? r : good & r;
	}
	return good;
}

int cfs_oci_fsck_image(struct cfs_oci_fsck_run *run,
		       const struct cfs_oci_id *id, struct cfs_err *err)
{
	AUTOCHECK struct image image = { .run = run,
					 .manifest_doc = MANIFEST_INIT,
					 .config_doc = CONFIG_INIT };
	int r, good;

	image.manifest_doc.id = *id;
	r = check_manifest(&image, err);
	if (r > 0)
		r = check_config(&image, err);
	if (r <= 0)
		return r;
	good = check_layers(&image, err);
	r = good < 0 ? good : check_images(&image, err);
	return r < 0 ? r : good & r;
}
