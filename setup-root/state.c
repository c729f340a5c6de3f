/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/io.h"
#include "base/kernel.h"
#include "setup-root/upper.h"

/* state/deploy/<hex>. */
struct deploy {
	int fd;	     /* O_PATH, or -EBADF when there is none */
	bool cloned; /* it is a detached mount of our own */
	bool fixed;  /* nothing can be written there */
};

/* One directory of the root that is not the image's. */
struct place {
	const struct cfs_root_params *params;
	struct cfs_root *root;
	const char *name; /* "etc", "var" */
	enum cfs_dir_mode mode;
	enum cfs_etc_stack stack;
	const struct deploy *deploy;
};

static void deploy_closep(struct deploy *deploy)
{
	cfs_closep(&deploy->fd);
}

static bool needs_state(enum cfs_dir_mode mode)
{
	return mode != CFS_DIR_NONE && mode != CFS_DIR_TRANSIENT;
}

static bool is_layered(enum cfs_dir_mode mode)
{
	return mode == CFS_DIR_AUTO || mode == CFS_DIR_OVERLAY;
}

/* Links may lead about the physical root (bootc makes var one) and not out of
 * it. */
static int open_below(int dir_fd, const char *path)
{
	return cfs_openat2(dir_fd, path, O_PATH | O_DIRECTORY, 0,
			   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

static void no_directory(struct place *place)
{
	cfs_root_notice(place->root,
			"the image has no directory /%s: nothing is mounted "
			"there",
			place->name);
}

static int put(struct place *place, int child, struct cfs_err *err)
{
	int r = cfs_root_put(place->root, child, place->name, err);

	if (r == 0)
		no_directory(place);
	return r < 0 ? r : 0;
}

static bool is_read_only(int fd)
{
	struct statvfs st;

	return fstatvfs(fd, &st) == 0 && (st.f_flag & ST_RDONLY);
}

/* A clone of a mount that somebody made read-only, as we do with /sysroot, can
 * be made writable; below a read-only file system it cannot.
 * Returns 1, or 0 when it stays read-only. */
static int make_writable(int mount, const char *name, struct cfs_err *err)
{
	const struct mount_attr writable = { .attr_clr = MOUNT_ATTR_RDONLY };
	int r;

	if (!is_read_only(mount))
		return 1;
	r = cfs_kernel_mount_setattr(mount, "", AT_EMPTY_PATH, &writable);
	if (r < 0)
		return cfs_fail(err, -r, "make %s writable: %s", name,
				strerror(-r));
	return !is_read_only(mount);
}

static int clone(int dir_fd, const char *name, unsigned flags,
		 struct cfs_err *err)
{
	int fd = cfs_kernel_open_tree(dir_fd, "",
				      OPEN_TREE_CLONE | AT_EMPTY_PATH | flags);

	if (fd < 0)
		return cfs_fail(err, -fd, "clone %s: %s", name, strerror(-fd));
	return fd;
}

static int bind(struct place *place, struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF, fd = -EBADF;
	char path[sizeof(place->root->state_dir) + 8];
	int r;

	snprintf(path, sizeof(path), "%s/%s", place->root->state_dir,
		 place->name);
	/* From the physical root: that is how far a link may lead. */
	dir = open_below(place->params->physical_fd, path);
	if (dir < 0)
		return cfs_fail(err, -dir, "open %s of the physical root: %s",
				path, strerror(-dir));
	fd = clone(dir, path, 0, err);
	if (fd < 0)
		return fd;
	r = make_writable(fd, path, err);
	if (r < 0)
		return r;
	if (r == 0)
		cfs_root_notice(place->root,
				"/%s stays read-only because the physical root "
				"is: add rw to the kernel command line",
				place->name);
	return put(place, cfs_steal_fd(&fd), err);
}

/* Over the image's own directory and the objects, and not over the root's
 * overlay: leaves room for one more overlay on top. */
static bool is_flat(const struct place *place)
{
	const struct cfs_root *root = place->root;

	if (root->image.erofs_fd < 0 || strcmp(root->root, "image") != 0)
		return false;
	return place->stack == CFS_STACK_FLAT ||
	       (place->stack == CFS_STACK_AUTO &&
		place->mode == CFS_DIR_TRANSIENT);
}

static int open_lower(const struct place *place, bool flat, struct cfs_err *err)
{
	int from = flat ? place->root->image.erofs_fd : place->root->fd;
	int fd = cfs_openat2(from, place->name, O_PATH | O_DIRECTORY, 0,
			     RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);

	if (fd < 0 && fd != -ENOENT)
		return cfs_fail(err, -fd, "open %s of the new root: %s",
				place->name, strerror(-fd));
	return fd;
}

/* Returns the overlay, detached. */
static int overlay(struct place *place, bool flat, int lower,
		   const struct cfs_upper *upper, struct cfs_err *err)
{
	bool transient = place->mode == CFS_DIR_TRANSIENT;
	const struct cfs_overlay_params p = {
		.source = transient ? "transient" : "overlay",
		.lower_fd = lower,
		.data_fd = flat ? place->params->objects_fd : -1,
		.upper_fd = upper->upper_fd,
		.work_fd = upper->work_fd,
		.verity = flat && place->params->verity,
		.mounts = { flat ? place->root->image.erofs_fd
				 : place->root->fd,
			    transient		    ? place->root->tmpfs_fd
			    : place->deploy->cloned ? place->deploy->fd
						    : -1 },
	};

	return cfs_overlay_mount(&p, &place->root->scratch,
				 &place->root->layer_api, err);
}

/* Returns the directory that upper/ and work/ lie in. */
static int open_layer_dir(struct place *place, struct cfs_err *err)
{
	int fd;

	if (place->mode == CFS_DIR_TRANSIENT)
		return cfs_root_memory(place->root, place->params->config,
				       place->name, err);
	if (place->deploy->fixed)
		return cfs_fail(err, EROFS,
				"%s/%s: the physical root is read-only: add rw "
				"to the kernel command line",
				place->root->state_dir, place->name);
	fd = open_below(place->deploy->fd, place->name);
	if (fd == -ENOENT && mkdirat(place->deploy->fd, place->name, 0755) == 0)
		fd = open_below(place->deploy->fd, place->name);
	if (fd < 0)
		return cfs_fail(err, -fd, "open %s/%s: %s",
				place->root->state_dir, place->name,
				strerror(-fd));
	return fd;
}

static int overlay_on(struct place *place, struct cfs_err *err)
{
	CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;
	CFS_AUTOFD int lower = -EBADF, dir = -EBADF, fd = -EBADF;
	bool flat = is_flat(place);
	struct stat st;
	int r;

	lower = open_lower(place, flat, err);
	if (lower == -ENOENT) {
		no_directory(place);
		return 0;
	}
	if (lower < 0)
		return lower;
	dir = open_layer_dir(place, err);
	if (dir < 0)
		return dir;
	r = cfs_upper_open(dir, lower, &upper, err);
	if (r < 0)
		return cfs_ctx(err, "%s/%s", place->root->state_dir,
			       place->name);
	if (!(upper.mode & S_IXOTH) && fstat(lower, &st) == 0 &&
	    (st.st_mode & S_IXOTH))
		cfs_root_notice(place->root,
				"/%s has mode %03o, by its upper directory: "
				"users cannot enter it",
				place->name, (unsigned)upper.mode);
	fd = overlay(place, flat, lower, &upper, err);
	/* Some kernels count an image in a file as a level of its own, and
	 * then two overlays are one too many. */
	if (fd == -EINVAL && !flat && place->root->image.erofs_fd >= 0 &&
	    !strcmp(place->root->root, "image")) {
		cfs_closep(&lower);
		lower = open_lower(place, true, err);
		if (lower >= 0)
			fd = overlay(place, true, lower, &upper, err);
	}
	if (fd < 0)
		return cfs_ctx(err, "/%s", place->name);
	return put(place, cfs_steal_fd(&fd), err);
}

/* Whose layout is the state directory: composefs-rs' has an upper layer,
 * bootc's a whole /etc.  Returns the mode, or an error. */
static int find_layout(struct place *place, struct cfs_err *err)
{
	CFS_AUTOFD int dir = open_below(place->deploy->fd, place->name);
	CFS_AUTODIR DIR *list = NULL;
	const struct dirent *e;
	int fd;

	if (!strcmp(place->name, "var"))
		return CFS_DIR_BIND;
	if (dir == -ENOENT || (dir >= 0 && cfs_name_exists(dir, "upper") == 1))
		return CFS_DIR_OVERLAY;
	fd = dir < 0 ? dir : cfs_reopen(dir, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return cfs_fail(err, -fd, "open %s/%s: %s",
				place->root->state_dir, place->name,
				strerror(-fd));
	list = fdopendir(fd);
	if (!list) {
		(void)close(fd);
		return cfs_fail(err, ENOMEM, "out of memory");
	}
	while ((e = readdir(list)))
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 &&
		    strcmp(e->d_name, CFS_UPPER_UNFINISHED) != 0)
			return CFS_DIR_BIND;
	return CFS_DIR_OVERLAY;
}

static int fill(struct place *place, const char **ret_word, struct cfs_err *err)
{
	static const char *const words[] = { "auto", "none", "bind", "overlay",
					     "transient" };
	int r = 0;

	if (place->mode == CFS_DIR_AUTO) {
		r = find_layout(place, err);
		if (r < 0)
			return r;
		place->mode = (enum cfs_dir_mode)r;
	}
	if (place->mode == CFS_DIR_BIND)
		r = bind(place, err);
	else if (place->mode != CFS_DIR_NONE)
		r = overlay_on(place, err);
	*ret_word = words[place->mode];
	return r < 0 ? r : 0;
}

/* Upper layers have to be written to although the mount may be read-only, as
 * /sysroot of a running system is. */
static int make_deploy_writable(struct deploy *deploy, const char *name,
				struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r;

	if (!is_read_only(deploy->fd))
		return 0;
	fd = clone(deploy->fd, name, 0, err);
	if (fd < 0)
		return fd;
	r = make_writable(fd, name, err);
	if (r < 0)
		return r;
	deploy->fixed = r == 0;
	if (r > 0) {
		cfs_closep(&deploy->fd);
		deploy->fd = cfs_steal_fd(&fd);
		deploy->cloned = true;
	}
	return 0;
}

/* Opens state/deploy/<hex> if anything needs it.  When it is missing, @etc and
 * @var are changed to do without, or that is an error. */
static int open_deploy(const struct cfs_root_params *params,
		       struct cfs_root *root, struct place *etc,
		       struct place *var, struct deploy *ret,
		       struct cfs_err *err)
{
	char path[sizeof(root->state_dir)] = "state/deploy/";
	int fd;

	if (!needs_state(etc->mode) && !needs_state(var->mode))
		return 0;
	cfs_digest_to_hex(params->digest, path + strlen(path));
	fd = open_below(params->physical_fd, path);
	if (fd >= 0) {
		memcpy(root->state_dir, path, sizeof(path));
		ret->fd = fd;
		return is_layered(etc->mode) || is_layered(var->mode)
			       ? make_deploy_writable(ret, path, err)
			       : 0;
	}
	if (fd != -ENOENT)
		return cfs_fail(err, -fd, "open %s of the physical root: %s",
				path, strerror(-fd));
	if (!params->config->state.missing_transient)
		return cfs_fail(err, ENOENT,
				"the physical root has no %s: deploy the "
				"image, or let [state] missing = \"transient\" "
				"do without",
				path);
	cfs_root_notice(root, "there is no %s: /etc and /var are transient",
			path);
	if (needs_state(etc->mode))
		etc->mode = CFS_DIR_TRANSIENT;
	if (needs_state(var->mode))
		var->mode = CFS_DIR_TRANSIENT;
	return 0;
}

/* Something is mounted at the physical root's var: it was meant for ours. */
static int carry_var(struct place *place, const char **ret_word,
		     struct cfs_err *err)
{
	CFS_AUTOFD int dir = open_below(place->params->physical_fd, "var");
	CFS_AUTOFD int fd = -EBADF;

	if (dir < 0)
		return cfs_fail(err, -dir, "open var of the physical root: %s",
				strerror(-dir));
	fd = clone(dir, "var", AT_RECURSIVE, err);
	if (fd < 0)
		return fd;
	*ret_word = "mount";
	return put(place, cfs_steal_fd(&fd), err);
}

static int add_physical(const struct cfs_root_params *params,
			struct cfs_root *root, struct cfs_err *err)
{
	const struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	const char *mountpoint = params->config->sysroot.mountpoint;
	CFS_AUTOFD int fd = clone(params->physical_fd, "the physical root",
				  AT_RECURSIVE, err);
	int r;

	if (fd < 0)
		return fd;
	root->sysroot_readonly = params->config->sysroot.readonly;
	if (root->sysroot_readonly) {
		r = cfs_kernel_mount_setattr(
			fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &read_only);
		if (r < 0)
			return cfs_fail(err, -r, "make /%s read-only: %s",
					mountpoint, strerror(-r));
	}
	r = cfs_root_put(root, cfs_steal_fd(&fd), mountpoint, err);
	if (r == 0)
		cfs_root_notice(root,
				"the image has no directory /%s: the running "
				"system will not find its repository",
				mountpoint);
	return r < 0 ? r : 0;
}

int cfs_root_add_state(const struct cfs_root_params *params,
		       struct cfs_root *root, struct cfs_err *err)
{
	const struct cfs_config *config = params->config;
	CFS_AUTO(deploy_close) struct deploy deploy = { .fd = -EBADF };
	struct place etc = { .params = params,
			     .root = root,
			     .name = "etc",
			     .mode = config->etc.mount,
			     .stack = config->etc.stack,
			     .deploy = &deploy };
	struct place var = { .params = params,
			     .root = root,
			     .name = "var",
			     .mode = config->var.mount,
			     .stack = CFS_STACK_NESTED,
			     .deploy = &deploy };
	bool carry = params->var_mounted && needs_state(var.mode);
	int r;

	/* Before anything else is mounted: the clone is of the disk as it was
	 * found. */
	r = add_physical(params, root, err);
	if (r < 0)
		return r;
	if (carry)
		var.mode = CFS_DIR_NONE;
	r = open_deploy(params, root, &etc, &var, &deploy, err);
	if (r < 0)
		return r;
	r = fill(&etc, &root->etc, err);
	if (r < 0)
		return r;
	return carry ? carry_var(&var, &root->var, err)
		     : fill(&var, &root->var, err);
}
