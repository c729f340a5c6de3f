/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Registries, and the stores of other programs.  Manifests come from "skopeo
 * inspect --raw", byte for byte, and the choice among them is made here; blobs
 * come from the proxy.
 *
 * "skopeo copy" into a directory would write all blobs to disk first, those
 * that the repository has among them, and it cannot copy an image out of
 * containers-storage without changing its manifest.
 */
#include <string.h>

#include "oci/json_doc.h"
#include "oci/origin/origin_ops.h"
#include "oci/origin/proxy.h"
#include "oci/origin/reference.h"

#define DOCKER "docker://"
#define STORE  "containers-storage:"
#define SHA256 "sha256:"
/* Bytes of a list of tags. */
#define TAGS_TEXT_MAX CFS_OCI_JSON_MAX
/* Bytes of the tags in a message. */
#define TAGS_SHOWN_MAX 500

struct skopeo_origin {
	struct cfs_origin origin;
	struct cfs_skopeo_options options;
	struct cfs_skopeo_pool *pool; /* owned */
	char *repository;	      /* owned; "docker://NAME", or NULL */
	char *image;		      /* owned; what blobs are of */
};

static struct skopeo_origin *of(struct cfs_origin *origin)
{
	return (struct skopeo_origin *)origin;
}

static int inspect(struct skopeo_origin *o, const char *reference,
		   struct cfs_buf *ret, struct cfs_err *err)
{
	static const char *const command[] = { "inspect", "--raw", NULL };
	struct cfs_skopeo_args args;

	cfs_skopeo_args_make(command, &o->options, reference, &args);
	return cfs_skopeo_run(&args, CFS_OCI_JSON_MAX, ret, err);
}

static int list_tags(struct skopeo_origin *o, struct cfs_buf *ret,
		     struct cfs_err *err)
{
	static const char *const command[] = { "list-tags", NULL };
	struct cfs_skopeo_args args;

	cfs_skopeo_args_make(command, &o->options, o->repository, &args);
	return cfs_skopeo_run(&args, TAGS_TEXT_MAX, ret, err);
}

/* Writes the tags of @doc to @shown, as many as fit.  Returns whether @tag is
 * one of them, or negative errno. */
static int find_tag(const struct cfs_json_doc *doc, const char *tag,
		    char shown[static TAGS_SHOWN_MAX], struct cfs_err *err)
{
	const struct cfs_json_node *list, *node;
	char name[CFS_OCI_TAG_MAX];
	size_t len = 0;
	int r = cfs_json_doc_get(doc, cfs_json_doc_root(doc), "Tags",
				 CFS_JSON_ARRAY, &list, err);

	*shown = '\0';
	if (r <= 0)
		return r;
	for (node = cfs_json_first(&doc->json, list); node;
	     node = cfs_json_next(&doc->json, list, node)) {
		if (!cfs_json_string(node, name, sizeof(name)))
			continue;
		if (strcmp(name, tag) == 0)
			return 1;
		/* The last name may be cut short. */
		if (len < TAGS_SHOWN_MAX)
			len += (size_t)snprintf(shown + len,
						TAGS_SHOWN_MAX - len, "%s%s",
						len ? ", " : "", name);
	}
	return 0;
}

/*
 * Does the registry say that the repository has no tag @tag?  An error of
 * skopeo does not tell that from any other failure.  Returns 1 with its tags
 * in @shown, or 0: there is one, or it cannot be known.
 */
static int lacks_tag(struct skopeo_origin *o, const char *tag,
		     char shown[static TAGS_SHOWN_MAX])
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_err ignored;

	return list_tags(o, &text, &ignored) == 0 &&
	       cfs_json_doc_parse(cfs_buf_bytes(&text), &doc, &ignored) == 0 &&
	       find_tag(&doc, tag, shown, &ignored) == 0;
}

static int skopeo_first(struct cfs_origin *origin, struct cfs_buf *ret,
			struct cfs_err *err)
{
	struct skopeo_origin *o = of(origin);
	const char *tag = origin->tag ? origin->tag : "latest";
	char shown[TAGS_SHOWN_MAX];
	int r = inspect(o, o->image, ret, err);

	if (r == -EIO && o->repository && !origin->has_id &&
	    lacks_tag(o, tag, shown))
		return cfs_fail(err, ENOENT, "no tag '%s' in %s; there are: %s",
				tag, o->repository, shown);
	return r < 0 ? r : 0;
}

/* The reference of the manifest @id, or NULL without memory. */
static char *by_digest(const struct skopeo_origin *o,
		       const struct cfs_oci_id *id)
{
	char *text;

	return asprintf(&text, "%s@%s", o->repository, id->text) < 0 ? NULL
								     : text;
}

static int skopeo_manifest(struct cfs_origin *origin,
			   const struct cfs_oci_id *id, struct cfs_buf *ret,
			   struct cfs_err *err)
{
	struct skopeo_origin *o = of(origin);
	CFS_AUTOFREE char *reference = NULL;
	int r;

	/* Outside registries there is one manifest, that of the reference. */
	if (!o->repository) {
		r = inspect(o, o->image, ret, err);
		return r < 0 ? r : 1;
	}
	reference = by_digest(o, id);
	if (!reference)
		return cfs_no_memory(err);
	r = inspect(o, reference, ret, err);
	return r < 0 ? r : 1;
}

