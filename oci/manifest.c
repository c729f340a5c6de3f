/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/manifest.h"

#include <string.h>

#include "oci/json_doc.h"

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

/* Layers of every compression are of one kind: their bytes tell which it is. */
static const struct {
	const char *media_type;
	enum cfs_oci_kind kind;
} kinds[] = {
	{ OCI "index.v1+json", CFS_OCI_INDEX },
	{ DOCKER "distribution.manifest.list.v2+json", CFS_OCI_INDEX },
	{ OCI "manifest.v1+json", CFS_OCI_MANIFEST },
	{ DOCKER "distribution.manifest.v2+json", CFS_OCI_MANIFEST },
	{ OCI "config.v1+json", CFS_OCI_CONFIG },
	{ DOCKER "container.image.v1+json", CFS_OCI_CONFIG },
	{ OCI "layer.v1.tar", CFS_OCI_LAYER },
	{ OCI "layer.v1.tar+gzip", CFS_OCI_LAYER },
	{ OCI "layer.v1.tar+zstd", CFS_OCI_LAYER },
	{ OCI "layer.nondistributable.v1.tar", CFS_OCI_LAYER },
	{ OCI "layer.nondistributable.v1.tar+gzip", CFS_OCI_LAYER },
	{ OCI "layer.nondistributable.v1.tar+zstd", CFS_OCI_LAYER },
	{ DOCKER "image.rootfs.diff.tar", CFS_OCI_LAYER },
	{ DOCKER "image.rootfs.diff.tar.gzip", CFS_OCI_LAYER },
	{ DOCKER "image.rootfs.diff.tar.zstd", CFS_OCI_LAYER },
	{ DOCKER "image.rootfs.foreign.diff.tar", CFS_OCI_LAYER },
	{ DOCKER "image.rootfs.foreign.diff.tar.gzip", CFS_OCI_LAYER },
};

enum cfs_oci_kind cfs_oci_kind_of(const char *media_type)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].media_type, media_type) == 0)
			return kinds[i].kind;
	return CFS_OCI_OTHER;
}

