/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/assemble.h"

#include <fcntl.h>
#include <string.h>

#include "setup-root/modules.h"
#include "setup-root/preflight.h"
#include "setup-root/state.h"

#define SCRATCH "/run/composefs/.lower"

static void start_over(struct cfs_root *root)
{
	cfs_root_close(root);
	*root = (struct cfs_root)CFS_ROOT_INIT;
}

/* Makes the root, with the kernel modules for it if it needs them. */
static int make_root(struct cfs_boot *b, const struct cfs_root_params *params,
		     struct cfs_root *root, struct cfs_err *err)
{
	int r = cfs_root_make(params, root, err);

	if (r != -ENODEV || params->root_fs_fd >= 0)
		return r;
	cfs_log(&b->log, LOG_DEBUG, "loading kernel modules: %s", err->msg);
	r = cfs_modules_load_mount(err);
	start_over(root);
	return r < 0 ? r : cfs_root_make(params, root, err);
}

static int preflight(struct cfs_boot *b, const struct cfs_root *root,
		     struct cfs_err *err)
{
	struct cfs_bytes value = { 0 };
	char init[256];
	bool given =
		cfs_cmdline_find(cfs_buf_bytes(&b->cmdline), "init", &value) &&
		value.len > 0 && value.len < sizeof(init);

	/* A directory of the caller's is no image. */
	if (!b->config.probe.enable || b->options.root_fs)
		return 0;
	if (given) {
		memcpy(init, value.data, value.len);
		init[value.len] = '\0';
	}
	return cfs_preflight(root->fd, given ? init : NULL, &b->config, err);
}

static int try_assemble(struct cfs_boot *b,
			const struct cfs_root_params *params,
			struct cfs_root *root, struct cfs_err *err)
{
	int r = make_root(b, params, root, err);

	/* A block of the image itself that is not what was signed. */
	if (r < 0)
		return cfs_boot_step(b,
				     r == -EIO && params->verity
					     ? CFS_EXIT_VERITY
					     : CFS_EXIT_MOUNT,
				     r);
	r = preflight(b, root, err);
	if (r < 0)
		return cfs_boot_step(b, CFS_EXIT_PREFLIGHT, r);
	return cfs_boot_step(b, CFS_EXIT_STATE,
			     cfs_root_add_state(params, root, err));
}

/* Is there another way after @r?  Changes *@params to it. */
static bool other_way(struct cfs_boot *b, int r, const struct cfs_root *root,
		      struct cfs_root_params *params, const struct cfs_err *err)
{
	if (r == -EIO && b->failed == CFS_EXIT_PREFLIGHT && params->verity &&
	    b->candidates[b->choice.index].insecure) {
		cfs_log(&b->log, LOG_WARNING,
			"going on without verification, as its \"?\" allows: "
			"%s",
			err->msg);
		params->verity = false;
		return true;
	}
	/* Linux 6.18-rc counted a file-backed EROFS as a level of stacking. */
	if (r == -EINVAL && b->failed == CFS_EXIT_STATE &&
	    params->image_fd >= 0 && !params->force_loop &&
	    root->image.backend == CFS_BACKEND_FILE) {
		cfs_log(&b->log, LOG_NOTICE,
			"trying again through a loop device: %s", err->msg);
		params->force_loop = true;
		return true;
	}
	return false;
}

static void fill_marker(const struct cfs_boot *b, const struct cfs_root *root,
			char backend[static 64], struct cfs_marker *m)
{
	if (!b->options.root_fs) {
		snprintf(backend, 64, "%s%s",
			 root->image.backend == CFS_BACKEND_FILE ? "file"
								 : "loop:",
			 root->image.loop);
		m->image_backend = backend;
		m->layer_api = cfs_layer_api_name(root->layer_api);
	}
	m->root = b->options.root_fs ? "directory" : root->root;
	m->etc = root->etc;
	m->var = root->var;
	m->sysroot_readonly = root->sysroot_readonly;
	m->state_dir = root->state_dir[0] ? root->state_dir : NULL;
	m->preflight = b->config.probe.enable && !b->options.root_fs
			       ? "ok"
			       : "skipped";
}

int cfs_assemble(struct cfs_boot *b, struct cfs_root *root,
		 char backend[static 64], struct cfs_marker *marker,
		 struct cfs_err *err)
{
	CFS_AUTOFD int objects = -EBADF, directory = -EBADF;
	struct cfs_root_params params = {
		.config = &b->config,
		.physical_fd = b->sysroot_fd,
		.var_mounted = b->var_mounted,
		.read_only = b->read_only,
		.running = b->options.target,
		.digest = &b->candidates[b->choice.index].digest,
		.image_fd = b->choice.fd,
		.verity = b->choice.verity,
		.root_fs_fd = -1,
		.scratch_dir = SCRATCH,
	};
	int r;

	if (b->options.root_fs) {
		directory = open(b->options.root_fs,
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = directory < 0
			    ? cfs_fail_errno(err, "open %s", b->options.root_fs)
			    : 0;
	} else {
		r = objects = cfs_repo_open_objects(&b->repo, err);
	}
	if (r < 0)
		return cfs_boot_step(
			b, b->options.root_fs ? CFS_EXIT_MOUNT : CFS_EXIT_REPO,
			r);
	params.objects_fd = objects;
	params.root_fs_fd = directory;
	do {
		start_over(root);
		r = try_assemble(b, &params, root, err);
	} while (r < 0 && other_way(b, r, root, &params, err));
	if (r < 0)
		return r;
	for (unsigned i = 0; i < root->n_notices; i++)
		cfs_log(&b->log, LOG_WARNING, "%s", root->notices[i]);
	fill_marker(b, root, backend, marker);
	marker->verity = params.verity;
	return 0;
}

int cfs_assemble_attach(struct cfs_boot *b, struct cfs_root *root,
			struct cfs_err *err)
{
	bool elsewhere = b->options.target != NULL;
	int r = cfs_root_attach(
		root, elsewhere ? b->options.target : b->options.sysroot,
		!elsewhere && b->mounted, err);

	return cfs_boot_step(b, CFS_EXIT_MOUNT, r);
}
