/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/compute.h"

#include <fcntl.h>
#include <stdio.h>

#include "erofs/writer.h"
#include "fsverity/digester.h"
#include "fsverity/merkle.h"
#include "repo/init.h"

/* Source: composefs-rs crates/composefs-ctl/src/lib.rs: these commands never
 * take the EROFS format from a repository. */
#define FORMAT_DEFAULT 1

/*
 * Scripts rely on a repository that cannot be opened being no error here; so
 * is a contradiction, but not without a word.
 */
void cmd_compute_choose(const struct cfs_globals *g, struct cfs_computation *c)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_err ignored;
	bool found;

	c->alg = g->has_alg ? g->alg : CFS_ALG_SHA512;
	c->format = g->erofs_version < 0 ? FORMAT_DEFAULT
					 : (unsigned)g->erofs_version;
	if (g->no_repo)
		return;
	found = cfs_repo_open(AT_FDCWD, g->repo, &repo, &ignored) == 1 &&
		(repo.has_meta ||
		 cfs_repo_infer_meta(&repo, &repo.meta, &ignored) == 0);
	if (!found)
		return;
	if (g->has_alg && g->alg != repo.meta.alg)
		fprintf(stderr,
			"warning: the digest is made with --hash %s, but the "
			"repository uses %s\n",
			cfs_alg_name(g->alg), cfs_alg_name(repo.meta.alg));
	if (!g->has_alg)
		c->alg = repo.meta.alg;
	if (g->erofs_version < 0 && repo.meta.erofs_default != FORMAT_DEFAULT)
		fprintf(stderr,
			"warning: this is of EROFS format %d, but the "
			"repository makes images of format %u: "
			"--erofs-version %u\n",
			FORMAT_DEFAULT, repo.meta.erofs_default,
			repo.meta.erofs_default);
}

int cmd_compute_tree(struct cfs_computation *c,
		     const struct cfs_tree_source *source,
		     struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	int r;

	r = cfs_digester_new(c->alg, source->threads, NULL, &digester, err);
	if (r < 0)
		return r;
	return cmd_source_read(source, digester, "read", ret, err);
}

int cmd_compute_digest(const struct cfs_computation *c,
		       const struct cfs_tree *tree, struct cfs_digest *ret,
		       struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *merkle = NULL;
	struct cfs_sink sink;
	int r;

	cmd_source_warn(tree, c->format);
	r = cfs_merkle_new(c->alg, &merkle, err);
	if (r < 0)
		return r;
	sink = cfs_merkle_sink(merkle);
	r = cfs_erofs_write_to(tree, c->format, 0, &sink, NULL, err);
	return r < 0 ? r : cfs_merkle_final(merkle, ret, NULL, err);
}
