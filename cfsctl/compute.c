/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/compute.h"

#include <stdio.h>

#include "cfsctl/cli/progress_watch.h"
#include "ops/compute.h"

/* Source: composefs-rs crates/composefs-ctl/src/lib.rs: these commands never
 * take the EROFS format from a repository. */
#define FORMAT_DEFAULT 1

/*
 * Scripts rely on a repository that cannot be opened being no error here; so
 * is a contradiction, but not without a word.
 */
void cmd_compute_choose(const struct cfs_globals *g, struct cfs_computation *c)
{
	struct cfs_meta meta;

	c->alg = g->has_alg ? g->alg : CFS_ALG_SHA512;
	c->format = g->erofs_version < 0 ? FORMAT_DEFAULT
					 : (unsigned)g->erofs_version;
	if (g->no_repo || !cfs_access_peek(g->repo, &meta))
		return;
	if (g->has_alg && g->alg != meta.alg)
		fprintf(stderr,
			"warning: the digest is made with --hash %s, but the "
			"repository uses %s\n",
			cfs_alg_name(g->alg), cfs_alg_name(meta.alg));
	if (!g->has_alg)
		c->alg = meta.alg;
	if (g->erofs_version < 0 && meta.erofs_default != FORMAT_DEFAULT)
		fprintf(stderr,
			"warning: this is of EROFS format %d, but the "
			"repository makes images of format %u: "
			"--erofs-version %u\n",
			FORMAT_DEFAULT, meta.erofs_default, meta.erofs_default);
}

int cmd_compute_tree(const struct cfs_computation *c,
		     const struct cfs_tree_source *source,
		     struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTOPROGRESSWATCH struct cfs_progress_watch progress = {
		.what = "read",
	};
	const struct cfs_watch watch = cmd_progress_watch(&progress);
	int r = cmd_source_check(source, err);

	return r < 0 ? r
		     : cfs_tree_source_hash(source, c->alg, &watch,
					    &cmd_source_warnings, ret, err);
}

int cmd_compute(const struct cfs_computation *c,
		const struct cfs_tree_source *source,
		struct cfs_tree **ret_tree, struct cfs_digest *ret,
		struct cfs_err *err)
{
	CFS_AUTOPROGRESSWATCH struct cfs_progress_watch progress = {
		.what = "read",
	};
	const struct cfs_watch watch = cmd_progress_watch(&progress);
	const struct cfs_compute params = { .source = source,
					    .alg = c->alg,
					    .format = c->format,
					    .watch = &watch,
					    .notes = &cmd_source_warnings };
	int r = cmd_source_check(source, err);

	return r < 0 ? r : cfs_compute_image(&params, ret_tree, ret, err);
}
