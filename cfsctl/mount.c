/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/kernel.h"
#include "cfsctl/fuse.h"
#include "cfsctl/mount.h"
#include "ops/mount.h"
#include "ops/whole.h"
#include "repo/ref.h"

const char *const cmd_mount_fuse_choices[] = { CFS_FUSE_MODE_NAMES, "yes", "no",
					       NULL };

int cmd_parse_mount_fuse(const char *text, void *to, struct cfs_err *err)
{
	struct cmd_mount_fuse *fuse = to;

	fuse->on = !text || strcmp(text, "no") != 0;
	if (text && strcmp(text, "yes") == 0)
		text = NULL;
	return fuse->on ? cmd_parse_fuse_mode(text, &fuse->mode, err) : 0;
}

struct options {
	struct cfs_mount_options mount;
};

static const struct cfs_opt options[] = {
	CFS_MOUNT_OPTIONS(struct options, mount),
	{ 0 },
};

static int check(const struct cfs_mount_options *o, struct cfs_err *err)
{
	if (!o->upper != !o->work)
		return cfs_fail(err, CFS_EUSAGE,
				"--upperdir and --workdir go together");
	if (o->read_write && !o->upper)
		return cfs_fail(err, CFS_EUSAGE,
				"--read-write needs --upperdir");
	if (!o->fuse.on && (o->no_verify || o->verbose || o->foreground))
		return cfs_fail(err, CFS_EUSAGE,
				"--no-verify, --foreground and --verbose need "
				"--fuse");
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
		"--fuse mounts without, and `cfsctl dump-files` and `cfsctl "
		"diff` read images without mounting them";

	if (geteuid() != 0)
		return cfs_fail(err, EPERM, "mounting needs root; %s", instead);
	return cfs_fail(err, EPERM,
			"the kernel lets this process mount nothing, as in a "
			"container or user namespace (%s); %s",
			err->msg, instead);
}

/* The directories that overlayfs takes changes to. */
struct changes {
	int upper, work; /* owned; -EBADF: none */
};

static void close_changes(struct changes *c)
{
	cfs_closep(&c->upper);
	cfs_closep(&c->work);
}

static int open_changes(const struct cfs_mount_options *o, struct changes *c,
			struct cfs_err *err)
{
	c->upper = open_dir(o->upper, err);
	if (o->upper && c->upper < 0)
		return c->upper;
	c->work = open_dir(o->work, err);
	return o->work && c->work < 0 ? c->work : 0;
}

static int attach(const struct cfs_repo *repo,
		  const struct cfs_mount_params *params, const char *where,
		  struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_mount_image(repo, params, &fd, err);

	if (r == -EPERM)
		return not_permitted(err);
	if (r < 0)
		return r;
	r = cfs_kernel_move_mount(fd, AT_FDCWD, where, 0);
	return r < 0 ? cfs_fail(err, -r, "attach it at %s: %s", where,
				strerror(-r))
		     : 0;
}

/* Closes @repo. */
static int mount_by_fuse(const struct cfs_globals *g, struct cfs_repo *repo,
			 const struct cfs_mount_options *o,
			 const struct cfs_digest *id, const char *name,
			 struct cfs_err *err)
{
	__attribute__((cleanup(
		close_changes))) struct changes changes = { -EBADF, -EBADF };
	int r = o->check ? cfs_require_whole(repo, id, name, err) : 0;

	if (r < 0 || !o->where)
		return r;
	r = open_changes(o, &changes, err);
	if (r < 0)
		return r;
	return cmd_fuse_start(g, repo,
			      &(struct cmd_fuse_mount){
				      .id = *id,
				      .name = name,
				      .where = o->where,
				      .upper = changes.upper,
				      .work = changes.work,
				      .read_write = o->read_write,
				      .o = { .mode = o->fuse.mode,
					     .no_verify = o->no_verify,
					     .foreground = o->foreground,
					     .verbose = o->verbose },
			      },
			      err);
}

static int check_image(const struct cfs_repo *repo, const struct cfs_digest *id,
		       bool verity, const char *name, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_image_open(repo, id, verity, &fd, err);

	return r < 0 ? r : cfs_require_whole(repo, id, name, err);
}

static int mount_by_kernel(const struct cfs_repo *repo,
			   const struct cfs_mount_options *o,
			   const struct cfs_digest *id, bool verity,
			   const char *name, struct cfs_err *err)
{
	__attribute__((cleanup(
		close_changes))) struct changes changes = { -EBADF, -EBADF };
	int r = open_changes(o, &changes, err);

	if (r < 0)
		return r;
	return attach(
		repo,
		&(struct cfs_mount_params){ .id = *id,
					    .verity = verity,
					    .whole = o->check ? name : NULL,
					    .read_write = o->read_write,
					    .upper_fd = changes.upper,
					    .work_fd = changes.work },
		o->where, err);
}

static int mount_id(const struct cfs_globals *g, const struct cfs_repo *repo,
		    const struct cfs_mount_options *o,
		    const struct cfs_digest *id, const char *name,
		    struct cfs_err *err)
{
	int verity = cmd_demands_verity(g, repo, err);
	int r = verity < 0 ? verity : 0;

	if (r < 0)
		return r;
	/* Without a place the checks are all that was asked for. */
	if (!o->where)
		return check_image(repo, id, verity > 0, name, err);
	r = mount_by_kernel(repo, o, id, verity > 0, name, err);
	if (r == 0 && !verity && !g->insecure)
		fputs("warning: no file of this mount is verified: the "
		      "repository does not demand fs-verity (`cfsctl "
		      "enable-verity` changes that; use --insecure if it is "
		      "intended)\n",
		      stderr);
	return r;
}

int cmd_mount_run(const struct cfs_call *call, struct cfs_mount_options *o,
		  cmd_mount_find_fn *find, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const char *image = call->operand[0];
	struct cfs_digest id;
	int r = check(o, err);

	o->where = call->n > 1 ? call->operand[1] : NULL;
	if (r == 0 && !o->where && !o->check)
		r = cfs_fail(err, CFS_EUSAGE, "MOUNTPOINT is missing");
	if (r == 0)
		r = cmd_open_repo(call->g, &repo, err);
	if (r == 0)
		r = find(call, &repo, &id, err);
	if (r == 0 && o->fuse.on)
		r = mount_by_fuse(call->g, &repo, o, &id, image, err);
	else if (r == 0)
		r = mount_id(call->g, &repo, o, &id, image, err);
	return r < 0 && r != -CFS_EUSAGE ? cfs_ctx(err, "mount %s", image) : r;
}

static int find(const struct cfs_call *call, const struct cfs_repo *repo,
		struct cfs_digest *ret, struct cfs_err *err)
{
	return cmd_find_image(repo, call->operand[0], ret, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	struct cfs_mount_options o =
		((const struct options *)call->options)->mount;

	return cmd_mount_run(call, &o, find, err);
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
