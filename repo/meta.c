/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/meta.h"

#include <string.h>

#include "base/json.h"

#define NODES_MAX 1024 /* values in one meta.json */

struct features {
	bool v1_erofs;
	bool unknown_ro_compat;
};

static int bad_type(struct cfs_err *err, const char *name, const char *want)
{
	return cfs_fail(err, EINVAL, "member '%s' is not %s", name, want);
}

static int parse_version(const struct cfs_json *doc, unsigned *ret,
			 struct cfs_err *err)
{
	uint64_t version;

	if (!cfs_json_u64(cfs_json_get(doc, doc->nodes, "version"), &version))
		return bad_type(err, "version", "an integer");
	if (version > CFS_META_VERSION)
		return cfs_fail(err, EOPNOTSUPP,
				"repository format version %llu, this program "
				"knows up to %u: use a newer one",
				(unsigned long long)version, CFS_META_VERSION);
	*ret = (unsigned)version;
	return 0;
}

static int parse_algorithm(const struct cfs_json *doc, enum cfs_alg *ret,
			   struct cfs_err *err)
{
	char id[64];

	if (!cfs_json_string(cfs_json_get(doc, doc->nodes, "algorithm"), id,
			     sizeof(id)))
		return bad_type(err, "algorithm", "an algorithm's name");
	return cfs_alg_from_id(id, ret, err);
}

/* The member @name as a list: NULL in *@ret when it is absent. */
static int get_list(const struct cfs_json *doc,
		    const struct cfs_json_node *object, const char *name,
		    const struct cfs_json_node **ret, struct cfs_err *err)
{
	const struct cfs_json_node *list = cfs_json_get(doc, object, name);

	if (list && list->kind != CFS_JSON_ARRAY)
		return bad_type(err, name, "a list");
	*ret = list;
	return 0;
}

static int parse_ro_compat(const struct cfs_json *doc,
			   const struct cfs_json_node *list,
			   struct features *ret, struct cfs_err *err)
{
	const struct cfs_json_node *item = cfs_json_first(doc, list);

	for (; item; item = cfs_json_next(doc, list, item)) {
		if (item->kind != CFS_JSON_STRING)
			return bad_type(err, "read-only-compatible",
					"a list of strings");
		if (cfs_json_is(item, "v1_erofs"))
			ret->v1_erofs = true;
		else
			ret->unknown_ro_compat = true;
	}
	return 0;
}

/* No incompatible feature is known: the first one ends it. */
static int parse_incompat(const struct cfs_json *doc,
			  const struct cfs_json_node *list, struct cfs_err *err)
{
	const struct cfs_json_node *item = cfs_json_first(doc, list);
	char name[64] = "(unprintable)";

	if (!item)
		return 0;
	if (item->kind != CFS_JSON_STRING)
		return bad_type(err, "incompatible", "a list of strings");
	(void)!cfs_json_string(item, name, sizeof(name));
	return cfs_fail(err, EOPNOTSUPP,
			"repository needs the feature '%s', which this program "
			"does not know: use a newer one",
			name);
}

static int parse_features(const struct cfs_json *doc, struct features *ret,
			  struct cfs_err *err)
{
	const struct cfs_json_node *object, *list = NULL;
	int r;

	object = cfs_json_get(doc, doc->nodes, "features");
	if (!object)
		return 0;
	if (object->kind != CFS_JSON_OBJECT)
		return bad_type(err, "features", "an object");
	r = get_list(doc, object, "incompatible", &list, err);
	if (r == 0)
		r = parse_incompat(doc, list, err);
	if (r == 0)
		r = get_list(doc, object, "read-only-compatible", &list, err);
	if (r == 0)
		r = parse_ro_compat(doc, list, ret, err);
	return r;
}

/* Returns 1, or 0 for a format of the future. */
static int parse_format(const struct cfs_json_node *node, unsigned *ret,
			struct cfs_err *err)
{
	uint64_t format;

	if (!cfs_json_u64(node, &format))
		return bad_type(err, "erofs_formats", "made of format numbers");
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
		return bad_type(err, "erofs_formats", "an object");
	r = parse_format(cfs_json_get(doc, object, "default"),
			 &ret->erofs_default, err);
	/* Images that are there can be booted; none can be added here. */
	ret->unknown_ro_compat = r == 0;
	if (r >= 0)
		r = get_list(doc, object, "extra", &list, err);
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
	struct cfs_json_node nodes[NODES_MAX];
	struct cfs_meta meta = { .erofs_default = 2 };
	struct features features = { 0 };
	struct cfs_json doc;
	int r;

	r = cfs_json_parse(text, nodes, NODES_MAX, &doc, err);
	if (r < 0)
		return r == -E2BIG ? cfs_fail(err, EINVAL, "too many values")
				   : r;
	if (doc.nodes->kind != CFS_JSON_OBJECT)
		return cfs_fail(err, EINVAL, "not a JSON object");
	r = parse_version(&doc, &meta.version, err);
	if (r == 0)
		r = parse_features(&doc, &features, err);
	if (r == 0)
		r = parse_algorithm(&doc, &meta.alg, err);
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
