/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/kernel.h"
#include "cfsctl/cfsctl.h"
#include "mount/composefs.h"
#include "repo/ref.h"

struct request {
	const char *upper, *work, *fuse;
	bool read_write;
};

static int check(const struct request *q, struct cfs_err *err)
{
	if (!q->upper != !q->work)
		return cfs_fail(err, CFS_EUSAGE,
				"--upperdir and --workdir go together");
	if (q->read_write && !q->upper)
		return cfs_fail(err, CFS_EUSAGE,
				"--read-write needs --upperdir");
	if (q->fuse && strcmp(q->fuse, "no") != 0 &&
	    strcmp(q->fuse, "auto") != 0)
		return cfs_fail(err, CFS_EUSAGE,
				"--fuse '%s': only no and auto, the kernel "
				"mounts it",
				q->fuse);
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
	if (r < 0)
		return r;
	r = cfs_kernel_move_mount(m.fd, AT_FDCWD, where, 0);
	if (r < 0)
		return cfs_fail(err, -r, "attach it at %s: %s", where,
				strerror(-r));
	return 0;
}

static int mount_image(const struct cfs_globals *g, const struct request *q,
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
	if (r < 0)
		return r;
	objects = cfs_repo_open_objects(&repo, err);
	upper = open_dir(q->upper, err);
	work = open_dir(q->work, err);
	if (objects < 0 || (q->upper && upper < 0) || (q->work && work < 0))
		return -err->code;
	cfs_digest_to_hex(&id, hex);
	snprintf(source, sizeof(source), "composefs:%s", hex);
	return attach(
		&(struct cfs_composefs_params){
			.image_fd = image,
			.name = hex,
			.objects_fd = objects,
			.source = source,
			.verity = secure > 0,
			.upper_fd = upper < 0 ? -1 : upper,
			.work_fd = work < 0 ? -1 : work,
			.attr = q->read_write ? 0 : MOUNT_ATTR_RDONLY,
			.upper_mount = -1,
		},
		where, err);
}

int cmd_mount(const struct cfs_globals *g, int argc, char **argv,
	      struct cfs_err *err)
{
	struct request q = { 0 };
	const struct cfs_opt opts[] = {
		{ .name = "upperdir", .text = &q.upper },
		{ .name = "workdir", .text = &q.work },
		{ .name = "read-write", .flag = &q.read_write },
		{ .name = "fuse", .text = &q.fuse },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 2, 2, err);
	if (r == 0)
		r = check(&q, err);
	if (r < 0)
		return r;
	r = mount_image(g, &q, argv[1], argv[2], err);
	return r < 0 ? cfs_ctx(err, "mount %s", argv[1]) : 0;
}
