/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/globals.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "repo/init.h"
#include "repo/lock.h"
#include "repo/ref.h"

#define SYSTEM_REPO "/sysroot/composefs"
#define USER_REPO   ".var/lib/composefs" /* below $HOME */

const char cmd_globals_help[] =
	"      --repo PATH       the repository; default --system for root\n"
	"      --user            ~/" USER_REPO "\n"
	"      --system          " SYSTEM_REPO "\n"
	"      --hash ALG        sha256 or sha512; must agree with the "
	"repository\n"
	"      --erofs-version N format of images made now: 0, 1 or 2\n"
	"      --require-verity  fail unless the repository has fs-verity\n"
	"      --insecure        do without fs-verity\n"
	"      --no-upgrade      leave a repository without meta.json so\n"
	"      --no-repo         use none (compute-id, compute-karg, "
	"create-dumpfile,\n"
	"                        diff)\n"
	"      --no-sync         do not wait for the disk: for throw-away "
	"builds\n";

static int set_repo(struct cfs_globals *g, const char *path, bool user,
		    bool system, struct cfs_err *err)
{
	const char *home = getenv("HOME");
	int n;

	if (!!path + user + system > 1)
		return cfs_fail(err, CFS_EUSAGE,
				"--repo, --user and --system exclude each "
				"other");
	if (!path && !user && !system)
		user = getuid() != 0;
	if (user && !g->no_repo && (!home || !*home))
		return cfs_fail(err, ENOENT,
				"$HOME must be set when in user mode");
	if (user)
		n = snprintf(g->repo, sizeof(g->repo), "%s/" USER_REPO,
			     home ? home : "");
	else
		n = snprintf(g->repo, sizeof(g->repo), "%s",
			     path ? path : SYSTEM_REPO);
	if (n <= 0 || (size_t)n >= sizeof(g->repo))
		return cfs_fail(err, CFS_EUSAGE,
				"the path of the repository is empty or too "
				"long");
	return 0;
}

static int set_alg(struct cfs_globals *g, const char *name, struct cfs_err *err)
{
	if (!name)
		return 0;
	g->has_alg = true;
	if (strcmp(name, "sha256") == 0)
		g->alg = CFS_ALG_SHA256;
	else if (strcmp(name, "sha512") == 0)
		g->alg = CFS_ALG_SHA512;
	else
		return cfs_fail(err, CFS_EUSAGE,
				"--hash '%s': sha256 or sha512 is expected",
				name);
	return 0;
}

int cmd_parse_format(const char *text, int *ret, struct cfs_err *err)
{
	if (!text) {
		*ret = -1;
		return 0;
	}
	if (text[0] < '0' || text[0] > '0' + CFS_META_FORMAT_MAX || text[1])
		return cfs_fail(err, CFS_EUSAGE,
				"--erofs-version '%s': 0, 1 or 2 is expected",
				text);
	*ret = text[0] - '0';
	return 0;
}

int cmd_globals_parse(int argc, char **argv, struct cfs_globals *ret,
		      struct cfs_err *err)
{
	const char *path = NULL, *alg = NULL, *format = NULL;
	bool user = false, system = false;
	struct cfs_globals g = { 0 };
	const struct cfs_opt opts[] = {
		{ .name = "repo", .text = &path },
		{ .name = "user", .flag = &user },
		{ .name = "system", .flag = &system },
		{ .name = "hash", .text = &alg },
		{ .name = "erofs-version", .text = &format },
		{ .name = "insecure", .flag = &g.insecure },
		{ .name = "require-verity", .flag = &g.require_verity },
		{ .name = "no-upgrade", .flag = &g.no_upgrade },
		{ .name = "no-repo", .flag = &g.no_repo },
		{ .name = "no-sync", .flag = &g.no_sync },
		{ .name = "help", .letter = 'h', .flag = &g.help },
		{ .name = "version", .letter = 'V', .flag = &g.version },
		{ 0 },
	};
	int first, r;

	first = cmd_options_front(opts, argc, argv, err);
	if (first < 0)
		return first;
	r = set_alg(&g, alg, err);
	if (r == 0)
		r = cmd_parse_format(format, &g.erofs_version, err);
	if (r == 0 && !g.help && !g.version)
		r = set_repo(&g, path, user, system, err);
	if (r < 0)
		return r;
	*ret = g;
	return first;
}

void cmd_waiting(void)
{
	fputs("waiting for another process to release the repository's lock\n",
	      stderr);
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
				"repository %s: meta.json has no fs-verity, "
				"--require-verity wants it",
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

int cmd_open_repo(const struct cfs_globals *g, struct cfs_repo *ret,
		  struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	r = cfs_repo_open(AT_FDCWD, g->repo, &repo, err);
	if (r == 0)
		return cfs_fail(err, ENOENT,
				"open repository %s: there is no such "
				"directory; `cfsctl init` makes one",
				g->repo);
	if (r > 0)
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
		r = cfs_store_open(&repo, g->insecure, cmd_waiting, ret, err);
	if (r < 0)
		return r;
	ret->sync = !g->no_sync;
	return 0;
}

int cmd_find_image(const struct cfs_repo *repo, const char *name,
		   struct cfs_digest *ret, struct cfs_err *err)
{
	int r = cfs_image_find(repo, name, ret, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "image not found: %s", name);
	return r < 0 ? r : 0;
}

int cmd_demands_verity(const struct cfs_globals *g, const struct cfs_repo *repo,
		       struct cfs_err *err)
{
	return g->insecure ? 0 : cfs_repo_is_secure(repo, err);
}
