/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/export.h"

#include <string.h>

#include "base/text.h"
#include "oci/blob.h"
#include "oci/json_edit.h"
#include "oci/origin.h"
#include "oci/referrers.h"
#include "oci/seal/artifact.h"
#include "oci/tag.h"

#define MANIFEST_TYPE	  "application/vnd.oci.image.manifest.v1+json"
#define LAYER_TYPE	  "application/vnd.oci.image.layer.v1.tar"
#define DOCKER		  "application/vnd.docker."
#define DOCKER_LAYER_TYPE "application/vnd.docker.image.rootfs.diff.tar"

struct export
{
	const struct cfs_repo *repo;
	const struct cfs_oci_image *image;
	struct cfs_origin *origin; /* owned; of the image */
	struct cfs_layout *layout;
	struct cfs_oci_exported *to;
	/* By layer: bytes of its archive, of those that go out uncompressed
	 * in place of their blob; else 0. */
	uint64_t *plain; /* owned */
};

static void export_free(struct export *e)
{
	cfs_origin_free(e->origin);
	free(e->plain);
}

void cfs_oci_exported_free(struct cfs_oci_exported *exported)
{
	cfs_oci_descriptors_free(&exported->written);
	cfs_vec_free(&exported->left);
}

static int note_written(struct export *e, const struct cfs_oci_id *id,
			uint64_t size, const char *media_type,
			const char *artifact_type, struct cfs_err *err)
{
	struct cfs_oci_descriptor *to = cfs_vec_new(&e->to->written);

	if (!to)
		return cfs_no_memory(err);
	to->id = *id;
	to->size = size;
	snprintf(to->media_type, sizeof(to->media_type), "%s",
		 *media_type ? media_type : MANIFEST_TYPE);
	snprintf(to->artifact_type, sizeof(to->artifact_type), "%s",
		 artifact_type);
	return 0;
}

static int note_left(struct export *e, const struct cfs_oci_id *id,
		     const char *why, struct cfs_err *err)
{
	struct cfs_oci_left *to = cfs_vec_new(&e->to->left);

	if (!to)
		return cfs_no_memory(err);
	to->id = *id;
	snprintf(to->why, sizeof(to->why), "%s", why);
	cfs_text_clean(to->why);
	return 0;
}

/* Writes what the repository holds under @id: an archive, a configuration, or a
 * blob of an artifact. */
static int put_stored(struct export *e, const struct cfs_oci_id *id,
		      uint64_t *ret_size, struct cfs_err *err)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_source source;
	int r = cfs_origin_blob(e->origin, id, CFS_OCI_SIZE_ANY, &blob, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "%s is missing", id->text);
	if (r < 0)
		return r;
	source = cfs_oci_blob_source(&blob);
	return cfs_layout_put(e->layout, id, &source, ret_size, err);
}

/* Writes a layer's blob as it came, if that was kept.  Returns 1, or 0 if
 * not. */
static int put_kept(struct export *e, const struct cfs_oci_id *id,
		    struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest stream;
	struct cfs_source source;
	int r = cfs_oci_blob_find(e->repo, id, &stream, err);

	if (r > 0)
		r = cfs_oci_blob_open(e->repo, &stream, &fd, err);
	if (r == 0 && fd < 0)
		return 0;
	if (r < 0)
		return r;
	source = cfs_source_of_fd(&fd);
	r = cfs_layout_put(e->layout, id, &source, NULL, err);
	return r < 0 ? r : 1;
}

static int put_layer(struct export *e, size_t n, struct cfs_err *err)
{
	const struct cfs_oci_id *id = &e->image->manifest.layers.v[n].id;
	const struct cfs_oci_id *stored = cfs_oci_image_layer_id(e->image, n);
	int r;

	/* A layer that came uncompressed is its own archive. */
	if (cfs_oci_id_equal(id, stored))
		return put_stored(e, id, NULL, err);
	r = put_kept(e, id, err);
	if (r != 0)
		return r < 0 ? r : 0;
	e->to->n_unkept++;
	return put_stored(e, stored, &e->plain[n], err);
}