static int skopeo_blob(struct cfs_origin *origin, const struct cfs_oci_id *id,
		       uint64_t size, struct cfs_oci_blob *ret,
		       struct cfs_err *err)
{
	struct skopeo_origin *o = of(origin);
	int r = cfs_skopeo_pool_blob(o->pool, o->image, id, size, ret, err);

	return r < 0 ? cfs_ctx(err, "blob %s", id->text) : 1;
}

static int skopeo_use(struct cfs_origin *origin, const struct cfs_oci_id *id,
		      struct cfs_err *err)
{
	struct skopeo_origin *o = of(origin);
	char *image;

	if (!o->repository)
		return 0;
	image = by_digest(o, id);
	if (!image)
		return cfs_no_memory(err);
	free(o->image);
	o->image = image;
	return 0;
}

static int skopeo_tagged(struct cfs_origin *origin, const char *tag,
			 struct cfs_buf *ret, struct cfs_err *err)
{
	struct skopeo_origin *o = of(origin);
	CFS_AUTOFREE char *reference = NULL;
	char shown[TAGS_SHOWN_MAX];
	int r;

	if (!o->repository)
		return 0;
	if (asprintf(&reference, "%s:%s", o->repository, tag) < 0) {
		reference = NULL;
		return cfs_no_memory(err);
	}
	r = inspect(o, reference, ret, err);
	if (r == -EIO && lacks_tag(o, tag, shown))
		return 0;
	return r < 0 ? r : 1;
}

static void skopeo_free(struct cfs_origin *origin)
{
	struct skopeo_origin *o = of(origin);

	cfs_skopeo_pool_free(o->pool);
	cfs_skopeo_options_free(&o->options);
	cfs_origin_clear(origin);
	free(o->repository);
	free(o->image);
	free(o);
}

#define OPS                                                          \
	.first = skopeo_first, .manifest = skopeo_manifest,          \
	.blob = skopeo_blob, .use = skopeo_use, .free = skopeo_free, \
	.tagged = skopeo_tagged

static const struct cfs_origin_ops skopeo_ops = { OPS };
static const struct cfs_origin_ops store_ops = { OPS, .plain_layers = true };

/* Returns where "sha256:" stands before the id of an image of the store, which
 * skopeo does not take, or NULL.  The store itself may stand in brackets. */
static const char *find_id_prefix(const char *reference)
{
	const char *end = strchr(reference, ']');
	const char *name = end ? end + 1 : reference + strlen(STORE);
	const struct cfs_bytes all = { (const uint8_t *)name, strlen(name) };
	struct cfs_oci_id ignored;
	struct cfs_err why;

	if (strncmp(name, SHA256, strlen(SHA256)) != 0 ||
	    cfs_oci_id_parse(all, &ignored, &why) < 0)
		return NULL;
	return name;
}

/* Sets the image to @reference, of a store or of a file. */
static int name_local(struct skopeo_origin *o, const char *reference,
		      struct cfs_err *err)
{
	const char *prefix =
		o->origin.ops == &store_ops ? find_id_prefix(reference) : NULL;

	o->image = strdup(reference);
	if (!o->image)
		return cfs_no_memory(err);
	if (prefix)
		strcpy(o->image + (prefix - reference),
		       prefix + strlen(SHA256));
	return 0;
}

/* A digest decides; skopeo does not take a tag beside it. */
static int name_image(struct skopeo_origin *o, const char *reference,
		      struct cfs_err *err)
{
	CFS_AUTOREFERENCE struct cfs_oci_reference ref = { 0 };
	int r;

	if (strncmp(reference, DOCKER, strlen(DOCKER)) != 0)
		return name_local(o, reference, err);
	r = cfs_oci_reference_name(reference + strlen(DOCKER), &ref, err);
	if (r < 0)
		return r;
	o->origin.has_id = ref.has_id;
	o->origin.id = ref.id;
	o->origin.tag = cfs_steal_ptr(&ref.tag);
	if (asprintf(&o->repository, DOCKER "%s", ref.path) < 0) {
		o->repository = NULL;
		return cfs_no_memory(err);
	}
	o->image = ref.has_id ? by_digest(o, &ref.id) : strdup(reference);
	return o->image ? 0 : cfs_no_memory(err);
}

int cfs_origin_open_skopeo(const char *reference,
			   const struct cfs_origin_options *options,
			   struct cfs_origin **ret, struct cfs_err *err)
{
	bool is_store = strncmp(reference, STORE, strlen(STORE)) == 0;
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	struct skopeo_origin *o = calloc(1, sizeof(*o));
	int r;

	if (!o)
		return cfs_no_memory(err);
	origin = &o->origin;
	origin->ops = is_store ? &store_ops : &skopeo_ops;
	origin->place = strdup(reference);
	if (!origin->place)
		return cfs_no_memory(err);
	r = name_image(o, reference, err);
	if (r == 0)
		r = cfs_skopeo_options_make(options, &o->options, err);
	if (r == 0)
		r = cfs_skopeo_pool_new(&o->options, &o->pool, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&origin);
	return 0;
}
