/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>
#include <sys/mount.h>

#include "base/io.h"
#include "cfsctl/cli/options.h"
#include "cfsctl/compat/mount_call.h"
#include "cfsctl/compat/mount_options.h"
#include "cfsctl/compat/programs.h"
#include "cfsctl/fuse.h"
#include "cfsctl/globals.h"

void cmd_mount_fuse_usage(FILE *to)
{
	fputs("usage: mount.fuse.composefs [-fnsv] [-t fuse.composefs] "
	      "[-o OPT[,OPT...]] IMAGE MOUNTPOINT\n"
	      "       mount -t fuse.composefs -o OPT[,OPT...] IMAGE "
	      "MOUNTPOINT\n"
	      "\noptions:\n"
	      "  repo=DIR               the repository; that of the system "
	      "for root,\n"
	      "                         and the user's own for others\n"
	      "  insecure               do not demand fs-verity\n"
	      "  mode=MODE              auto, passthrough, overlay or plain\n"
	      "  noverify               do not verify objects\n"
	      "  upperdir=DIR           a layer for changes, with\n"
	      "  workdir=DIR            an empty directory beside it\n"
	      "  ro, rw                 let no changes be made, or do; rw "
	      "needs upperdir\n"
	      "  noexec, noatime and the other options of mount(8)\n"
	      "\nsee also mount.fuse.composefs(8)\n",
	      to);
}

struct words {
	const char *repo, *mode, *upper, *work;
	bool insecure, no_verify, ignored;
	unsigned attr;
};

/* @text: modified. */
static int read_words(char *text, bool sloppy, struct words *w,
		      struct cfs_err *err)
{
	const struct cmd_mount_row rows[] = {
		{ "repo", .text = &w->repo },
		{ "insecure", .flag = &w->insecure },
		{ "mode", .text = &w->mode },
		{ "noverify", .flag = &w->no_verify },
		{ "upperdir", .text = &w->upper },
		{ "workdir", .text = &w->work },
		/* Always so, as far as this user may. */
		{ "allow_other", .flag = &w->ignored },
		{ "default_permissions", .flag = &w->ignored },
		{ 0 },
	};
	int r = cmd_mount_words(text, rows, sloppy ? CFS_MOUNT_SLOPPY : 0,
				&w->attr, err);

	if (r == 0 && !w->upper != !w->work)
		r = cfs_fail(err, EINVAL, "upperdir and workdir go together");
	return r;
}

static int check_call(const struct cmd_mount_call *q, struct cfs_err *err)
{
	if (q->type && strcmp(q->type, "fuse.composefs") != 0)
		return cfs_fail(err, EINVAL,
				"file system type '%s' is not fuse.composefs",
				q->type);
	if (q->ns)
		return cfs_fail(err, EINVAL,
				"-N is not supported: run it in the namespace "
				"(nsenter -t PID -m)");
	if (!q->source || !q->where)
		return cfs_fail(err, CFS_EUSAGE,
				"IMAGE and MOUNTPOINT are needed");
	return 0;
}

static int start(const struct cmd_mount_call *q, const struct words *w,
		 struct cmd_fuse_mount *mount, struct cfs_err *err)
{
	struct cfs_globals g = CFS_GLOBALS_INIT;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	g.path = w->repo;
	g.insecure = w->insecure;
	r = cmd_globals_finish(&g, err);
	if (r == 0)
		r = cmd_open_repo(&g, &repo, err);
	if (r == 0)
		r = cmd_find_image(&repo, q->source, &mount->id, err);
	return r < 0 ? r : cmd_fuse_start(&g, &repo, mount, err);
}

static int mount_image(const struct cmd_mount_call *q, const struct words *w,
		       struct cfs_err *err)
{
	CFS_AUTOFD int upper = -EBADF;
	CFS_AUTOFD int work = -EBADF;
	struct cmd_fuse_mount mount = {
		.name = q->source,
		/* By which mount(8) knows that it is mounted. */
		.source = q->source,
		.where = q->where,
		.attr = w->attr & ~(unsigned)MOUNT_ATTR_RDONLY,
		.read_write = w->upper && !(w->attr & MOUNT_ATTR_RDONLY),
		.o = { .no_verify = w->no_verify, .verbose = q->verbose },
	};
	int r = 0;

	if (w->mode)
		r = cmd_parse_fuse_mode(w->mode, &mount.o.mode, err);
	if (r < 0)
		return cfs_fail(err, EINVAL,
				"mode=%s: expected auto, passthrough, overlay "
				"or plain",
				w->mode);
	r = cmd_mount_open_dir("upperdir", w->upper, &upper, err);
	if (r == 0)
		r = cmd_mount_open_dir("workdir", w->work, &work, err);
	mount.upper = upper;
	mount.work = work;
	return r < 0 ? r : start(q, w, &mount, err);
}

int cmd_mount_fuse(int argc, char **argv, struct cfs_err *err)
{
	struct cmd_mount_call q = { 0 };
	struct words w = { 0 };
	CFS_AUTOFREE char *text = NULL;
	int r = cmd_mount_call_read(argc, argv, &q, err);

	if (r == 0 && q.help) {
		cmd_mount_fuse_usage(stdout);
		return 0;
	}
	if (r == 0)
		r = check_call(&q, err);
	if (r < 0)
		return r;
	text = strdup(q.options ? q.options : "defaults");
	if (!text)
		return cfs_no_memory(err);
	r = read_words(text, q.sloppy, &w, err);
	if (r == 0 && !q.fake)
		r = mount_image(&q, &w, err);
	return r < 0 ? cfs_ctx(err, "mount %s", q.source) : 0;
}
