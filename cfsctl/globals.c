/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/globals.h"

#include <stdio.h>
#include <string.h>

#define SETS(member) CFS_OPT_SETS(struct cfs_globals, member)

const struct cfs_opt cmd_globals_options[] = {
	{ .name = "repo",
	  .value = "PATH",
	  .help = "the repository (default: --system for root, else --user)",
	  .takes = CFS_TAKES_DIR,
	  SETS(path) },
	{ .name = "user", .help = "~/" CFS_USER_REPO, SETS(user) },
	{ .name = "system", .help = CFS_SYSTEM_REPO, SETS(system) },
	{ .name = "hash",
	  .value = "ALG",
	  .help = "sha256 or sha512; must agree with the repository",
	  .choices = cmd_algs,
	  CFS_OPT_PARSES(struct cfs_globals, alg, cmd_parse_alg) },
	{ .name = "erofs-version",
	  .value = "N",
	  .help = "format of new images: 0, 1 or 2",
	  .choices = cmd_formats,
	  CFS_OPT_PARSES(struct cfs_globals, erofs_version, cmd_parse_format) },
	{ .name = "require-verity",
	  .help = "fail unless the repository has fs-verity",
	  SETS(require_verity) },
	{ .name = "insecure", .help = "do without fs-verity", SETS(insecure) },
	{ .name = "no-upgrade",
	  .help = "do not add meta.json to an older repository",
	  SETS(no_upgrade) },
	{ .name = "no-repo",
	  .help = "use no repository (compute-id, compute-karg, "
		  "create-dumpfile, diff)",
	  SETS(no_repo) },
	{ .name = "no-sync",
	  .help = "do not wait for the disk: for throw-away builds",
	  SETS(no_sync) },
	{ .name = "socket",
	  .value = "PATH",
	  .help = "ask the service there (images, fsck, gc, oci pull, oci "
		  "verify)",
	  .takes = CFS_TAKES_FILE,
	  SETS(socket) },
	{ .name = "help",
	  .letter = 'h',
	  .help = "print the commands or, after a command, what it takes",
	  SETS(help) },
	{ .name = "version",
	  .letter = 'V',
	  .help = "print the version",
	  SETS(version) },
	{ 0 },
};

static int set_repo(struct cfs_globals *g, struct cfs_err *err)
{
	const char *home = getenv("HOME");
	bool user = g->user;
	int n;

	if (!!g->path + g->user + g->system > 1)
		return cfs_fail(err, CFS_EUSAGE,
				"--repo, --user and --system exclude each "
				"other");
	if (!g->path && !g->system)
		user = g->user || getuid() != 0;
	if (user && !g->no_repo && !g->socket && (!home || !*home))
		return cfs_fail(err, ENOENT,
				"$HOME must be set when in user mode");
	if (user)
		n = snprintf(g->repo, sizeof(g->repo), "%s/" CFS_USER_REPO,
			     home ? home : "");
	else
		n = snprintf(g->repo, sizeof(g->repo), "%s",
			     g->path ? g->path : CFS_SYSTEM_REPO);
	if (n <= 0 || (size_t)n >= sizeof(g->repo))
		return cfs_fail(err, CFS_EUSAGE,
				"the path of the repository is empty or too "
				"long");
	return 0;
}

int cmd_globals_finish(struct cfs_globals *g, struct cfs_err *err)
{
	g->has_alg = g->alg != 0;
	return set_repo(g, err);
}

const char *const cmd_algs[] = { "sha256", "sha512", "fsverity-sha256-12",
				 "fsverity-sha512-12", NULL };

int cmd_parse_alg(const char *text, void *to, struct cfs_err *err)
{
	enum cfs_alg *ret = to;

	(void)err;
	*ret = strstr(text, "sha256") ? CFS_ALG_SHA256 : CFS_ALG_SHA512;
	return 0;
}

const char *const cmd_formats[] = { "0", "1", "2", NULL };

int cmd_parse_format(const char *text, void *to, struct cfs_err *err)
{
	int *ret = to;

	(void)err;
	*ret = text[0] - '0';
	return 0;
}
