/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How commands open the repository that the options name. */
#include <fcntl.h>
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/line.h"
#include "repo/fsck.h"
#include "repo/init.h"
#include "repo/lock.h"
#include "repo/lock_holder.h"

void cmd_waiting(const struct cfs_repo *repo)
{
	CFS_AUTOBUF struct cfs_buf names = { 0 };
	unsigned n = cfs_lock_holders(repo, &names);
	const char *text = n ? cfs_buf_text(&names) : NULL;

	cmd_line(stderr, "waiting for %s to release the repository's lock",
		 text ? text : "another process");
}

static int check_alg(const struct cfs_globals *g, const struct cfs_repo *repo,
		     struct cfs_err *err)
{
	if (!g->has_alg || g->alg == repo->meta.alg)
		return 0;
	return cfs_fail(err, EINVAL,
			"repository is configured for %s (from %s) but --hash "
			"%s was specified",
			cfs_alg_name(repo->meta.alg),
			repo->has_meta ? "meta.json" : "its objects",
			cfs_alg_name(g->alg));
}

static int check_verity(const struct cfs_globals *g,
			const struct cfs_repo *repo, struct cfs_err *err)
{
	int r;

	if (!g->require_verity)
		return 0;
	r = cfs_repo_is_secure(repo, err);
	if (r == 0)
		return cfs_fail(err, EPERM,
				"repository %s: meta.json is not protected by "
				"fs-verity, which --require-verity demands",
				g->repo);
	return r < 0 ? r : 0;
}

static int infer(const struct cfs_globals *g, struct cfs_repo *repo,
		 struct cfs_err *err)
{
	if (g->no_upgrade)
		return cfs_fail(err, ENOENT,
				"meta.json not found in %s; this repository "
				"must be initialized with `cfsctl init`",
				g->repo);
	if (cfs_repo_infer_meta(repo, &repo->meta, err) < 0)
		return cfs_ctx(err, "open repository %s", g->repo);
	return 0;
}

static int missing(const struct cfs_globals *g, struct cfs_err *err)
{
	return cfs_fail(err, ENOENT,
			"open repository %s: there is no such directory; "
			"`cfsctl init` makes one",
			g->repo);
}

int cmd_open_repo(const struct cfs_globals *g, struct cfs_repo *ret,
		  struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	r = cfs_repo_open(AT_FDCWD, g->repo, &repo, err);
	if (r < 0)
		return cfs_repo_open_advice(g->repo, err);
	if (r == 0)
		return missing(g, err);
	r = cfs_repo_lock(&repo, CFS_LOCK_SHARED, cmd_waiting, err);
	if (r >= 0 && !repo.has_meta)
		r = infer(g, &repo, err);
	if (r >= 0)
		r = check_alg(g, &repo, err);
	if (r >= 0)
		r = check_verity(g, &repo, err);
	if (r < 0)
		return r;
	*ret = repo;
	repo.fd = -EBADF;
	return 0;
}

int cmd_open_damaged(const struct cfs_globals *g, struct cfs_repo *ret,
		     struct cfs_err *why, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_err ignored;
	int r = cfs_fsck_open(g->repo, &repo, why, err);

	if (r == 0)
		return missing(g, err);
	if (r > 0 && !why->code) {
		cfs_repo_close(&repo);
		return cmd_open_repo(g, ret, err);
	}
	if (r > 0)
		r = cfs_repo_lock(&repo, CFS_LOCK_SHARED, cmd_waiting, err);
	if (r < 0)
		return r;
	if (cfs_repo_infer_meta(&repo, &repo.meta, &ignored) < 0)
		repo.meta.alg = g->has_alg ? g->alg : CFS_ALG_SHA512;
	*ret = repo;
	repo.fd = -EBADF;
	return 0;
}

int cmd_open_store(const struct cfs_globals *g, struct cfs_store *ret,
		   struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	r = cmd_open_repo(g, &repo, err);
	if (r == 0 && !repo.has_meta) {
		r = cfs_repo_upgrade(&repo, &repo.meta, err);
		repo.has_meta = r == 0;
	}
	if (r == 0)
		r = cfs_store_open(&repo, g->insecure ? CFS_STORE_INSECURE : 0,
				   cmd_waiting, ret, err);
	if (r < 0)
		return r;
	ret->sync = !g->no_sync;
	return 0;
}

int cmd_demands_verity(const struct cfs_globals *g, const struct cfs_repo *repo,
		       struct cfs_err *err)
{
	return g->insecure ? 0 : cfs_repo_is_secure(repo, err);
}
