/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cfsctl/oci/oci.h"
#include "oci/tag.h"
#include "repo/stream/cat.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	const char *text = call->operand[0];
	const struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const int out = STDOUT_FILENO;
	const struct cfs_sink sink = cfs_sink_of_fd(&out);
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest id;
	struct cfs_oci_id diff_id;
	int r = cfs_oci_id_parse(bytes, &diff_id, err);

	if (r == 0 && isatty(STDOUT_FILENO))
		r = cfs_fail(err, EINVAL,
			     "Refusing to write tar data to terminal. Redirect "
			     "to a file, pipe to tar, or use --json for "
			     "metadata.");
	if (r == 0)
		r = cmd_open_repo(call->g, &repo, err);
	if (r < 0)
		return r;
	cfs_oci_layer_name(&diff_id, name);
	r = cfs_stream_lookup(&repo, name, &id, err);
	if (r == 0)
		r = cfs_fail(err, ENOENT, "there is no layer %s", text);
	if (r > 0)
		r = cfs_stream_load(&repo, &id, CFS_STREAM_LAYER, &file, err);
	return r < 0 ? r : cfs_stream_cat(&repo, file.stream, &sink, err);
}

const struct cfs_cmd cmd_oci_layer = {
	.name = "layer",
	.help = "write the archive of a layer",
	.operands = { { "DIFF_ID" } },
	.run = run,
};
