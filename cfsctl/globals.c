/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/globals.h"

#include <stdio.h>
#include <string.h>

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

int cmd_parse_alg(const char *name, const char *text, enum cfs_alg *ret,
		  struct cfs_err *err)
{
	static const enum cfs_alg algs[] = { CFS_ALG_SHA256, CFS_ALG_SHA512 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(algs); i++) {
		if (strcmp(text, cfs_alg_name(algs[i])) != 0 &&
		    strcmp(text, cfs_alg_id(algs[i])) != 0)
			continue;
		*ret = algs[i];
		return 0;
	}
	return cfs_fail(err, CFS_EUSAGE,
			"--%s '%s': sha256, sha512, fsverity-sha256-12 or "
			"fsverity-sha512-12 is expected",
			name, text);
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
	g.has_alg = alg;
	r = alg ? cmd_parse_alg("hash", alg, &g.alg, err) : 0;
	if (r == 0)
		r = cmd_parse_format(format, &g.erofs_version, err);
	if (r == 0 && !g.help && !g.version)
		r = set_repo(&g, path, user, system, err);
	if (r < 0)
		return r;
	*ret = g;
	return first;
}
