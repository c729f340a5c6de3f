/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/image.h"

#include <string.h>

#include "oci/blob.h"
#include "oci/document.h"
#include "oci/tag.h"
#include "repo/object.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"

#define IMAGE	   "composefs.image"
#define BOOT	   ".boot"
#define LAYER	   ".layer"
#define V1	   ".v1"
#define KEEP_USER  ".xattrs=keep-user-xattrs"
#define CONFIG_REF "config:"
#define BLOB_REF   "blob:"

void cfs_oci_erofs_name(const struct cfs_oci_erofs *erofs,
			char ret[static CFS_OCI_EROFS_NAME_MAX])
{
	char layer[sizeof(LAYER) + 10] = "";

	if (erofs->one_layer)
		snprintf(layer, sizeof(layer), LAYER "%u", erofs->layer);
	snprintf(ret, CFS_OCI_EROFS_NAME_MAX, IMAGE "%s%s%s%s", layer,
		 erofs->bootable ? BOOT : "", erofs->v1 ? V1 : "",
		 erofs->filter == CFS_XATTRS_KEEP_USER ? KEEP_USER : "");
}

/* Reads ".layer<N>", and returns what follows it; or @name, without it. */
static const char *read_layer(const char *name, struct cfs_oci_erofs *to)
{
	size_t n = strlen(LAYER);

	to->one_layer = strncmp(name, LAYER, n) == 0 && name[n] >= '0' &&
			name[n] <= '9';
	to->layer = 0;
	if (!to->one_layer)
		return name;
	for (name += n; *name >= '0' && *name <= '9'; name++)
		/* A number that is too large names no layer: it need not be
		 * exact. */
		if (to->layer < CFS_OCI_LAYERS_MAX)
			to->layer = 10 * to->layer + (unsigned)(*name - '0');
	return name;
}

bool cfs_oci_erofs_is(const char *name, struct cfs_oci_erofs *ret)
{
	size_t n = strlen(IMAGE);

	if (strncmp(name, IMAGE, n) != 0 || (name[n] && name[n] != '.'))
		return false;
	name = read_layer(name + n, ret);
	ret->bootable = strncmp(name, BOOT, strlen(BOOT)) == 0;
	name += ret->bootable ? strlen(BOOT) : 0;
	ret->v1 = strncmp(name, V1, strlen(V1)) == 0;
	name += ret->v1 ? strlen(V1) : 0;
	ret->filter = strcmp(name, KEEP_USER) == 0 ? CFS_XATTRS_KEEP_USER
						   : CFS_XATTRS_ALLOWLIST;
	return true;
}

void cfs_oci_image_free(struct cfs_oci_image *image)
{
	cfs_buf_free(&image->manifest_text);
	cfs_buf_free(&image->config_text);
	cfs_oci_manifest_free(&image->manifest);
	cfs_oci_config_free(&image->config);
	free(image->layers);
	cfs_vec_free(&image->erofs);
	*image = (struct cfs_oci_image){ 0 };
}

const struct cfs_oci_id *cfs_oci_image_layer_id(
	const struct cfs_oci_image *image, size_t n)
{
	return image->is_container ? &image->config.diff_ids[n]
				   : &image->manifest.layers.v[n].id;
}

static int add_erofs(struct cfs_oci_image *image, const char *name,
		     const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_oci_erofs_ref *more;

	for (size_t i = 0; i < image->erofs.n; i++) {
		if (strcmp(image->erofs.v[i].name, name) != 0)
			continue;
		image->erofs.v[i].id = *id;
		return 0;
	}
	more = cfs_vec_new(&image->erofs);
	if (!more)
		return cfs_no_memory(err);
	more->id = *id;
	snprintf(more->name, sizeof(more->name), "%s", name);
	return 0;
}

int cfs_oci_image_take_erofs(struct cfs_oci_image *image,
			     const struct cfs_stream *stream,
			     struct cfs_err *err)
{
	unsigned n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < cfs_stream_n_names(stream); i++) {
		struct cfs_oci_erofs ignored;
		struct cfs_digest id;
		const char *name = cfs_stream_name(stream, i, &id);

		if (!cfs_oci_erofs_is(name, &ignored) ||
		    strlen(name) >= CFS_OCI_EROFS_NAME_MAX)
			continue;
		/* Each is compared with all before it. */
		if (n++ == CFS_OCI_EROFS_MAX)
			return cfs_fail(err, EFBIG,
					"it refers to over %d EROFS images",
					CFS_OCI_EROFS_MAX);
		r = add_erofs(image, name, &id, err);
	}
	return r;
}

