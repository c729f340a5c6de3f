/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/kernel.h"
#include "cfsctl/fuse.h"
#include "cfsctl/mount.h"
#include "mount/acl.h"
#include "mount/composefs.h"
#include "ops/whole.h"
#include "repo/ref.h"

const char *const cmd_mount_fuse_choices[] = { "auto",	  "passthrough",
					       "overlay", "plain",
					       "no",	  NULL };

int cmd_parse_mount_fuse(const char *text, void *to, struct cfs_err *err)
{
	struct cmd_mount_fuse *fuse = to;

	fuse->on = !text || strcmp(text, "no") != 0;
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
	if (!o->fuse.on && (o->no_verify || o->verbose))
		return cfs_fail(err, CFS_EUSAGE,
				"--no-verify and --verbose need --fuse");
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

/* Everything is detached until the last step: closing is the way back. */
static int attach(const struct cfs_composefs_params *params, const char *where,
		  struct cfs_err *err)
{
	CFS_AUTOCOMPOSEFS struct cfs_composefs_mount m = CFS_COMPOSEFS_INIT;
	char dir[64];
	CFS_AUTOSCRATCH struct cfs_scratch scratch = { .dir = dir };
	struct cfs_composefs_params p = *params;
	int r = cfs_erofs_acl_flag(p.image_fd, p.name, err);

	if (r < 0)
		return r;
	p.flags |= (unsigned)r;
	snprintf(dir, sizeof(dir), "/run/.cfsctl-%ld", (long)getpid());
	r = cfs_composefs_mount(&p, &scratch, &m, err);
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

/* The image to mount, and the directories that overlayfs takes files from. */
struct places {
	int image, objects, upper, work; /* owned; -EBADF: none */
};

static void close_places(struct places *p)
{
	cfs_closep(&p->image);
	cfs_closep(&p->objects);
	cfs_closep(&p->upper);
	cfs_closep(&p->work);
}

static int open_upper(const struct cfs_mount_options *o, struct places *p,
		      struct cfs_err *err)
{
	p->upper = open_dir(o->upper, err);
	if (o->upper && p->upper < 0)
		return p->upper;
	p->work = open_dir(o->work, err);
	return o->work && p->work < 0 ? p->work : 0;
}

static int open_places(const struct cfs_repo *repo,
		       const struct cfs_mount_options *o, struct places *p,
		       struct cfs_err *err)
{
	p->objects = cfs_repo_open_objects(repo, err);
	return p->objects < 0 ? p->objects : open_upper(o, p, err);
}

static int attach_places(const struct cfs_mount_options *o,
			 const struct places *p, const struct cfs_digest *id,
			 bool secure, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	char source[sizeof("composefs:") + CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	snprintf(source, sizeof(source), "composefs:%s", hex);
	return attach(
		&(struct cfs_composefs_params){
			.image_fd = p->image,
			.name = hex,
			.objects_fd = p->objects,
			.source = source,
			.verity = secure,
			.upper_fd = p->upper < 0 ? -1 : p->upper,
			.work_fd = p->work < 0 ? -1 : p->work,
			.attr = o->read_write ? 0 : MOUNT_ATTR_RDONLY,
			.upper_mount = -1,
		},
		o->where, err);
}

/* Closes @repo. */
static int mount_by_fuse(const struct cfs_globals *g, struct cfs_repo *repo,
			 const struct cfs_mount_options *o,
			 const struct cfs_digest *id, const char *name,
			 struct cfs_err *err)
{
	struct places places = { -EBADF, -EBADF, -EBADF, -EBADF };
	int r = o->check ? cfs_require_whole(repo, id, name, err) : 0;

	if (r == 0 && o->where)
		r = open_upper(o, &places, err);
	if (r == 0 && o->where)
		r = cmd_fuse_start(g, repo,
				   &(struct cmd_fuse_mount){
					   .id = *id,
					   .name = name,
					   .where = o->where,
					   .upper = places.upper,
					   .work = places.work,
					   .read_write = o->read_write,
					   .o = { .mode = o->fuse.mode,
						  .no_verify = o->no_verify,
						  .verbose = o->verbose },
				   },
				   err);
	close_places(&places);
	return r;
}

static int mount_id(const struct cfs_globals *g, const struct cfs_repo *repo,
		    const struct cfs_mount_options *o,
		    const struct cfs_digest *id, const char *name,
		    struct cfs_err *err)
{
	struct places places = { -EBADF, -EBADF, -EBADF, -EBADF };
	int r, secure = cmd_demands_verity(g, repo, err);

	if (secure < 0)
		return secure;
	r = cfs_image_open(repo, id, secure > 0, &places.image, err);
	if (r >= 0 && o->check)
		r = cfs_require_whole(repo, id, name, err);
	if (r >= 0 && o->where)
		r = open_places(repo, o, &places, err);
	if (r >= 0 && o->where)
		r = attach_places(o, &places, id, secure > 0, err);
	close_places(&places);
	if (r >= 0 && o->where && !secure && !g->insecure)
		fputs("warning: no file of this mount is verified: the "
		      "repository does not demand fs-verity (`cfsctl "
		      "enable-verity` makes it; --insecure, if it is meant "
		      "so)\n",
		      stderr);
	return r < 0 ? r : 0;
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
