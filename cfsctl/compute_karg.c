/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl compute-karg: the kernel argument that would boot a directory. */
#include "cfsctl/cli/json.h"
#include "cfsctl/compute.h"
#include "cfsctl/karg.h"

struct options {
	struct cfs_tree_source source;
	bool json;
};

static const struct cfs_opt options[] = {
	CFS_SOURCE_TREE_OPTIONS(struct options, source),
	CFS_SOURCE_LINT_OPTION(struct options, source),
	CFS_OPT_JSON(struct options, json),
	{ 0 },
};

static int compute(const struct cfs_globals *g,
		   const struct cfs_tree_source *source, struct cfs_karg *karg,
		   struct cfs_err *err)
{
	struct cfs_computation c;

	cmd_compute_choose(g, &c);
	/* Formats 0 and 1 are one layout at boot. */
	karg->version = c.format == 2 ? 2 : 1;
	return cmd_compute(&c, source, NULL, &karg->digest, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_tree_source source = o->source;
	struct cfs_karg karg = { .insecure = call->g->insecure };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	int r;

	source.path = call->operand[0];
	source.bootable = true;
	r = compute(call->g, &source, &karg, err);
	if (r < 0)
		return r;
	if (o->json)
		cmd_karg_begin(&w);
	cmd_karg_print(&karg, source.path, o->json ? &w : NULL);
	return o->json ? cmd_karg_end(&w, err) : 0;
}

const struct cfs_cmd cmd_compute_karg = {
	.name = "compute-karg",
	.help = "print the kernel argument that would boot it",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "PATH", CFS_TAKES_DIR } },
	.run = run,
	.allows_no_repo = true,
};