bool cfs_oci_config_ref(const struct cfs_stream *manifest,
			const struct cfs_oci_id *id, struct cfs_digest *ret)
{
	char name[sizeof(CONFIG_REF) + CFS_OCI_ID_MAX];

	snprintf(name, sizeof(name), CONFIG_REF "%s", id->text);
	return cfs_stream_find(manifest, name, ret);
}

/* Reads the configuration that the manifest's stream refers to. */
static int open_config(const struct cfs_repo *repo, struct cfs_oci_image *image,
		       const struct cfs_stream *manifest, struct cfs_err *err)
{
	CFS_AUTODOCUMENT struct cfs_oci_document doc = CFS_OCI_DOCUMENT_INIT;
	const struct cfs_oci_id *id = &image->manifest.config.id;
	int r;

	if (!cfs_oci_config_ref(manifest, id, &doc.stream))
		return cfs_fail(err, EBADMSG,
				"the manifest's stream has no reference to %s",
				id->text);
	r = cfs_oci_document_load(repo, CFS_STREAM_CONFIG, id, &doc, err);
	if (r == 0 && image->is_container)
		r = cfs_oci_config_parse(cfs_buf_bytes(&doc.text),
					 &image->config, err);
	if (r == 0)
		r = cfs_oci_image_take_erofs(image, doc.file.stream, err);
	if (r == 0) {
		image->config_stream = doc.stream;
		image->config_text = doc.text;
		doc.text = (struct cfs_buf){ 0 };
	}
	return r < 0 ? cfs_ctx(err, "config %s", id->text) : 0;
}

int cfs_oci_image_check_counts(const struct cfs_oci_image *image,
			       struct cfs_err *err)
{
	size_t layers = image->manifest.layers.n;

	if (!image->is_container || image->config.n_diff_ids == layers)
		return 0;
	return cfs_fail(err, EBADMSG,
			"the manifest has %zu layers, the configuration %zu "
			"diff_ids",
			layers, image->config.n_diff_ids);
}

static int find_layers(struct cfs_oci_image *image,
		       const struct cfs_stream *manifest, struct cfs_err *err)
{
	size_t n = image->manifest.layers.n;

	/* One more than there are: of no layers, calloc(0) might return
	 * NULL. */
	image->layers = calloc(n + 1, sizeof(*image->layers));
	if (!image->layers)
		return cfs_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		const struct cfs_oci_id *id = cfs_oci_image_layer_id(image, i);

		if (!cfs_stream_find(manifest, id->text, &image->layers[i]))
			return cfs_fail(err, ENOENT,
					"the manifest's stream has no "
					"reference to layer %zu, %s",
					i, id->text);
	}
	return 0;
}

static int open_image(const struct cfs_repo *repo, struct cfs_oci_image *image,
		      struct cfs_err *err)
{
	CFS_AUTODOCUMENT struct cfs_oci_document doc = CFS_OCI_DOCUMENT_INIT;
	int r;

	doc.stream = image->manifest_stream;
	r = cfs_oci_document_load(repo, CFS_STREAM_MANIFEST, &image->id, &doc,
				  err);
	if (r < 0)
		return r;
	image->manifest_text = doc.text;
	doc.text = (struct cfs_buf){ 0 };
	r = cfs_oci_manifest_parse(cfs_buf_bytes(&image->manifest_text),
				   &image->manifest, err);
	if (r < 0)
		return r;
	image->is_container = cfs_oci_manifest_is_container(&image->manifest);
	r = open_config(repo, image, doc.file.stream, err);
	if (r == 0)
		r = cfs_oci_image_check_counts(image, err);
	return r < 0 ? r : find_layers(image, doc.file.stream, err);
}

