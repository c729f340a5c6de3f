/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/init.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "cfsctl/cfsctl.h"

struct options {
	enum cfs_alg alg; /* or 0 */
	int format;	  /* or -1 */
	bool insecure, ensure, reset;
};

static const struct cfs_opt options[] = {
	{ .name = "algorithm",
	  .value = "ALG",
	  .help = "sha512 (default) or sha256",
	  .choices = cmd_algs,
	  CFS_OPT_PARSES(struct options, alg, cmd_parse_alg) },
	{ .name = "erofs-version",
	  .value = "N",
	  .help = "format of new images: 0, 1 (default) or 2",
	  .choices = cmd_formats,
	  CFS_OPT_PARSES(struct options, format, cmd_parse_format) },
	{ .name = "insecure",
	  .help = "objects need no fs-verity",
	  CFS_OPT_SETS(struct options, insecure) },
	{ .name = "ensure",
	  .help = "keep the configuration of a repository that exists",
	  CFS_OPT_SETS(struct options, ensure) },
	{ .name = "reset-metadata",
	  .help = "remove all images, streams and signatures; keep the objects",
	  CFS_OPT_SETS(struct options, reset) },
	{ 0 },
};

/* An existing directory keeps the mode that its maker chose. */
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

/* Objects stay where they are whatever the new algorithm is: they are garbage
 * from then on that nothing removes. */
static int warn_other_objects(const char *path, const struct cfs_repo *repo,
			      bool reset, struct cfs_err *err)
{
	const char *alg = cfs_alg_name(repo->meta.alg);
	const char *other = repo->meta.alg == CFS_ALG_SHA512 ? "sha256"
							     : "sha512";
	uint64_t n = 0;
	int r = cfs_repo_count_other_objects(repo, &n, err);

	if (r < 0 || n == 0)
		return r;
	fprintf(stderr,
		"warning: %s/objects keeps %" PRIu64 " %s with %s "
		"digests, which a %s repository can neither use nor collect: ",
		path, n, n == 1 ? "object" : "objects", other, alg);
	if (reset)
		fprintf(stderr,
			"to use them, run the command with --algorithm %s; "
			"otherwise remove %s/objects before anything is "
			"stored\n",
			other, path);
	else
		fprintf(stderr,
			"to use them, remove %s/meta.json and run `cfsctl "
			"init --ensure`\n",
			path);
	return 0;
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

static int report(const char *path, const struct cfs_init_params *params,
		  int how, struct cfs_err *err)
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
		       params->ensure ? " (existing configuration preserved)"
				      : "");
	else
		r = print_created(path, &repo, err);
	if (r >= 0 && how == CFS_INIT_CREATED)
		r = warn_other_objects(path, &repo, params->reset, err);
	return r < 0 ? r : warn_open(path, &repo, err);
}

static int set_alg(const struct cfs_globals *g, enum cfs_alg alg,
		   struct cfs_init_params *params, struct cfs_err *err)
{
	if (alg && g->has_alg && g->alg != alg)
		return cfs_fail(err, CFS_EUSAGE,
				"--hash %s and --algorithm %s contradict each "
				"other",
				cfs_alg_name(g->alg), cfs_alg_name(alg));
	if (!alg)
		alg = g->alg;
	params->meta.alg = alg ? alg : CFS_ALG_SHA512;
	params->default_alg = !alg;
	return 0;
}

static int set_format(const struct cfs_globals *g, int format,
		      struct cfs_meta *meta, struct cfs_err *err)
{
	if (format >= 0 && g->erofs_version >= 0 && format != g->erofs_version)
		return cfs_fail(err, CFS_EUSAGE,
				"--erofs-version %d before the command and %d "
				"after it contradict each other",
				g->erofs_version, format);
	if (format < 0)
		format = g->erofs_version < 0 ? 1 : g->erofs_version;
	meta->erofs_default = (unsigned)format;
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_init_params params = {
		.secure = !o->insecure && !call->g->insecure,
		.ensure = o->ensure,
		.reset = o->reset,
	};
	const char *path = call->n > 0 ? call->operand[0] : call->g->repo;
	int r;

	r = set_alg(call->g, o->alg, &params, err);
	if (r == 0)
		r = set_format(call->g, o->format, &params.meta, err);
	if (r == 0)
		r = cfs_repo_init(path, &params, err);
	return r < 0 ? r : report(path, &params, r, err);
}

const struct cfs_cmd cmd_init = {
	.name = "init",
	.help = "make a repository",
	.options = options,
	.size = sizeof(struct options),
	.defaults = &(const struct options){ .format = -1 },
	.operands = { { "PATH", CFS_TAKES_DIR, .optional = true } },
	.run = run,
};
