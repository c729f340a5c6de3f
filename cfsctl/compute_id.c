/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl compute-id: the digest that an image would have. */
#include <stdio.h>

#include "cfsctl/cli/output.h"
#include "cfsctl/compute.h"
#include "erofs/writer.h"

/* The image as a file, there only when it is complete. */
static int save_image(const struct cfs_computation *c,
		      const struct cfs_tree *tree, const char *path,
		      struct cfs_err *err)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	const struct cfs_erofs_sink sink = { cmd_output_write, &out };
	int r = cmd_output_open(path, &out, err);

	if (r == 0)
		r = cfs_erofs_write_to(tree, c->format, 0, &sink, NULL, err);
	if (r == 0)
		r = cmd_output_commit(&out, err);
	return r < 0 ? cfs_ctx(err, "write %s", path) : 0;
}

static int compute(const struct cfs_globals *g, const struct cfs_source *source,
		   const char *out, struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_computation c;
	int r;

	cmd_compute_choose(g, &c);
	r = cmd_compute_tree(&c, source, &tree, err);
	if (r == 0)
		r = cmd_compute_digest(&c, tree, ret, err);
	if (r == 0 && out)
		r = save_image(&c, tree, out, err);
	return r;
}

int cmd_compute_id(const struct cfs_globals *g, int argc, char **argv,
		   struct cfs_err *err)
{
	struct cfs_source source = { 0 };
	const char *out = NULL;
	const struct cfs_opt opts[] = {
		CFS_SOURCE_OPTIONS(&source),
		{ .name = "output", .letter = 'o', .text = &out },
		{ 0 },
	};
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_source_operands(&source, argc, argv, 1, err);
	if (r >= 0)
		r = compute(g, &source, out, &id, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	puts(hex);
	return 0;
}