int cfs_oci_image_open(const struct cfs_repo *repo, const struct cfs_oci_id *id,
		       struct cfs_oci_image *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { .id = *id };
	char name[CFS_OCI_NAME_MAX];
	int r;

	cfs_oci_manifest_name(id, name);
	r = cfs_stream_lookup(repo, name, &image.manifest_stream, err);
	if (r > 0 && open_image(repo, &image, err) < 0)
		r = -err->code;
	if (r < 0)
		return cfs_ctx(err, "manifest %s", id->text);
	if (r == 0)
		return 0;
	*ret = image;
	image = (struct cfs_oci_image){ 0 };
	return 1;
}

/* A search for the tagged image with a configuration. */
struct search {
	const struct cfs_repo *repo;
	struct cfs_oci_id config;
	struct cfs_oci_image *ret;
};

static int has_config(const char *tag, const struct cfs_oci_id *id, void *arg,
		      struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct search *search = arg;
	struct cfs_err ignored;

	(void)tag;
	(void)err;
	/* An image that cannot be read is passed over: another one may have the
	 * configuration. */
	if (!id || cfs_oci_image_open(search->repo, id, &image, &ignored) <= 0)
		return 0;
	if (!cfs_oci_id_equal(&image.manifest.config.id, &search->config))
		return 0;
	*search->ret = image;
	image = (struct cfs_oci_image){ 0 };
	return 1;
}

int cfs_oci_image_find(const struct cfs_repo *repo, const char *name,
		       struct cfs_oci_image *ret, struct cfs_err *err)
{
	const char *text = *name == '@' ? name + 1 : name;
	const struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };
	struct search search = { .repo = repo, .ret = ret };
	struct cfs_oci_id id;
	struct cfs_err why;
	int r = cfs_oci_id_parse(bytes, &id, &why);

	if (r < 0 && *name == '@') {
		*err = why;
		return cfs_ctx(err, "Invalid OCI digest after '@'");
	}
	if (r < 0)
		r = cfs_oci_tag_get(repo, name, &id, err);
	else
		r = 1;
	search.config = id;
	if (r > 0)
		r = cfs_oci_image_open(repo, &id, ret, err);
	/* A digest, but no tag, may be that of a configuration, which docker
	 * and podman call the ID of an image. */
	if (r == 0 && strcmp(text, id.text) == 0)
		r = cfs_oci_tag_each(repo, has_config, &search, err);
	if (r != 0)
		return r;
	(void)cfs_fail(err, ENOENT, "OCI reference not found: %s", name);
	return cfs_err_path(err, name);
}

int cfs_oci_image_check_stream(const struct cfs_oci_image *image,
			       const char *hex, struct cfs_err *err)
{
	struct cfs_digest id;
	int r = cfs_digest_from_hex(hex, strlen(hex), &id, err);

	if (r < 0 || cfs_digest_equal(&id, &image->config_stream) ||
	    cfs_digest_equal(&id, &image->manifest_stream))
		return r;
	return cfs_fail(err, EBADMSG,
			"%s is the digest of neither the stream of the "
			"manifest nor that of the configuration",
			hex);
}

int cfs_oci_image_erofs(const struct cfs_oci_image *image,
			const struct cfs_oci_erofs *erofs,
			struct cfs_digest *ret)
{
	char name[CFS_OCI_EROFS_NAME_MAX];

	cfs_oci_erofs_name(erofs, name);
	for (size_t i = 0; i < image->erofs.n; i++) {
		if (strcmp(image->erofs.v[i].name, name) != 0)
			continue;
		*ret = image->erofs.v[i].id;
		return 1;
	}
	return 0;
}

bool cfs_oci_image_is_bootable(const struct cfs_oci_image *image)
{
	struct cfs_oci_erofs erofs;

	for (size_t i = 0; i < image->erofs.n; i++)
		if (cfs_oci_erofs_is(image->erofs.v[i].name, &erofs) &&
		    erofs.bootable)
			return true;
	return false;
}

int cfs_oci_image_set_erofs(struct cfs_oci_image *image,
			    const struct cfs_oci_erofs *erofs,
			    const struct cfs_digest *id, struct cfs_err *err)
{
	char name[CFS_OCI_EROFS_NAME_MAX];

	cfs_oci_erofs_name(erofs, name);
	return add_erofs(image, name, id, err);
}

/* Begins a stream of the object @text, without references so far. */
static int begin_document(struct cfs_store *store, const char *type,
			  const struct cfs_buf *text,
			  struct cfs_stream_writer **ret, struct cfs_err *err)
{
	struct cfs_digest id;
	int r = cfs_object_add_bytes(store, cfs_buf_bytes(text), &id, err);