static int put_layers(struct export *e, struct cfs_err *err)
{
	size_t n = e->image->manifest.layers.n;

	/* One more than there are: calloc(0) might return NULL. */
	e->plain = calloc(n + 1, sizeof(*e->plain));
	if (!e->plain)
		return cfs_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		int r = put_layer(e, i, err);

		if (r < 0)
			return cfs_ctx(err, "layer %zu", i);
	}
	return 0;
}

/* A member of a layer's descriptor, and its new value. */
struct change {
	const struct cfs_json_node *node;
	char value[CFS_OCI_ID_MAX];
};

static int by_place(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return x->node->raw.data < y->node->raw.data ? -1 : 1;
}

/* Rewrites the descriptor of layer @n, which is about the blob that the layer
 * came as, so that it describes the uncompressed archive. */
static void edit_layer(const struct export *e, size_t n,
		       const struct cfs_json *json,
		       const struct cfs_json_node *layer,
		       struct cfs_json_edit *edit)
{
	bool docker = strncmp(e->image->manifest.layers.v[n].media_type, DOCKER,
			      strlen(DOCKER)) == 0;
	struct change changes[3] = {
		{ .node = cfs_json_get(json, layer, "mediaType") },
		{ .node = cfs_json_get(json, layer, "digest") },
		{ .node = cfs_json_get(json, layer, "size") },
	};

	snprintf(changes[0].value, sizeof(changes[0].value), "%s",
		 docker ? DOCKER_LAYER_TYPE : LAYER_TYPE);
	snprintf(changes[1].value, sizeof(changes[1].value), "%s",
		 cfs_oci_image_layer_id(e->image, n)->text);
	snprintf(changes[2].value, sizeof(changes[2].value), "%llu",
		 (unsigned long long)e->plain[n]);
	/* Edits come in the order of the document. */
	qsort(changes, CFS_ARRAY_SIZE(changes), sizeof(*changes), by_place);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(changes); i++)
		cfs_json_edit_replace(edit, changes[i].node, changes[i].value);
}

/* Makes the manifest of the image as it goes out. */
static int edit_manifest(const struct export *e, struct cfs_buf *out,
			 struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { .nodes = NULL };
	struct cfs_json_edit edit = {
		.text = cfs_buf_bytes(&e->image->manifest_text),
		.out = out,
	};
	const struct cfs_json_node *layers, *layer;
	int r = cfs_json_doc_parse(edit.text, &doc, err);
	size_t n = 0;

	if (r < 0)
		return r;
	layers = cfs_json_get(&doc.json, cfs_json_doc_root(&doc), "layers");
	for (layer = cfs_json_first(&doc.json, layers); layer;
	     layer = cfs_json_next(&doc.json, layers, layer), n++)
		if (e->plain[n])
			edit_layer(e, n, &doc.json, layer, &edit);
	return cfs_json_edit_finish(&edit, err);
}

static int put_manifest(struct export *e, struct cfs_err *err)
{
	const struct cfs_oci_manifest *m = &e->image->manifest;
	CFS_AUTOBUF struct cfs_buf edited = { 0 };
	struct cfs_bytes text = cfs_buf_bytes(&e->image->manifest_text);
	struct cfs_oci_id id = e->image->id;
	int r = put_stored(e, &m->config.id, NULL, err);

	e->to->is_same = e->to->n_unkept == 0;
	if (r == 0 && !e->to->is_same) {
		r = edit_manifest(e, &edited, err);
		text = cfs_buf_bytes(&edited);
		if (r == 0)
			r = cfs_oci_id_of_bytes(id.alg, text, &id, err);
	}
	if (r == 0)
		r = cfs_layout_put_bytes(e->layout, &id, text, err);
	return r < 0 ? r
		     : note_written(e, &id, text.len, m->media_type,
				    m->artifact_type, err);
}

static int put_blobs(struct export *e, const struct cfs_oci_manifest *m,
		     struct cfs_err *err)
{
	int r = put_stored(e, &m->config.id, NULL, err);

	for (size_t i = 0; r == 0 && i < m->layers.n; i++)
		r = put_stored(e, &m->layers.v[i].id, NULL, err);
	return r;
}

/* Makes the artifact @text about the new manifest, without an entry for the old
 * one.  Returns 1 with @out, or 0 if that cannot be done. */
