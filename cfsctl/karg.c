/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/karg.h"

#include <stdio.h>

#include "cfsctl/cli/json.h"

void cmd_karg_begin(struct cfs_json_writer *w)
{
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_array(w, "kargs", CFS_JSON_LINES);
}

void cmd_karg_print(const struct cfs_karg *karg, const char *name,
		    struct cfs_json_writer *w)
{
	char text[CFS_KARG_TEXT_MAX];

	cfs_karg_format(karg, text);
	if (!w) {
		puts(text);
		return;
	}
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "name", name);
	cmd_json_digest(w, "digest", &karg->digest);
	cfs_json_write_text(w, "karg", text);
	cfs_json_write_end(w);
}

int cmd_karg_end(struct cfs_json_writer *w, struct cfs_err *err)
{
	cfs_json_write_end(w);
	cfs_json_write_end(w);
	return cmd_json_print(w, err);
}
