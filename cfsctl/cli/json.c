/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/json.h"

#include <stdio.h>

int cmd_json_print(struct cfs_json_writer *w, struct cfs_err *err)
{
	int r = cfs_json_write_finish(w, err);

	if (r == 0)
		fwrite(w->buf->data, 1, w->buf->len, stdout);
	return r;
}

void cmd_json_digest(struct cfs_json_writer *w, const char *name,
		     const struct cfs_digest *id)
{
	char text[16 + CFS_DIGEST_HEX_MAX], hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	snprintf(text, sizeof(text), "%s:%s", cfs_alg_name(id->alg), hex);
	cfs_json_write_text(w, name, text);
}
