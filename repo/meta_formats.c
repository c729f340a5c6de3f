/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Members of meta.json that only programs which add to a repository read. */
#include "repo/meta_formats.h"

#include "base/json.h"

struct features {
	bool v1_erofs;
	bool unknown_ro_compat;
};

static int parse_ro_compat(const struct cfs_json *doc,
			   const struct cfs_json_node *list,
			   struct features *ret, struct cfs_err *err)
{
	const struct cfs_json_node *item = cfs_json_first(doc, list);

	for (; item; item = cfs_json_next(doc, list, item)) {
		if (item->kind != CFS_JSON_STRING)
			return cfs_meta_bad_type(err, "read-only-compatible",
						 "a list of strings");
		if (cfs_json_is(item, "v1_erofs"))
			ret->v1_erofs = true;
		else
			ret->unknown_ro_compat = true;
	}
	return 0;
}

/* Returns 1, or 0 for a format of the future. */
static int parse_format(const struct cfs_json_node *node, unsigned *ret,
			struct cfs_err *err)
{
	uint64_t format;

	if (!cfs_json_u64(node, &format))
		return cfs_meta_bad_type(err, "erofs_formats",
					 "made of format numbers");
	if (format > CFS_META_FORMAT_MAX)
		return 0;
	*ret = (unsigned)format;
	return 1;
}

static int parse_formats(const struct cfs_json *doc, struct cfs_meta *ret,
			 struct cfs_err *err)
{
	const struct cfs_json_node *object, *list = NULL, *item;
	unsigned format = 0;
	int r;

	object = cfs_json_get(doc, doc->nodes, "erofs_formats");
	if (!object)
		return 0;
	if (object->kind != CFS_JSON_OBJECT)
		return cfs_meta_bad_type(err, "erofs_formats", "an object");
	r = parse_format(cfs_json_get(doc, object, "default"),
			 &ret->erofs_default, err);
	/* Images that are there can be booted; none can be added here. */
	ret->unknown_ro_compat = r == 0;
	if (r >= 0)
		r = cfs_meta_list(doc, object, "extra", &list, err);
	if (r < 0)
		return r;
	for (item = cfs_json_first(doc, list); item;
	     item = cfs_json_next(doc, list, item)) {
		r = parse_format(item, &format, err);
		if (r < 0)
			return r;
		if (r == 0)
			ret->unknown_ro_compat = true;
		else
			ret->erofs_extra |= 1U << format;
	}
	return 0;
}

int cfs_meta_parse(struct cfs_bytes text, struct cfs_meta *ret,
		   struct cfs_err *err)
{
	const struct cfs_json_node *list = NULL;
	struct cfs_json_node nodes[CFS_META_NODES];
	struct features features = { 0 };
	struct cfs_meta meta;
	struct cfs_json doc;
	int r = cfs_meta_parse_to_boot(text, &meta, err);

	if (r == 0)
		r = cfs_meta_open(text, nodes, &doc, err);
	if (r == 0)
		r = cfs_meta_list(&doc,
				  cfs_json_get(&doc, doc.nodes, "features"),
				  "read-only-compatible", &list, err);
	if (r == 0)
		r = parse_ro_compat(&doc, list, &features, err);
	if (r == 0)
		r = parse_formats(&doc, &meta, err);
	if (r < 0)
		return r;
	/* Repositories from before erofs_formats say it by the feature. */
	if (meta.erofs_default == 2 && meta.erofs_extra == 0 &&
	    features.v1_erofs)
		meta.erofs_default = 1;
	meta.erofs_extra &= ~(1U << meta.erofs_default);
	meta.unknown_ro_compat |= features.unknown_ro_compat;
	*ret = meta;
	return 0;
}
