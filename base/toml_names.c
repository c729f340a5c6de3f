/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/toml_names.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const struct cfs_toml_names *t, unsigned name)
{
	return t->v[name].len ? (const char *)t->text.data + t->v[name].start
			      : "";
}

static int add(struct cfs_toml_names *t, unsigned parent, struct cfs_bytes text,
	       enum cfs_toml_state state, struct cfs_err *err)
{
	if (t->n == CFS_TOML_NAMES)
		return cfs_fail(err, E2BIG, "more than %d keys and tables",
				CFS_TOML_NAMES - 1);
	t->v[t->n].parent = parent;
	t->v[t->n].state = state;
	t->v[t->n].start = t->text.len;
	t->v[t->n].len = text.len;
	cfs_buf_add(&t->text, text.data, text.len);
	return t->text.failed ? cfs_no_memory(err) : (int)t->n++;
}

/* Returns the name, or 0. */
static unsigned find(const struct cfs_toml_names *t, unsigned parent,
		     struct cfs_bytes text)
{
	for (unsigned i = CFS_NAME_TOP + 1; i < t->n; i++)
		if (t->v[i].parent == parent && t->v[i].len == text.len &&
		    t->v[i].state != CFS_NAME_FORGOTTEN &&
		    (!text.len || !memcmp(text_of(t, i), text.data, text.len)))
			return i;
	return 0;
}

/* A new element of the array of tables @array begins without children. */
static void forget_children(struct cfs_toml_names *t, unsigned array)
{
	for (unsigned i = array + 1; i < t->n; i++)
		if (t->v[i].parent == array ||
		    t->v[t->v[i].parent].state == CFS_NAME_FORGOTTEN)
			t->v[i].state = CFS_NAME_FORGOTTEN;
}

/* A name may be defined twice in two cases only: the header of a table that
 * headers below it have implied, and another element of an array of tables. */
int cfs_toml_define(struct cfs_toml_names *t, unsigned parent,
		    struct cfs_bytes text, enum cfs_toml_state state, bool last,
		    struct cfs_err *err)
{
	bool dotted = state == CFS_NAME_CLOSED;
	unsigned child = state == CFS_NAME_FORGOTTEN ? 0
						     : find(t, parent, text);
	enum cfs_toml_state *old = &t->v[child].state;

	if (!child)
		return add(t, parent, text,
			   last	    ? state
			   : dotted ? CFS_NAME_DOTTED
				    : CFS_NAME_IMPLIED,
			   err);
	if (last && state == CFS_NAME_HEADER && *old == CFS_NAME_IMPLIED)
		*old = CFS_NAME_HEADER;
	else if (last && state == CFS_NAME_ARRAY && *old == CFS_NAME_ARRAY)
		forget_children(t, child);
	else if (last)
		return cfs_fail(err, EINVAL, "this name is defined already");
	else if (*old == CFS_NAME_CLOSED || (dotted && *old != CFS_NAME_DOTTED))
		return cfs_fail(err, EINVAL,
				"this name is no table that keys can be added "
				"to here");
	return (int)child;
}

void cfs_toml_path(const struct cfs_toml_names *t, unsigned name,
		   char path[static CFS_TOML_STR])
{
	bool bare = t->v[name].len > 0;
	size_t len;

	path[0] = '\0';
	if (name == CFS_NAME_TOP)
		return;
	cfs_toml_path(t, t->v[name].parent, path);
	len = strlen(path);
	for (size_t i = 0; i < t->v[name].len; i++)
		bare = bare && cfs_toml_is_bare(text_of(t, name)[i]);
	snprintf(path + len, CFS_TOML_STR - len,
		 bare ? "%s%.*s%s" : "%s\"%.*s\"%s", len ? "." : "",
		 (int)t->v[name].len, text_of(t, name),
		 t->v[name].state == CFS_NAME_ARRAY ? "[]" : "");
}
