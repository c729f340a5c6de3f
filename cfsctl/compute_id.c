/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl compute-id: the digest that an image would have. */
#include <stdio.h>

#include "cfsctl/cli/output.h"
#include "cfsctl/compute.h"
#include "erofs/writer.h"

struct options {
	struct cfs_tree_source source;
	const char *output;
};

static const struct cfs_opt options[] = {
	CFS_SOURCE_OPTIONS(struct options, source),
	{ .name = "output",
	  .letter = 'o',
	  .value = "FILE",
	  .help = "write the image there",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, output) },
	{ 0 },
};

/* The image as a file, there only when it is complete. */
static int save_image(const struct cfs_computation *c,
		      const struct cfs_tree *tree, const char *path,
		      struct cfs_err *err)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	const struct cfs_sink sink = { cmd_output_write, &out };
	int r = cmd_output_open(path, &out, err);

	if (r == 0)
		r = cfs_erofs_write_to(tree, c->format, 0, &sink, NULL, err);
	if (r == 0)
		r = cmd_output_commit(&out, err);
	return r < 0 ? cfs_ctx(err, "write %s", path) : 0;
}

static int compute(const struct cfs_globals *g,
		   const struct cfs_tree_source *source, const char *out,
		   struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_computation c;
	int r;

	cmd_compute_choose(g, &c);
	r = cmd_compute(&c, source, &tree, ret, err);
	if (r == 0 && out)
		r = save_image(&c, tree, out, err);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_tree_source source = o->source;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r;

	(void)cmd_source_operand(&source, call);
	r = compute(call->g, &source, o->output, &id, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	puts(hex);
	return 0;
}

const struct cfs_cmd cmd_compute_id = {
	.name = "compute-id",
	.help = "print the digest that its image would have",
	.options = options,
	.size = sizeof(struct options),
	.operands = { CFS_SOURCE_OPERAND },
	.run = run,
	.allows_no_repo = true,
};
