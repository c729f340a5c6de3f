/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/json_edit.h"

#include <string.h>

void cfs_json_edit_copy_to(struct cfs_json_edit *edit, const uint8_t *at)
{
	size_t to = (size_t)(at - edit->text.data);

	cfs_buf_add(edit->out, edit->text.data + edit->copied,
		    to - edit->copied);
	edit->copied = to;
}

void cfs_json_edit_replace(struct cfs_json_edit *edit,
			   const struct cfs_json_node *value, const char *with)
{
	cfs_json_edit_copy_to(edit, value->raw.data);
	cfs_buf_adds(edit->out, with);
	edit->copied += value->raw.len;
}

/* Returns the text of @node as it stands in the document, a string's with
 * quotes. */
static struct cfs_bytes whole(const struct cfs_json_node *node)
{
	size_t quote = node->kind == CFS_JSON_STRING;

	return (struct cfs_bytes){ node->raw.data - quote,
				   node->raw.len + 2 * quote };
}

/* The last value of the object @in, or NULL. */
static const struct cfs_json_node *last_of(const struct cfs_json *json,
					   const struct cfs_json_node *in)
{
	const struct cfs_json_node *last = NULL, *item;

	for (item = cfs_json_first(json, in); item;
	     item = cfs_json_next(json, in, item))
		last = item;
	return last;
}

const struct cfs_json_node *cfs_json_edit_find(const struct cfs_json *json,
					       const struct cfs_json_node *in,
					       const char *name)
{
	const struct cfs_json_node *item;
	char text[CFS_JSON_EDIT_NAME_MAX];

	if (!in || in->kind != CFS_JSON_OBJECT)
		return NULL;
	for (item = cfs_json_first(json, in); item;
	     item = cfs_json_next(json, in, cfs_json_next(json, in, item)))
		/* A name that does not fit is another one. */
		if (cfs_json_string(item, text, sizeof(text)) &&
		    strcmp(text, name) == 0)
			return item;
	return NULL;
}

void cfs_json_edit_set(struct cfs_json_edit *edit, const struct cfs_json *json,
		       const struct cfs_json_node *in, const char *name,
		       struct cfs_bytes text)
{
	const struct cfs_json_node *old = cfs_json_edit_find(json, in, name);
	const struct cfs_json_node *last = last_of(json, in);
	/* Behind the last value, or behind the brace of an empty object. */
	struct cfs_bytes place = last ? whole(last)
				      : (struct cfs_bytes){ in->raw.data, 1 };

	if (old) {
		place = whole(cfs_json_next(json, in, old));
		cfs_json_edit_replace(edit, old, name);
		cfs_json_edit_copy_to(edit, place.data);
		edit->copied += place.len;
	} else {
		cfs_json_edit_copy_to(edit, place.data + place.len);
		cfs_buf_addf(edit->out, "%s\"%s\":", last ? "," : "", name);
	}
	cfs_buf_add(edit->out, text.data, text.len);
}

int cfs_json_edit_finish(struct cfs_json_edit *edit, struct cfs_err *err)
{
	cfs_json_edit_copy_to(edit, edit->text.data + edit->text.len);
	return cfs_buf_check(edit->out, err);
}
