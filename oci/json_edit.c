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

int cfs_json_edit_finish(struct cfs_json_edit *edit, struct cfs_err *err)
{
	cfs_json_edit_copy_to(edit, edit->text.data + edit->text.len);
	return cfs_buf_check(edit->out, err);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip(struct cfs_bytes *rest, size_t n)
{
	rest->data += n;
	rest->len -= n;
}

/* Skips white space and, once, @also. */
static void skip_blanks(struct cfs_bytes *rest, uint8_t also)
{
	while (rest->len > 0 &&
	       (is_blank(*rest->data) || (also && *rest->data == also))) {
		if (*rest->data == also)
			also = 0;
		skip(rest, 1);
	}
}

/* Bytes of the string that @text begins with. */
static size_t string_len(struct cfs_bytes text)
{
	size_t n = 1;

	while (n < text.len && text.data[n] != '"')
		n += text.data[n] == '\\' ? 2 : 1;
	return n < text.len ? n + 1 : text.len;
}

/* Bytes of the value that @text begins with. */
static size_t value_len(struct cfs_bytes text)
{
	unsigned depth = 0;
	size_t n = 0;

	while (n < text.len) {
		uint8_t c = text.data[n];

		if (c == '"')
			n += string_len((struct cfs_bytes){ text.data + n,
							    text.len - n });
		else if (depth == 0 && (is_blank(c) || strchr(",]}", c)))
			break;
		else
			n++;
		depth += c == '[' || c == '{';
		depth -= c == ']' || c == '}';
		if (depth == 0 && (c == '"' || c == ']' || c == '}'))
			break;
	}
	return n;
}

bool cfs_json_member_text(struct cfs_bytes text, const struct cfs_json_doc *doc,
			  const char *name, struct cfs_bytes *ret)
{
	const struct cfs_json_node *root = cfs_json_doc_root(doc);
	const struct cfs_json_node *node = cfs_json_get(&doc->json, root, name);
	const uint8_t *from;
	struct cfs_bytes rest;

	if (!node)
		return false;
	/* The name stands before its value in the list of nodes. */
	node--;
	from = node->raw.data + node->raw.len + 1;
	rest = (struct cfs_bytes){ from,
				   text.len - (size_t)(from - text.data) };
	skip_blanks(&rest, ':');
	*ret = (struct cfs_bytes){ rest.data, value_len(rest) };
	return true;
}

bool cfs_json_element_text(struct cfs_bytes *rest, struct cfs_bytes *ret)
{
	skip_blanks(rest, ',');
	if (rest->len == 0)
		return false;
	*ret = (struct cfs_bytes){ rest->data, value_len(*rest) };
	skip(rest, ret->len);
	return ret->len > 0;
}
