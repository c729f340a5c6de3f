/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/manifest.h"

#include <string.h>
#include <sys/utsname.h>

#include "oci/json_doc.h"

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

/* Layers of all compressions; what they are is told by their bytes. */
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

static bool copy_word(const char *text, size_t len,
		      char ret[static CFS_OCI_WORD_MAX])
{
	if (len == 0 || len >= CFS_OCI_WORD_MAX)
		return false;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return true;
}

int cfs_oci_platform_parse(const char *text, struct cfs_oci_platform *ret,
			   struct cfs_err *err)
{
	size_t os = strcspn(text, "/");
	const char *arch = text + os + (text[os] == '/');
	size_t arch_len = strcspn(arch, "/");
	const char *variant = arch + arch_len;
	struct cfs_oci_platform p = { "" };

	if (copy_word(text, os, p.os) && copy_word(arch, arch_len, p.arch) &&
	    (!*variant ||
	     (!strchr(variant + 1, '/') &&
	      copy_word(variant + 1, strlen(variant + 1), p.variant)))) {
		*ret = p;
		return 0;
	}
	return cfs_fail(err, EINVAL,
			"'%s' is not a platform: OS/ARCH or OS/ARCH/VARIANT, "
			"such as linux/arm64",
			text);
}

/* Source: Go's names of architectures, which OCI takes. */
void cfs_oci_platform_here(struct cfs_oci_platform *ret)
{
	static const char *const names[][2] = {
		{ "x86_64", "amd64" },	  { "aarch64", "arm64" },
		{ "armv7l", "arm" },	  { "armv6l", "arm" },
		{ "i686", "386" },	  { "i586", "386" },
		{ "ppc64le", "ppc64le" }, { "riscv64", "riscv64" },
		{ "s390x", "s390x" },	  { "loongarch64", "loong64" },
	};
	struct utsname u = { .machine = "" };

	*ret = (struct cfs_oci_platform){ .os = "linux" };
	(void)uname(&u);
	snprintf(ret->arch, sizeof(ret->arch), "%.*s",
		 (int)sizeof(ret->arch) - 1, u.machine);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		if (strcmp(names[i][0], u.machine) == 0)
			strcpy(ret->arch, names[i][1]);
}

bool cfs_oci_platform_fits(const struct cfs_oci_platform *have,
			   const struct cfs_oci_platform *want)
{
	return strcmp(have->os, want->os) == 0 &&
	       strcmp(have->arch, want->arch) == 0 &&
	       (!*want->variant || strcmp(have->variant, want->variant) == 0);
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

/* A descriptor that has to be there. */
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
	free(list->v);
	*list = (struct cfs_oci_descriptors){ 0 };
}

/* The array @name of descriptors. */
static int parse_list(const struct cfs_json_doc *doc, const char *name,
		      size_t max, struct cfs_oci_descriptors *ret,
		      struct cfs_err *err)
{
	const struct cfs_json_node *list, *node;
	int r = cfs_json_doc_get(doc, cfs_json_doc_root(doc), name,
				 CFS_JSON_ARRAY, &list, err);
	size_t n = 0;

	if (r <= 0)
		return r < 0 ? r
			     : cfs_fail(err, EINVAL,
					"the member '%s' is missing", name);
	for (node = cfs_json_first(&doc->json, list); node;
	     node = cfs_json_next(&doc->json, list, node))
		n++;
	if (n > max)
		return cfs_fail(err, EFBIG,
				"%s: %zu descriptors; the maximum is %zu", name,
				n, max);
	ret->v = calloc(n + 1, sizeof(*ret->v));
	if (!ret->v)
		return cfs_fail(err, ENOMEM, "out of memory");
	for (node = cfs_json_first(&doc->json, list); node;
	     node = cfs_json_next(&doc->json, list, node), ret->n++)
		if (parse_descriptor(doc, node, &ret->v[ret->n], err) < 0)
			return cfs_ctx(err, "%s[%zu]", name, ret->n);
	return 0;
}

int cfs_oci_index_parse(struct cfs_bytes text, struct cfs_oci_descriptors *ret,
			struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	struct cfs_oci_descriptors list = { 0 };
	int r = cfs_json_doc_parse(text, &doc, err);

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
		return cfs_fail(err, ENOMEM, "out of memory");
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
	*ret = c;
	c.diff_ids = NULL;
	return 0;
}
