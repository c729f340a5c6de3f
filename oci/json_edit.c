/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/json_edit.h"

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
