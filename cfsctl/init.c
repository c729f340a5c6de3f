/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/init.h"

#include <fcntl.h>
#include <stdio.h>

#include "cfsctl/cfsctl.h"

/* Who made the directory chose its mode, so it is left as it is. */
static int warn_open(const char *path, const struct cfs_repo *repo,
		     struct cfs_err *err)
{
	int r = cfs_repo_open_to_others(repo, err);

	if (r > 0)
		fprintf(stderr,
			"warning: other users may enter %s and read every "
			"object, also of files that are closed to them in an "
			"image: chmod 700 %s\n",
			path, path);
	return r < 0 ? r : 0;
}

static int print_created(const char *path, const struct cfs_repo *repo,
			 struct cfs_err *err)
{
	int r = cfs_repo_is_secure(repo, err);

	if (r < 0)
		return r;
	printf("Initialized composefs repository at %s\n"
	       "  algorithm: %s\n"
	       "  verity:    %s\n",
	       path, cfs_alg_id(repo->meta.alg),
	       r ? "required" : "not required (insecure)");
	return 0;
}

static int report(const char *path, bool ensure, int how, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cfs_repo_open(AT_FDCWD, path, &repo, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "%s has vanished", path);
	if (r < 0)
		return r;
	if (how == CFS_INIT_UPGRADED)
		printf("Upgraded legacy repository at %s\n", path);
	else if (how == CFS_INIT_ALREADY)
		printf("Repository already initialized at %s%s\n", path,
		       ensure ? " (existing configuration preserved)" : "");
	else
		r = print_created(path, &repo, err);
	return r < 0 ? r : warn_open(path, &repo, err);
}

static int set_alg(const struct cfs_globals *g, const char *text,
		   struct cfs_init_params *params, struct cfs_err *err)
{
	enum cfs_alg alg = g->has_alg ? g->alg : CFS_ALG_SHA512;
	int r = text ? cmd_parse_alg("algorithm", text, &alg, err) : 0;

	if (r < 0)
		return r;
	if (g->has_alg && g->alg != alg)
		return cfs_fail(err, CFS_EUSAGE,
				"--hash %s and --algorithm %s contradict each "
				"other",
				cfs_alg_name(g->alg), cfs_alg_name(alg));
	params->meta.alg = alg;
	params->default_alg = !text && !g->has_alg;
	return 0;
}

static int set_format(const struct cfs_globals *g, const char *format,
		      struct cfs_meta *meta, struct cfs_err *err)
{
	int version;
	int r = cmd_parse_format(format, &version, err);

	if (r < 0)
		return r;
	if (version >= 0 && g->erofs_version >= 0 &&
	    version != g->erofs_version)
		return cfs_fail(err, CFS_EUSAGE,
				"--erofs-version %d before the command and %d "
				"after it contradict each other",
				g->erofs_version, version);
	if (version < 0)
		version = g->erofs_version < 0 ? 1 : g->erofs_version;
	meta->erofs_default = (unsigned)version;
	return 0;
}

int cmd_init(const struct cfs_globals *g, int argc, char **argv,
	     struct cfs_err *err)
{
	struct cfs_init_params params = { 0 };
	const char *alg = NULL, *format = NULL, *path;
	bool insecure = false;
	const struct cfs_opt opts[] = {
		{ .name = "algorithm", .text = &alg },
		{ .name = "erofs-version", .text = &format },
		{ .name = "insecure", .flag = &insecure },
		{ .name = "ensure", .flag = &params.ensure },
		{ .name = "reset-metadata", .flag = &params.reset },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 0, 1, err);
	if (r == 0)
		r = set_alg(g, alg, &params, err);
	if (r == 0)
		r = set_format(g, format, &params.meta, err);
	if (r < 0)
		return r;
	params.secure = !insecure && !g->insecure;
	path = argc > 1 ? argv[1] : g->repo;
	r = cfs_repo_init(path, &params, err);
	return r < 0 ? r : report(path, params.ensure, r, err);
}
