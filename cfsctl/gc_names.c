/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The bytes that removing each name of a repository would free. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/cli/table.h"
#include "cfsctl/cli/units.h"
#include "cfsctl/gc.h"
#include "oci/tag.h"

static bool is_tag(const struct cfs_gc_root *root)
{
	return root->kind == CFS_GC_ROOT_STREAM &&
	       strncmp(root->name, CFS_OCI_REFS "/",
		       strlen(CFS_OCI_REFS "/")) == 0;
}

const char *cmd_gc_root_text(const struct cfs_gc_root *root,
			     char room[static CFS_REF_MAX])
{
	if (!is_tag(root))
		return root->name;
	cfs_oci_tag_decode(root->name + strlen(CFS_OCI_REFS "/"), room);
	return room;
}

const char *cmd_gc_root_type(const struct cfs_gc_root *root)
{
	switch (root->kind) {
	case CFS_GC_ROOT_IMAGE:
		return "image";
	case CFS_GC_ROOT_STREAM:
		return is_tag(root) ? "oci" : "stream";
	default:
		return "root";
	}
}

static int compare(const void *a, const void *b)
{
	const struct cfs_gc_root *const *x = a, *const *y = b;
	int r = memcmp((*x)->id.bytes, (*y)->id.bytes, CFS_DIGEST_MAX);

	return r ? r : (*x > *y) - (*x < *y);
}

/* All roots, by what they lead to; the caller frees it. */
static const struct cfs_gc_root **sort(const struct cfs_gc *gc)
{
	size_t n = cfs_gc_n_roots(gc);
	const struct cfs_gc_root **v = calloc(n + 1, sizeof(*v));

	for (size_t i = 0; v && i < n; i++)
		v[i] = cfs_gc_root(gc, i);
	if (v)
		qsort(v, n, sizeof(*v), compare);
	return v;
}

/* Another root that leads to the same image or stream as v[i], of @n; or
 * NULL. */
static const struct cfs_gc_root *twin(const struct cfs_gc_root *const *v,
				      size_t n, size_t i)
{
	if (i > 0 && cfs_digest_equal(&v[i - 1]->id, &v[i]->id))
		return v[i - 1];
	if (i + 1 < n && cfs_digest_equal(&v[i + 1]->id, &v[i]->id))
		return v[i + 1];
	return NULL;
}

/* The twin of each root, in the order of roots; the caller frees it. */
static const struct cfs_gc_root **find_twins(const struct cfs_gc *gc)
{
	size_t n = cfs_gc_n_roots(gc);
	CFS_AUTOFREE const struct cfs_gc_root **v = sort(gc);
	const struct cfs_gc_root **twins = calloc(n + 1, sizeof(*twins));

	for (size_t i = 0; v && twins && i < n; i++)
		twins[v[i] - cfs_gc_root(gc, 0)] = twin(v, n, i);
	if (!v)
		cfs_freep(&twins);
	return twins;
}

static void add_row(struct cfs_table_text *table,
		    const struct cfs_gc_root *root,
		    const struct cfs_gc_root *twin)
{
	char room[CFS_REF_MAX], size[CFS_UNITS_MAX], cell[CFS_REF_MAX + 64];

	cmd_table_add(table, cmd_gc_root_text(root, room));
	cmd_table_add(table, cmd_gc_root_type(root));
	if (root->objects)
		snprintf(cell, sizeof(cell), "%" PRIu64 " object%s, %s",
			 root->objects, root->objects == 1 ? "" : "s",
			 cmd_size_text(root->bytes, size));
	else if (twin)
		snprintf(cell, sizeof(cell), "nothing: %s is the same",
			 cmd_gc_root_text(twin, room));
	else
		snprintf(cell, sizeof(cell), "nothing: others need all of it");
	cmd_table_add(table, cell);
}

int cmd_gc_names_print(const struct cfs_gc *gc, struct cfs_err *err)
{
	CFS_AUTOTABLE struct cfs_table_text table = { .columns = 3 };
	CFS_AUTOFREE const struct cfs_gc_root **twins = find_twins(gc);
	size_t names = 0;

	if (!twins)
		return cfs_no_memory(err);
	cmd_table_add(&table, "NAME");
	cmd_table_add(&table, "TYPE");
	cmd_table_add(&table, "REMOVING IT WOULD FREE");
	for (size_t i = 0; i < cfs_gc_n_roots(gc); i++) {
		const struct cfs_gc_root *root = cfs_gc_root(gc, i);

		if (root->kind == CFS_GC_ROOT_CALLER)
			continue;
		add_row(&table, root, twins[i]);
		names++;
	}
	return names ? cmd_table_print(&table, err) : 0;
}

void cmd_gc_roots_json(const struct cfs_gc *gc, struct cfs_json_writer *w)
{
	char room[CFS_REF_MAX];

	cfs_json_write_array(w, "roots", CFS_JSON_LINES);
	for (size_t i = 0; i < cfs_gc_n_roots(gc); i++) {
		const struct cfs_gc_root *root = cfs_gc_root(gc, i);

		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cfs_json_write_text(w, "name", cmd_gc_root_text(root, room));
		cfs_json_write_text(w, "type", cmd_gc_root_type(root));
		cmd_json_digest(w, "object", &root->id);
		cfs_json_write_u64(w, "would_free_objects", root->objects);
		cfs_json_write_u64(w, "would_free_bytes", root->bytes);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}
