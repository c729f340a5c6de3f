/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/cat.h"

#include <string.h>
#include <unistd.h>

#include "cfsctl/cfsctl.h"
#include "repo/stream/names.h"

static const char refs[] = "refs/";

/* The stream that @name means, a content id or "refs/REF". */
static int find(const struct cfs_repo *repo, const char *name,
		struct cfs_digest *ret, struct cfs_err *err)
{
	char content_id[CFS_CONTENT_ID_MAX];
	int r;

	if (strncmp(name, refs, strlen(refs)) == 0) {
		r = cfs_stream_ref_get(repo, name + strlen(refs), content_id,
				       err);
		if (r == 0)
			return cfs_fail(err, ENOENT, "there is no such ref");
		if (r < 0)
			return r;
		name = content_id;
	}
	r = cfs_stream_lookup(repo, name, ret, err);
	if (r == 0)
		r = cfs_fail(err, ENOENT, "there is no stream %s", name);
	return r < 0 ? r : 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const int out = STDOUT_FILENO;
	const struct cfs_sink sink = cfs_sink_of_fd(&out);
	struct cfs_digest id;
	int r = cmd_open_repo(call->g, &repo, err);

	if (r < 0)
		return r;
	r = find(&repo, call->operand[0], &id, err);
	if (r == 0)
		r = cfs_stream_load(&repo, &id, NULL, &file, err);
	if (r == 0)
		r = cfs_stream_cat(&repo, file.stream, &sink, err);
	return r < 0 ? cfs_ctx(err, "cat %s", call->operand[0]) : 0;
}

const struct cfs_cmd cmd_cat = {
	.name = "cat",
	.help = "write what a stream stands for",
	.operands = { { "NAME" } },
	.run = run,
};