static int remake(struct export *e, struct cfs_bytes text, struct cfs_buf *out,
		  struct cfs_err *err)
{
	const struct cfs_oci_descriptor *subject = &e->to->written.v[0];
	CFS_AUTOFREE struct cfs_seal_artifact *a = malloc(sizeof(*a));
	struct cfs_err ignored;
	unsigned n = 0;
	int r;

	if (!a)
		return cfs_no_memory(err);
	if (cfs_seal_artifact_read(text, a, &ignored) <= 0)
		return 0;
	for (unsigned i = 0; i < a->n; i++)
		if (a->v[i].role != CFS_SEAL_MANIFEST)
			a->v[n++] = a->v[i];
	e->to->n_dropped += a->n - n;
	a->n = n;
	a->subject = *subject;
	r = cfs_seal_artifact_write(a, out, err);
	e->to->n_remade += r == 0;
	return r < 0 ? r : 1;
}

static int put_artifact_text(struct export *e, const struct cfs_oci_manifest *m,
			     struct cfs_bytes text, const char *artifact_type,
			     struct cfs_err *err)
{
	struct cfs_oci_id id;
	int r = cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, text, &id, err);

	if (r == 0)
		r = put_blobs(e, m, err);
	if (r == 0)
		r = cfs_layout_put_bytes(e->layout, &id, text, err);
	return r < 0 ? r
		     : note_written(e, &id, text.len, m->media_type,
				    artifact_type, err);
}

/* Returns 1, or 0 if it does not go with the new manifest. */
static int put_artifact(struct export *e, const struct cfs_oci_descriptor *d,
			struct cfs_err *err)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOBUF struct cfs_buf remade = { 0 };
	int r = cfs_origin_manifest(e->origin, &d->id, d->size, &text, err);
	struct cfs_bytes bytes = cfs_buf_bytes(&text);

	if (r == 0)
		r = cfs_oci_manifest_parse(bytes, &m, err);
	if (r == 0 && !e->to->is_same) {
		r = remake(e, bytes, &remade, err);
		if (r <= 0)
			return r;
		bytes = cfs_buf_bytes(&remade);
		r = cfs_oci_manifest_parse(bytes, &m, err);
	}
	if (r == 0)
		r = put_artifact_text(e, &m, bytes, d->artifact_type, err);
	return r < 0 ? r : 1;
}

/* Is a failure about the artifact, and not about where it goes? */
static bool is_damage(int r)
{
	switch (-r) {
	case ENOENT:
	case EBADMSG:
	case EINVAL:
	case EFBIG:
	case EOPNOTSUPP:
		return true;
	default:
		return false;
	}
}

static int put_artifacts(struct export *e, struct cfs_err *err)
{
	CFS_AUTOREFERRERS struct cfs_oci_referrers list = { 0 };
	struct cfs_err why;
	int r = cfs_origin_referrers(e->origin, &e->image->id, &list, err);

	for (size_t i = 0; r == 0 && i < list.found.n; i++) {
		const struct cfs_oci_descriptor *d = &list.found.v[i];

		r = put_artifact(e, d, &why);
		if (r > 0)
			r = 0;
		else if (r == 0)
			r = note_left(e, &d->id,
				      "it is about the manifest that came, "
				      "which is not the one that goes out",
				      err);
		else if (is_damage(r))
			r = note_left(e, &d->id, why.msg, err);
		else
			*err = why;
	}
	return r;
}

int cfs_oci_export(const struct cfs_repo *repo,
		   const struct cfs_oci_image *image, struct cfs_layout *layout,
		   struct cfs_oci_exported *ret, struct cfs_err *err)
{
	__attribute__((cleanup(export_free))) struct export e = {
		.repo = repo,
		.image = image,
		.layout = layout,
		.to = ret,
	};
	int r;

	*ret = (struct cfs_oci_exported){ 0 };
	r = cfs_origin_open_repo(repo, image, &e.origin, err);
	if (r == 0)
		r = put_layers(&e, err);
	if (r == 0)
		r = put_manifest(&e, err);
	return r < 0 ? r : put_artifacts(&e, err);
}
