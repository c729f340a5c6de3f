/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/kernel.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/whole.h"
#include "mount/composefs.h"
#include "repo/ref.h"

struct options {
	const char *upper, *work, *fuse;
	bool read_write, check;
};

static const char *const fuse[] = { "no", "auto", NULL };

static const struct cfs_opt options[] = {
	{ .name = "upperdir",
	  .value = "DIR",
	  .help = "overlayfs upper directory (requires --workdir)",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, upper) },
	{ .name = "workdir",
	  .value = "DIR",
	  .help = "overlayfs work directory",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, work) },
	{ .name = "read-write",
	  .help = "allow changes, which go to the upper directory",
	  CFS_OPT_SETS(struct options, read_write) },
	{ .name = "check",
	  .help = "refuse an image that lacks objects; without MOUNTPOINT, "
		  "mount nothing",
	  CFS_OPT_SETS(struct options, check) },
	{ .name = "fuse",
	  .value = "no|auto",
	  .help = "accepted for compatibility: it is always the kernel that "
		  "mounts",
	  .choices = fuse,
	  CFS_OPT_SETS(struct options, fuse) },
	{ 0 },
};

static int check(const struct options *o, struct cfs_err *err)
{
	if (!o->upper != !o->work)
		return cfs_fail(err, CFS_EUSAGE,
				"--upperdir and --workdir go together");
	if (o->read_write && !o->upper)
		return cfs_fail(err, CFS_EUSAGE,
				"--read-write needs --upperdir");
	return 0;
}

static int open_dir(const char *path, struct cfs_err *err)
{
	int fd;

	if (!path)
		return -EBADF;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? cfs_fail_errno(err, "open %s", path) : fd;
}

/* Words -EPERM of a mount: why, and which commands work without mounting. */
static int not_permitted(struct cfs_err *err)
{
	static const char instead[] =
		"`cfsctl dump-files` and `cfsctl diff` read images without "
		"mounting them";

	if (geteuid() != 0)
		return cfs_fail(err, EPERM, "mounting needs root; %s", instead);
	return cfs_fail(err, EPERM,
			"the kernel lets this process mount nothing, as in a "
			"container or user namespace (%s); %s",
			err->msg, instead);
}

/* Everything is detached until the last step: closing is the way back. */
static int attach(const struct cfs_composefs_params *params, const char *where,
		  struct cfs_err *err)
{
	CFS_AUTOCOMPOSEFS struct cfs_composefs_mount m = CFS_COMPOSEFS_INIT;
	char dir[64];
	CFS_AUTOSCRATCH struct cfs_scratch scratch = { .dir = dir };
	int r;

	snprintf(dir, sizeof(dir), "/run/.cfsctl-%ld", (long)getpid());
	r = cfs_composefs_mount(params, &scratch, &m, err);
	if (r == -EPERM)
		return not_permitted(err);
	if (r < 0)
		return r;
	r = cfs_kernel_move_mount(m.fd, AT_FDCWD, where, 0);
	if (r < 0)
		return cfs_fail(err, -r, "attach it at %s: %s", where,
				strerror(-r));
	return 0;
}

/* @where: NULL to leave it at the checks. */
static int mount_image(const struct cfs_globals *g, const struct options *o,
		       const char *name, const char *where, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOFD int image = -EBADF, objects = -EBADF, upper = -EBADF,
		       work = -EBADF;
	char hex[CFS_DIGEST_HEX_MAX];
	char source[sizeof("composefs:") + CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r, secure;

	r = cmd_open_repo(g, &repo, err);
	if (r == 0)
		r = cmd_find_image(&repo, name, &id, err);
	if (r < 0)
		return r;
	secure = cmd_demands_verity(g, &repo, err);
	if (secure < 0)
		return secure;
	r = cfs_image_open(&repo, &id, secure > 0, &image, err);
	if (r >= 0 && o->check)
		r = cmd_require_whole(&repo, &id, name, err);
	if (r < 0 || !where)
		return r < 0 ? r : 0;
	objects = cfs_repo_open_objects(&repo, err);
	upper = open_dir(o->upper, err);
	work = open_dir(o->work, err);
	if (objects < 0 || (o->upper && upper < 0) || (o->work && work < 0))
		return -err->code;
	cfs_digest_to_hex(&id, hex);
	snprintf(source, sizeof(source), "composefs:%s", hex);
	r = attach(
		&(struct cfs_composefs_params){
			.image_fd = image,
			.name = hex,
			.objects_fd = objects,
			.source = source,
			.verity = secure > 0,
			.upper_fd = upper < 0 ? -1 : upper,
			.work_fd = work < 0 ? -1 : work,
			.attr = o->read_write ? 0 : MOUNT_ATTR_RDONLY,
			.upper_mount = -1,
		},
		where, err);
	if (r == 0 && !secure && !g->insecure)
		fputs("warning: no file of this mount is verified: the "
		      "repository does not demand fs-verity (`cfsctl "
		      "enable-verity` makes it; --insecure, if it is meant "
		      "so)\n",
		      stderr);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const char *image = call->operand[0];
	const char *where = call->n > 1 ? call->operand[1] : NULL;
	int r = check(o, err);

	if (r == 0 && !where && !o->check)
		r = cfs_fail(err, CFS_EUSAGE, "MOUNTPOINT is missing");
	if (r == 0)
		r = mount_image(call->g, o, image, where, err);
	return r < 0 && r != -CFS_EUSAGE ? cfs_ctx(err, "mount %s", image) : r;
}

const struct cfs_cmd cmd_mount = {
	.name = "mount",
	.help = "mount an image",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE },
		      { "MOUNTPOINT", CFS_TAKES_DIR, .optional = true } },
	.run = run,
};