	if (r == 0)
		r = cfs_stream_writer_new(store->repo.meta.alg, type, ret, err);
	return r < 0 ? r : cfs_stream_external(*ret, text->len, &id, err);
}

static int name_layers(const struct cfs_oci_image *image,
		       struct cfs_stream_writer *w, struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < image->manifest.layers.n; i++)
		r = cfs_stream_add_name(w,
					cfs_oci_image_layer_id(image, i)->text,
					&image->layers[i], err);
	return r;
}

/* Images of the whole tree precede those to boot, and these the layers'. */
static int rank(const struct cfs_oci_erofs_ref *ref)
{
	struct cfs_oci_erofs erofs = { 0 };

	(void)cfs_oci_erofs_is(ref->name, &erofs);
	return erofs.one_layer ? 2 : erofs.bootable;
}

static int by_rank_and_name(const void *a, const void *b)
{
	const struct cfs_oci_erofs_ref *x = a, *y = b;
	int r = rank(x) - rank(y);

	return r != 0 ? r : strcmp(x->name, y->name);
}

static int write_config(struct cfs_store *store, struct cfs_oci_image *image,
			struct cfs_err *err)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	int r = begin_document(store, CFS_STREAM_CONFIG, &image->config_text,
			       &w, err);

	if (r == 0)
		r = name_layers(image, w, err);
	/* Sorted, so that the stream is the same in whatever order images were
	 * made, and the same as that of composefs-rs. */
	if (image->erofs.n > 0)
		qsort(image->erofs.v, image->erofs.n, sizeof(*image->erofs.v),
		      by_rank_and_name);
	for (size_t i = 0; r == 0 && i < image->erofs.n; i++)
		r = cfs_stream_add_name(w, image->erofs.v[i].name,
					&image->erofs.v[i].id, err);
	return r < 0 ? r
		     : cfs_stream_store(store, w, &image->config_stream, err);
}

/* Refers to the blobs of layers that are kept, without which gc would take them
 * away. */
static int name_blobs(const struct cfs_store *store,
		      const struct cfs_oci_image *image,
		      struct cfs_stream_writer *w, struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0;
	     r >= 0 && image->is_container && i < image->manifest.layers.n;
	     i++) {
		const struct cfs_oci_id *id = &image->manifest.layers.v[i].id;
		char ref[sizeof(BLOB_REF) + CFS_OCI_ID_MAX];
		struct cfs_digest blob;

		snprintf(ref, sizeof(ref), BLOB_REF "%s", id->text);
		r = cfs_oci_blob_find(&store->repo, id, &blob, err);
		if (r > 0)
			r = cfs_stream_add_name(w, ref, &blob, err);
	}
	return r < 0 ? r : 0;
}

static int write_manifest(struct cfs_store *store, struct cfs_oci_image *image,
			  struct cfs_err *err)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	char name[sizeof(CONFIG_REF) + CFS_OCI_ID_MAX];
	int r = begin_document(store, CFS_STREAM_MANIFEST,
			       &image->manifest_text, &w, err);

	snprintf(name, sizeof(name), CONFIG_REF "%s",
		 image->manifest.config.id.text);
	if (r == 0)
		r = cfs_stream_add_name(w, name, &image->config_stream, err);
	if (r == 0)
		r = name_layers(image, w, err);
	if (r == 0)
		r = name_blobs(store, image, w, err);
	return r < 0 ? r
		     : cfs_stream_store(store, w, &image->manifest_stream, err);
}

int cfs_oci_image_write(struct cfs_store *store, struct cfs_oci_image *image,
			struct cfs_err *err)
{
	char name[CFS_OCI_NAME_MAX];
	int r = write_config(store, image, err);

	if (r == 0)
		r = write_manifest(store, image, err);
	/* Names come last: what they lead to is stored. */
	cfs_oci_config_name(&image->manifest.config.id, name);
	if (r == 0)
		r = cfs_stream_link(store, name, &image->config_stream, err);
	cfs_oci_manifest_name(&image->id, name);
	if (r == 0)
		r = cfs_stream_link(store, name, &image->manifest_stream, err);
	return r;
}
