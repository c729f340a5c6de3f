/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/assemble.h"

#include <fcntl.h>

#include "setup-root/cmdline.h"
#include "setup-root/modules.h"
#include "setup-root/preflight.h"
#include "setup-root/state.h"

static void start_over(struct cfs_root *root)
{
	cfs_root_close(root);
	*root = (struct cfs_root)CFS_ROOT_INIT;
}

/* Makes the root, with the kernel modules for it if it needs them. */
static int make_root(struct cfs_boot *b, struct cfs_err *err)
{
	int r = cfs_root_make(b, err);

	/* The kernel runs modprobe for a file system that it lacks, which is
	 * often missing in an initramfs. */
	if (r != -ENODEV || b->root_fs_fd >= 0)
		return r;
	cfs_log(&b->log, LOG_DEBUG, "loading kernel modules: %s", err->msg);
	r = cfs_modules_load_mount(err);
	start_over(&b->root);
	return r < 0 ? r : cfs_root_make(b, err);
}

static int preflight(struct cfs_boot *b, struct cfs_err *err)
{
	char init[256] = "";

	/* With --root-fs there is no image to check. */
	if (!b->config.probe.enable || b->options.root_fs)
		return 0;
	(void)cfs_cmdline_value(cfs_buf_bytes(&b->cmdline), "init", init,
				sizeof(init));
	return cfs_preflight(b->root.fd, init[0] ? init : NULL, &b->config,
			     err);
}

static int try_assemble(struct cfs_boot *b, struct cfs_err *err)
{
	int r = make_root(b, err);

	/* EIO: a block of the image is not what its digest says. */
	b->step = r == -EIO && b->choice.verity ? CFS_EXIT_VERITY
						: CFS_EXIT_MOUNT;
	if (r < 0)
		return r;
	b->step = CFS_EXIT_PREFLIGHT;
	r = preflight(b, err);
	if (r < 0)
		return r;
	b->step = CFS_EXIT_STATE;
	return cfs_root_add_state(b, err);
}

/* Is there another way after @err?  Prepares @b for it.  No "?" makes up for
 * objects that are not those of the image that is signed. */
static bool other_way(struct cfs_boot *b, const struct cfs_err *err)
{
	if (err->code == EIO && b->step == CFS_EXIT_PREFLIGHT &&
	    b->choice.verity && cfs_boot_chosen(b)->karg.insecure &&
	    !b->config.keys.require_signed) {
		cfs_log(&b->log, LOG_WARNING,
			"going on without verification, as its \"?\" allows: "
			"%s",
			err->msg);
		b->choice.verity = false;
		return true;
	}
	/* Linux 6.18-rc counted a file-backed EROFS as a level of stacking. */
	if (err->code == EINVAL && b->step == CFS_EXIT_STATE &&
	    b->choice.fd >= 0 && !b->force_loop &&
	    b->root.image.backend == CFS_BACKEND_FILE) {
		cfs_log(&b->log, LOG_NOTICE,
			"trying again through a loop device: %s", err->msg);
		b->force_loop = true;
		return true;
	}
	return false;
}

/* Opens what the root is made of beside the image. */
static int open_sources(struct cfs_boot *b, struct cfs_err *err)
{
	const char *path = b->options.root_fs;

	b->step = path ? CFS_EXIT_MOUNT : CFS_EXIT_REPO;
	if (!path) {
		b->objects_fd = cfs_repo_open_objects(&b->repo, err);
		return b->objects_fd < 0 ? b->objects_fd : 0;
	}
	b->root_fs_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return b->root_fs_fd < 0 ? cfs_fail_errno(err, "open %s", path) : 0;
}

int cfs_assemble(struct cfs_boot *b, struct cfs_err *err)
{
	int r = open_sources(b, err);

	if (r < 0)
		return r;
	do {
		start_over(&b->root);
		r = try_assemble(b, err);
	} while (r < 0 && other_way(b, err));
	for (unsigned i = 0; i < b->root.n_notices && r == 0; i++)
		cfs_log(&b->log, LOG_WARNING, "%s", b->root.notices[i]);
	return r;
}

int cfs_assemble_attach(struct cfs_boot *b, struct cfs_err *err)
{
	const char *target = b->options.target;

	b->step = CFS_EXIT_MOUNT;
	return cfs_root_attach(&b->root, target ? target : b->options.sysroot,
			       !target && b->sysroot.mounted, err);
}