static int parse_platform(const struct cfs_json_doc *doc,
			  const struct cfs_json_node *in,
			  struct cfs_oci_platform *ret, struct cfs_err *err)
{
	const struct {
		const char *name;
		char *to;
	} words[] = {
		{ "os", ret->os },
		{ "architecture", ret->arch },
		{ "variant", ret->variant },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(words); i++) {
		int r = cfs_json_doc_text(doc, in, words[i].name, words[i].to,
					  CFS_OCI_WORD_MAX, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_tag(const struct cfs_json_doc *doc,
		     const struct cfs_json_node *in,
		     struct cfs_oci_descriptor *ret, struct cfs_err *err)
{
	const struct cfs_json_node *annotations;
	int r = cfs_json_doc_get(doc, in, "annotations", CFS_JSON_OBJECT,
				 &annotations, err);

	if (r > 0)
		r = cfs_json_doc_text(doc, annotations,
				      "org.opencontainers.image.ref.name",
				      ret->tag, sizeof(ret->tag), err);
	return r;
}

static int parse_descriptor(const struct cfs_json_doc *doc,
			    const struct cfs_json_node *in,
			    struct cfs_oci_descriptor *ret, struct cfs_err *err)
{
	const struct cfs_json_node *node;
	int r;

	*ret = (struct cfs_oci_descriptor){ 0 };
	if (in->kind != CFS_JSON_OBJECT)
		return cfs_fail(err, EINVAL, "a descriptor is no object");
	r = cfs_json_doc_text(doc, in, "mediaType", ret->media_type,
			      sizeof(ret->media_type), err);
	if (r == 0)
		r = cfs_json_doc_text(doc, in, "artifactType",
				      ret->artifact_type,
				      sizeof(ret->artifact_type), err);
	if (r == 0)
		r = cfs_json_doc_id(doc, in, "digest", &ret->id, err);
	if (r == 0 &&
	    !cfs_json_u64(cfs_json_get(&doc->json, in, "size"), &ret->size))
		r = cfs_fail(err, EINVAL,
			     "the member 'size' is no count of bytes");
	if (r == 0)
		r = parse_tag(doc, in, ret, err);
	if (r == 0)
		r = cfs_json_doc_get(doc, in, "platform", CFS_JSON_OBJECT,
				     &node, err);
	if (r <= 0)
		return r;
	ret->has_platform = true;
	return parse_platform(doc, node, &ret->platform, err);
}

/* Reads the descriptor @name.  Returns 1, or 0 if there is none. */
static int parse_member(const struct cfs_json_doc *doc, const char *name,
			struct cfs_oci_descriptor *ret, struct cfs_err *err)
{
	const struct cfs_json_node *node;
	int r = cfs_json_doc_get(doc, cfs_json_doc_root(doc), name,
				 CFS_JSON_OBJECT, &node, err);

	if (r > 0 && parse_descriptor(doc, node, ret, err) < 0)
		return cfs_ctx(err, "%s", name);
	return r;
}

void cfs_oci_descriptors_free(struct cfs_oci_descriptors *list)
{
	cfs_vec_free(list);
}

void cfs_oci_descriptor_write(const struct cfs_oci_descriptor *d,
			      struct cfs_json_writer *w)
{
	cfs_json_write_text(w, "mediaType", d->media_type);
	cfs_json_write_text(w, "digest", d->id.text);
	cfs_json_write_u64(w, "size", d->size);
	if (*d->artifact_type)
		cfs_json_write_text(w, "artifactType", d->artifact_type);
}

/* Finds the array @name, of at most @max elements. */
static int get_list(const struct cfs_json_doc *doc, const char *name,
		    size_t max, const struct cfs_json_node **ret, size_t *ret_n,
		    struct cfs_err *err)
{
	const struct cfs_json_node *node;
	int r = cfs_json_doc_get(doc, cfs_json_doc_root(doc), name,
				 CFS_JSON_ARRAY, ret, err);
	size_t n = 0;

	if (r == 0)
		return cfs_fail(err, EINVAL, "the member '%s' is missing",
				name);
	if (r < 0)
		return r;
	/* Counted before memory is taken for them. */
	for (node = cfs_json_first(&doc->json, *ret); node;
	     node = cfs_json_next(&doc->json, *ret, node))
		n++;
	if (n > max)
		return cfs_fail(err, EFBIG,
				"%s: %zu descriptors; the maximum is %zu", name,
				n, max);
	*ret_n = n;
	return 0;
}

/* Reads the array @name of descriptors. */
static int parse_list(const struct cfs_json_doc *doc, const char *name,
		      size_t max, struct cfs_oci_descriptors *ret,
		      struct cfs_err *err)
{
	const struct cfs_json_node *list, *node;
	size_t n;
	int r = get_list(doc, name, max, &list, &n, err);

	if (r < 0)
		return r;
	if (!cfs_vec_reserve(ret, n))
		return cfs_no_memory(err);
	for (node = cfs_json_first(&doc->json, list); node;
	     node = cfs_json_next(&doc->json, list, node)) {
		struct cfs_oci_descriptor *d = cfs_vec_new(ret);

		if (parse_descriptor(doc, node, d, err) < 0)
			return cfs_ctx(err, "%s[%zu]", name, ret->n - 1);
	}
	return 0;
}

static bool has(const struct cfs_json_doc *doc, const char *name)
{
	return cfs_json_get(&doc->json, cfs_json_doc_root(doc), name) != NULL;
}

/* Is a member's name written with escapes?  Members are looked up as they are
 * written; other readers would find one more. */
static bool has_escaped_name(const struct cfs_json_doc *doc)
{
	const struct cfs_json_node *root = cfs_json_doc_root(doc);
	const struct cfs_json_node *name = cfs_json_first(&doc->json, root);

	while (name) {
		if (name->raw.len > 0 &&
		    memchr(name->raw.data, '\\', name->raw.len))
			return true;
		name = cfs_json_next(&doc->json, root, name);
		name = name ? cfs_json_next(&doc->json, root, name) : NULL;
	}
	return false;
}

/* Refuses a document that others may take for something else.
 * Source: OCI image specification, image-index.md and manifest.md: "mediaType";
 * CVE-2021-41190. */
static int check_kind(const struct cfs_json_doc *doc, enum cfs_oci_kind kind,
		      struct cfs_err *err)
{
	char media_type[CFS_OCI_MEDIA_MAX];
	int r = cfs_json_doc_text(doc, cfs_json_doc_root(doc), "mediaType",
				  media_type, sizeof(media_type), err);

	if (r < 0)
		return r;
	if (has_escaped_name(doc))
		return cfs_fail(err, EINVAL,
				"ambiguous: the name of a member is written "
				"with escapes");
	if (has(doc, "manifests") && (has(doc, "layers") || has(doc, "config")))
		return cfs_fail(err, EINVAL,
				"ambiguous: it has the members of an index and "
				"of a manifest");
	if (*media_type && cfs_oci_kind_of(media_type) != kind)
		return cfs_fail(
			err, EINVAL, "its media type '%s' is not that of %s",
			media_type,
			kind == CFS_OCI_INDEX ? "an index" : "a manifest");
	return 0;
}

/* Docker's older manifests name their layers "fsLayers". */
static int kind_of_document(const struct cfs_json_doc *doc, struct cfs_err *err)
{
	if (has(doc, "manifests"))
		return CFS_OCI_INDEX;
	if (has(doc, "config"))
		return CFS_OCI_MANIFEST;
	if (has(doc, "fsLayers"))
		return cfs_fail(err, EOPNOTSUPP,
				"a Docker manifest of schema 1, which has no "
				"digests of its layers' contents: convert it "
				"with 'skopeo copy --format v2s2'");
	return cfs_fail(err, EINVAL, "neither an index nor a manifest");
}

int cfs_oci_document_kind(struct cfs_bytes text, struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	int r = cfs_json_doc_parse(text, &doc, err);

	return r < 0 ? r : kind_of_document(&doc, err);
}

static int each_entry(const struct cfs_json_doc *doc, cfs_oci_entry_fn *fn,
		      void *ctx, struct cfs_err *err)
{
	const struct cfs_json_node *list, *node;
	struct cfs_oci_descriptor d;
	size_t n, i = 0;
	int r = get_list(doc, "manifests", CFS_OCI_INDEX_MAX, &list, &n, err);

	if (r < 0)
		return r;
	for (node = cfs_json_first(&doc->json, list); r == 0 && node;
	     node = cfs_json_next(&doc->json, list, node), i++) {
		/* Whether a bad entry matters is up to the caller. */
		struct cfs_err why = { 0 };
		bool good = parse_descriptor(doc, node, &d, &why) >= 0;

		if (!good)
			(void)cfs_ctx(&why, "manifests[%zu]", i);
		r = fn(ctx, good ? &d : NULL, &why, err);
	}
	return r;
}

int cfs_oci_index_each(struct cfs_bytes text, cfs_oci_entry_fn *fn, void *ctx,
		       struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	int r = cfs_json_doc_parse(text, &doc, err);

	if (r == 0)
		r = check_kind(&doc, CFS_OCI_INDEX, err);
	return r < 0 ? r : each_entry(&doc, fn, ctx, err);
}

int cfs_oci_index_parse(struct cfs_bytes text, struct cfs_oci_descriptors *ret,
			struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	struct cfs_oci_descriptors list = { 0 };
	int r = cfs_json_doc_parse(text, &doc, err);

	if (r == 0)
		r = check_kind(&doc, CFS_OCI_INDEX, err);
	if (r == 0)
		r = parse_list(&doc, "manifests", CFS_OCI_INDEX_MAX, &list,
			       err);
	if (r < 0)
		cfs_oci_descriptors_free(&list);
	else
		*ret = list;
	return r;
}

void cfs_oci_manifest_free(struct cfs_oci_manifest *manifest)
{
	cfs_oci_descriptors_free(&manifest->layers);
}

static int parse_manifest(const struct cfs_json_doc *doc,
			  struct cfs_oci_manifest *m, struct cfs_err *err)
{
	const struct cfs_json_node *root = cfs_json_doc_root(doc);
	int r = cfs_json_doc_text(doc, root, "mediaType", m->media_type,
				  sizeof(m->media_type), err);

	if (r == 0)
		r = cfs_json_doc_text(doc, root, "artifactType",
				      m->artifact_type,
				      sizeof(m->artifact_type), err);
	if (r == 0)
		r = parse_member(doc, "config", &m->config, err);
	if (r == 0)
		return cfs_fail(err, EINVAL,
				cfs_json_get(&doc->json, root, "manifests")
					? "it is an index, not a manifest"
					: "the member 'config' is missing");
	if (r > 0)
		r = parse_list(doc, "layers", CFS_OCI_LAYERS_MAX, &m->layers,
			       err);
	if (r == 0)
		r = parse_member(doc, "subject", &m->subject, err);
	m->has_subject = r > 0;
	return r < 0 ? r : 0;
}

int cfs_oci_manifest_parse(struct cfs_bytes text, struct cfs_oci_manifest *ret,
			   struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	int r = cfs_json_doc_parse(text, &doc, err);

	if (r == 0)
		r = check_kind(&doc, CFS_OCI_MANIFEST, err);
	if (r == 0)
		r = parse_manifest(&doc, &m, err);
	if (r < 0)
		return r;
	*ret = m;
	m.layers = (struct cfs_oci_descriptors){ 0 };
	return 0;
}

void cfs_oci_config_free(struct cfs_oci_config *config)
{
	free(config->diff_ids);
	config->diff_ids = NULL;
}

static int parse_diff_ids(const struct cfs_json_doc *doc,
			  struct cfs_oci_config *c, struct cfs_err *err)
{
	const struct cfs_json_node *rootfs, *list, *node;
	int r = cfs_json_doc_get(doc, cfs_json_doc_root(doc), "rootfs",
				 CFS_JSON_OBJECT, &rootfs, err);

	if (r > 0)
		r = cfs_json_doc_get(doc, rootfs, "diff_ids", CFS_JSON_ARRAY,
				     &list, err);
	if (r <= 0)
		return r < 0 ? r
			     : cfs_fail(err, EINVAL,
					"the member 'rootfs.diff_ids' is "
					"missing");
	c->diff_ids = calloc(CFS_OCI_LAYERS_MAX, sizeof(*c->diff_ids));
	if (!c->diff_ids)
		return cfs_no_memory(err);
	for (node = cfs_json_first(&doc->json, list); node;
	     node = cfs_json_next(&doc->json, list, node)) {
		if (c->n_diff_ids == CFS_OCI_LAYERS_MAX)
			return cfs_fail(err, EFBIG,
					"over %d diff_ids are not supported",
					CFS_OCI_LAYERS_MAX);
		if (node->kind != CFS_JSON_STRING ||
		    cfs_oci_id_parse(node->raw, &c->diff_ids[c->n_diff_ids],
				     err) < 0)
			return cfs_fail(err, EINVAL,
					"rootfs.diff_ids[%zu] is no digest",
					c->n_diff_ids);
		c->n_diff_ids++;
	}
	return 0;
}

/* Labels that are no object are as good as none. */
static const struct cfs_json_node *find_labels(const struct cfs_json_doc *doc)
{
	const struct cfs_json_node *config, *labels;
	struct cfs_err ignored;

	if (cfs_json_doc_get(doc, cfs_json_doc_root(doc), "config",
			     CFS_JSON_OBJECT, &config, &ignored) <= 0 ||
	    cfs_json_doc_get(doc, config, "Labels", CFS_JSON_OBJECT, &labels,
			     &ignored) <= 0)
		return NULL;
	return labels;
}

static bool is_no(const struct cfs_json_node *value)
{
	char word[sizeof("false")];

	if (value->kind != CFS_JSON_STRING)
		return true;
	/* A value that does not fit is neither of these words. */
	return cfs_json_string(value, word, sizeof(word)) &&
	       (!*word || strcmp(word, "0") == 0 || strcmp(word, "false") == 0);
}

/* Labels are only advice: one that is no string is as good as absent. */
static void parse_labels(const struct cfs_json_doc *doc,
			 struct cfs_oci_config *c)
{
	const struct cfs_json_node *labels = find_labels(doc), *ipe;
	struct cfs_err ignored;

	if (!labels)
		return;
	if (cfs_json_doc_text(doc, labels, "containers.composefs.fsverity",
			      c->sealed, sizeof(c->sealed), &ignored) < 0)
		c->sealed[0] = '\0';
	ipe = cfs_json_get(&doc->json, labels, CFS_OCI_IPE_LABEL);
	c->program_objects = ipe && !is_no(ipe);
}

int cfs_oci_config_parse(struct cfs_bytes text, struct cfs_oci_config *ret,
			 struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	CFS_AUTOCONFIG struct cfs_oci_config c = { 0 };
	int r = cfs_json_doc_parse(text, &doc, err);

	if (r == 0)
		r = parse_platform(&doc, cfs_json_doc_root(&doc), &c.platform,
				   err);
	if (r == 0)
		r = cfs_json_doc_text(&doc, cfs_json_doc_root(&doc), "created",
				      c.created, sizeof(c.created), err);
	if (r == 0)
		r = parse_diff_ids(&doc, &c, err);
	if (r < 0)
		return r;
	parse_labels(&doc, &c);
	*ret = c;
	c.diff_ids = NULL;
	return 0;
}
