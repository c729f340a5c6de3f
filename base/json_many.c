/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/json_many.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_copy.h"

/* The name of a member as it is meant. */
struct name {
	const struct cfs_json_node *node;
	struct cfs_bytes text;
	char *decoded; /* owned; NULL: it is written without escapes */
};

/* The names of an object's members, which is looked at after the other. */
struct names {
	struct name *v; /* owned */
	size_t n;
};

static void empty(struct names *names)
{
	while (names->n > 0)
		free(names->v[--names->n].decoded);
}

static void names_free(struct names *names)
{
	empty(names);
	free(names->v);
}

/* There is room for the names of all values. */
static bool add(struct names *names, const struct cfs_json_node *node)
{
	struct name *name = &names->v[names->n];

	*name = (struct name){ .node = node, .text = node->raw };
	if (memchr(node->raw.data, '\\', node->raw.len)) {
		name->decoded = cfs_json_copy(node);
		if (!name->decoded)
			return false;
		name->text = (struct cfs_bytes){ (const uint8_t *)name->decoded,
						 strlen(name->decoded) };
	}
	names->n++;
	return true;
}

static int compare_text(const struct name *a, const struct name *b)
{
	size_t len = a->text.len < b->text.len ? a->text.len : b->text.len;
	int order = memcmp(a->text.data, b->text.data, len);

	return order != 0 ? order
			  : (a->text.len > b->text.len) -
				    (a->text.len < b->text.len);
}

/* Of two that are the same, the one that is written first comes first. */
static int compare(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = compare_text(x, y);

	return order != 0 ? order : (x->node > y->node) - (x->node < y->node);
}

/* Returns the second of two names that are the same and come first in the
 * text, or NULL. */
static const struct cfs_json_node *find_twice(struct names *names)
{
	const struct cfs_json_node *found = NULL;

	if (names->n > 0)
		qsort(names->v, names->n, sizeof(*names->v), compare);
	for (size_t i = 1; i < names->n; i++) {
		const struct cfs_json_node *node = names->v[i].node;

		if (compare_text(&names->v[i - 1], &names->v[i]) == 0 &&
		    (!found || node < found))
			found = node;
	}
	return found;
}

static int check_object(const struct cfs_json *doc,
			const struct cfs_json_node *object, struct names *names,
			struct cfs_bytes text, struct cfs_err *err)
{
	const struct cfs_json_node *item, *found;
	size_t end;

	empty(names);
	for (item = cfs_json_first(doc, object); item;
	     item = cfs_json_next(doc, object, item)) {
		if (!add(names, item))
			return cfs_no_memory(err);
		item = cfs_json_next(doc, object, item);
	}
	found = find_twice(names);
	if (!found)
		return 0;
	/* Behind the quote that ends the name, as in cfs_json_parse(). */
	end = (size_t)(found->raw.data - text.data) + found->raw.len + 1;
	return cfs_json_bad(text, end, "member name used twice", err);
}

static int check(const struct cfs_json *doc, struct cfs_bytes text,
		 struct cfs_err *err)
{
	__attribute__((cleanup(names_free))) struct names names = { 0 };
	int r = 0;

	/* Half of the values in an object are names. */
	names.v = calloc(doc->n / 2 + 1, sizeof(*names.v));
	if (!names.v)
		return cfs_no_memory(err);
	for (unsigned i = 0; r == 0 && i < doc->n; i++)
		if (doc->nodes[i].kind == CFS_JSON_OBJECT)
			r = check_object(doc, &doc->nodes[i], &names, text,
					 err);
	return r;
}

int cfs_json_parse_many(struct cfs_bytes text, struct cfs_json_node *nodes,
			unsigned max, struct cfs_json *ret, struct cfs_err *err)
{
	struct cfs_json doc;
	int r = cfs_json_parse(text, nodes, max | CFS_JSON_MANY, &doc, err);

	if (r == 0)
		r = check(&doc, text, err);
	if (r == 0)
		*ret = doc;
	return r;
}
