/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <inttypes.h>
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/progress_watch.h"
#include "cfsctl/tree_source.h"
#include "ops/create.h"
#include "repo/ref.h"

struct options {
	struct cfs_tree_source source;
};

static const struct cfs_opt options[] = {
	CFS_SOURCE_OPTIONS(struct options, source),
	{ 0 },
};

static int create(const struct cfs_globals *g,
		  const struct cfs_tree_source *source, const char *name,
		  struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOPROGRESSWATCH struct cfs_progress_watch progress = {
		.what = "stored",
	};
	const struct cfs_watch watch = cmd_progress_watch(&progress);
	const struct cfs_create params = { .source = source,
					   .name = name,
					   .format = g->erofs_version,
					   .watch = &watch,
					   .notes = &cmd_source_warnings };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r = cfs_tree_source_check_place(source, g->repo, err);

	if (r == 0)
		r = cmd_open_store(g, &store, err);
	if (r == 0)
		r = cmd_source_check(source, err);
	if (r == 0)
		r = cfs_create_image(&store, &params, ret, err);
	if (r == 0 && store.stats.repaired > 0)
		fprintf(stderr,
			"replaced %" PRIu64 " objects that were damaged\n",
			store.stats.repaired);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_tree_source source = o->source;
	int next = cmd_source_operand(&source, call);
	const char *name = next < call->n ? call->operand[next] : NULL;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r;

	r = name ? cfs_name_check_new(name, err) : 0;
	if (r == 0)
		r = create(call->g, &source, name, &id, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	printf("%s:%s\n", cfs_alg_name(id.alg), hex);
	return 0;
}

const struct cfs_cmd cmd_create_image = {
	.name = "create-image",
	.help = "store a directory and make an image of it",
	.options = options,
	.size = sizeof(struct options),
	.operands = { CFS_SOURCE_OPERAND, { "NAME", .optional = true } },
	.run = run,
};
