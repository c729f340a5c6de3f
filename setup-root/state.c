/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/io.h"
#include "base/kernel.h"
#include "mount/upper.h"

/* One directory of the root that is not the image's. */
struct place {
	const struct cfs_boot *boot;
	struct cfs_root *root;			       /* of @boot */
	const char *name;			       /* "etc", "var" */
	char path[CFS_STATE_DIR_MAX + sizeof("/etc")]; /* of its state */
	enum cfs_dir_mode mode;
	enum cfs_etc_stack stack;
	unsigned attr; /* MOUNT_ATTR_* of what is mounted there */
	int state_fd;  /* state/deploy/<hex>/<name>; owned */
	int deploy_fd; /* state/deploy/<hex>, open only when it has no <name>;
			* owned */
	int clone_fd;  /* a writable clone of the one or the other; owned */
	int layer_fd;  /* a directory made for upper/ and work/; owned */
	bool by_link;  /* a symbolic link led to the one or the other */
};

static void close_place(struct place *place)
{
	cfs_closep(&place->state_fd);
	cfs_closep(&place->deploy_fd);
	cfs_closep(&place->clone_fd);
	cfs_closep(&place->layer_fd);
}

static bool needs_state(enum cfs_dir_mode mode)
{
	return mode == CFS_DIR_AUTO || mode == CFS_DIR_BIND ||
	       mode == CFS_DIR_OVERLAY;
}

/* Links may lead elsewhere on the physical root (bootc makes var one), but not
 * out of it. */
static int open_below(int dir_fd, const char *path)
{
	return cfs_openat2(dir_fd, path, O_RDONLY | O_DIRECTORY, 0,
			   RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

bool cfs_state_lacks(const struct cfs_boot *b, const struct cfs_candidate *c)
{
	char path[CFS_STATE_DIR_MAX];
	CFS_AUTOFD int fd = -EBADF;

	if (!needs_state(b->config.etc.mount) &&
	    !needs_state(b->config.var.mount))
		return false;
	snprintf(path, sizeof(path), "state/deploy/%s", c->hex);
	fd = open_below(b->sysroot_fd, path);
	return fd == -ENOENT;
}

/* Notes that nothing is mounted, whatever was planned. */
static void no_directory(struct place *place)
{
	place->mode = CFS_DIR_NONE;
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

static int bind(struct place *place, struct cfs_err *err)
{
	/* /sysroot of a running system has these flags from us, and they are
	 * not meant for its /etc and /var. */
	uint64_t ours = place->boot->options.target
				? MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
				: 0;
	CFS_AUTOFD int fd = -EBADF;

	if (place->state_fd < 0)
		return cfs_fail(err, ENOENT,
				"the physical root has no %s: deploy the "
				"image anew",
				place->path);
	/* Mounts below it come along. */
	fd = cfs_root_clone(place->state_fd, place->name, AT_RECURSIVE,
			    place->attr, MOUNT_ATTR_RDONLY | ours, err);
	if (fd < 0)
		return fd;
	/* The clone is writable, unless the file system itself is not. */
	if (place->boot->sysroot.read_only && is_read_only(fd))
		cfs_root_notice(place->root,
				"/%s stays read-only because the physical root "
				"is: add rw to the kernel command line",
				place->name);
	return put(place, cfs_steal_fd(&fd), err);
}

/* Is the overlay made over the image's own directory and the objects, and not
 * over the root's overlay?  The kernel stacks two levels: this leaves room for
 * one more on top. */
static bool is_flat(const struct place *place)
{
	const struct cfs_root *root = place->root;

	if (root->image.fd < 0 || root->kind != CFS_ROOT_IMAGE)
		return false;
	return place->stack == CFS_STACK_FLAT ||
	       (place->stack == CFS_STACK_AUTO &&
		place->mode == CFS_DIR_TRANSIENT);
}

static int open_lower(const struct place *place, bool flat, struct cfs_err *err)
{
	int from = flat ? place->root->image.fd : place->root->fd;
	int fd = cfs_openat2(from, place->name, O_PATH | O_DIRECTORY, 0,
			     RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);

	if (fd < 0 && fd != -ENOENT)
		return cfs_fail_code(err, fd, "open %s of the new root",
				     place->name);
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
		.data_fds = &place->boot->objects_fd,
		.n_data = flat,
		.upper_fd = upper->upper_fd,
		.work_fd = upper->work_fd,
		.verity = flat && place->boot->choice.verity,
		.attr = place->attr,
		.mounts = { flat ? place->root->image.fd : place->root->fd,
			    transient ? place->root->tmpfs_fd
				      : place->clone_fd },
	};

	return cfs_overlay_mount(&p, &place->root->scratch,
				 &place->root->layer_api, err);
}

/* Layers have to be written to although the mount may be read-only, like
 * /sysroot of a running system: through a clone that is not. */
static int make_writable(struct place *place, int dir, struct cfs_err *err)
{
	if (!place->boot->sysroot.read_only || !is_read_only(dir))
		return dir;
	place->clone_fd = cfs_root_clone(dir, place->root->state_dir, 0, 0,
					 MOUNT_ATTR_RDONLY, err);
	if (place->clone_fd >= 0 && is_read_only(place->clone_fd))
		return cfs_fail(err, EROFS,
				"%s: the physical root is read-only: add rw "
				"to the kernel command line",
				place->path);
	return place->clone_fd;
}

/* Returns the directory that upper/ and work/ lie in; @place owns it. */
static int open_layer_dir(struct place *place, struct cfs_err *err)
{
	bool there = place->state_fd >= 0;
	int dir;

	if (place->mode == CFS_DIR_TRANSIENT) {
		place->layer_fd = cfs_root_memory(
			place->root, &place->boot->config, place->name, err);
		return place->layer_fd;
	}
	dir = make_writable(place, there ? place->state_fd : place->deploy_fd,
			    err);
	if (dir < 0 || there)
		return dir;
	place->layer_fd = cfs_make_dirs(dir, place->name, 0755);
	if (place->layer_fd == -ELOOP)
		return cfs_fail(err, ENOENT,
				"%s is a link that leads to nothing on the "
				"physical root",
				place->path);
	return place->layer_fd < 0 ? cfs_fail_code(err, place->layer_fd,
						   "make %s", place->path)
				   : place->layer_fd;
}

/* The merged directory shows the mode of its upper one: is it less open than
 * the image's? */
static void check_mode(struct place *place, int lower, int upper)
{
	struct stat st, image;

	if (fstat(upper, &st) == 0 && !(st.st_mode & S_IXOTH) &&
	    fstat(lower, &image) == 0 && (image.st_mode & S_IXOTH))
		cfs_root_notice(place->root,
				"/%s has mode %03o, by its upper directory: "
				"users cannot enter it",
				place->name, (unsigned)st.st_mode & 07777);
}

static int overlay_on(struct place *place, struct cfs_err *err)
{
	CFS_AUTOUPPER struct cfs_upper upper = CFS_UPPER_INIT;
	CFS_AUTOFD int lower = -EBADF, fd = -EBADF;
	bool flat = is_flat(place);
	int r;

	lower = open_lower(place, flat, err);
	if (lower == -ENOENT) {
		no_directory(place);
		return 0;
	}
	if (lower < 0)
		return lower;
	r = open_layer_dir(place, err);
	if (r < 0)
		return r;
	r = cfs_upper_open(r, lower, &upper, err);
	if (r < 0)
		return cfs_ctx(err, "%s", place->path);
	check_mode(place, lower, upper.upper_fd);
	fd = overlay(place, flat, lower, &upper, err);
	/* Some kernels count an image in a file as a level of its own, and
	 * then two overlays are one too many. */
	if (fd == -EINVAL && !flat && place->root->image.fd >= 0 &&
	    place->root->kind == CFS_ROOT_IMAGE) {
		cfs_closep(&lower);
		lower = open_lower(place, true, err);
		if (lower >= 0)
			fd = overlay(place, true, lower, &upper, err);
	}
	if (fd < 0)
		return cfs_ctx(err, "/%s", place->name);
	return put(place, cfs_steal_fd(&fd), err);
}

/* Does a state directory of composefs-rs' layout have the name? */
static bool is_of_layers(const char *name)
{
	static const char *const names[] = { ".", "..", "upper", "work",
					     CFS_UPPER_UNFINISHED };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* Sets @ret to a name in the directory that is none of the layers', cut to fit,
 * or to "".  Without opendir(3), which takes five more calls. */
static int find_other(int fd, char ret[static NAME_MAX + 1])
{
	_Alignas(struct dirent64) char names[4096];
	ssize_t n;

	*ret = '\0';
	while ((n = getdents64(fd, names, sizeof(names))) > 0)
		for (const char *at = names; at < names + n;) {
			const struct dirent64 *e = (const void *)at;

			if (!is_of_layers(e->d_name)) {
				snprintf(ret, NAME_MAX + 1, "%s", e->d_name);
				return 0;
			}
			at += e->d_reclen;
		}
	return n < 0 ? -errno : 0;
}

/*
 * Which layout the state directory uses: composefs-rs' has layers and nothing
 * else, bootc's is a whole /etc, which may have any names.  Returns the mode,
 * or an error.
 */
static int find_layout(struct place *place, struct cfs_err *err)
{
	char other[NAME_MAX + 1];
	struct stat st;
	int r;

	if (!strcmp(place->name, "var"))
		return CFS_DIR_BIND;
	if (place->state_fd < 0)
		return CFS_DIR_OVERLAY;
	r = find_other(place->state_fd, other);
	if (r < 0)
		return cfs_fail_code(err, r, "list %s", place->path);
	if (!*other)
		return CFS_DIR_OVERLAY;
	if (fstatat(place->state_fd, "upper", &st, AT_SYMLINK_NOFOLLOW) == 0)
		cfs_root_notice(place->root,
				"%s has '%s' beside upper: it is mounted as a "
				"whole, not as a layer",
				place->path, other);
	return CFS_DIR_BIND;
}

/* The deployment has no state at all: fails, or goes on without it. */
static int state_missing(struct place *place, struct cfs_err *err)
{
	if (place->boot->config.state.missing == CFS_MISSING_FAIL)
		return cfs_fail(err, ENOENT,
				"the physical root has no %s: deploy the "
				"image, or let [state] missing = \"transient\" "
				"do without",
				place->root->state_dir);
	cfs_root_notice(place->root, "there is no %s: /%s is transient",
			place->root->state_dir, place->name);
	place->mode = CFS_DIR_TRANSIENT;
	return 0;
}

/* Is @fd the directory @dir, or below it, or too deep to tell? */
static bool is_within(int fd, const struct stat *dir)
{
	struct stat st = { 0 }, last;
	char path[PATH_MAX] = ".";

	do {
		last = st;
		if (strlen(path) > sizeof(path) - sizeof("/..") ||
		    fstatat(fd, path, &st, 0) < 0 || cfs_is_same_file(&st, dir))
			return true;
		strcat(path, "/..");
	} while (!cfs_is_same_file(&st, &last)); /* above / is / once more */
	return false;
}

/* Refuses a state directory inside the repository or above it, which a link can
 * lead to: the running system would write to objects through it. */
static int keep_out(struct place *place, struct cfs_err *err)
{
	CFS_AUTOFD int repo = -EBADF;
	int dir = place->state_fd < 0 ? place->deploy_fd : place->state_fd;
	struct stat repo_st, st;

	/* Their names alone lead to different directories. */
	if (!place->by_link && place->boot->repo.fd >= 0 &&
	    !place->boot->repo.by_link)
		return 0;
	repo = open_below(place->boot->sysroot_fd, "composefs");
	if (repo < 0 || (fstat(repo, &repo_st) == 0 && fstat(dir, &st) == 0 &&
			 !is_within(dir, &repo_st) && !is_within(repo, &st)))
		return 0;
	return cfs_fail(err, EXDEV,
			"%s leads into the repository, or to a directory above "
			"it: make it a directory, or a link to one beside it",
			place->path);
}

/* Opens @path of the physical root, to be listed: that is how far a link may
 * lead. */
static int open_physical(struct place *place, const char *path)
{
	int physical = place->boot->sysroot_fd;
	int fd = cfs_openat2(physical, path, O_RDONLY | O_DIRECTORY, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	place->by_link = fd == -ELOOP;
	return place->by_link ? open_below(physical, path) : fd;
}

/* Opens what the deployment has for the directory. */
static int open_state(struct place *place, struct cfs_err *err)
{
	if (!needs_state(place->mode))
		return 0;
	place->state_fd = open_physical(place, place->path);
	if (place->state_fd == -ENOENT) {
		place->deploy_fd = open_physical(place, place->root->state_dir);
		if (place->deploy_fd == -ENOENT)
			return state_missing(place, err);
	}
	if (place->state_fd < 0 && place->deploy_fd < 0)
		return cfs_fail_code(err, place->state_fd,
				     "open %s of the physical root",
				     place->path);
	return keep_out(place, err);
}

static int fill(struct place *place, struct cfs_err *err)
{
	int r = open_state(place, err);

	if (r < 0)
		return r;
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
	return r < 0 ? r : 0;
}

/* A mount at the physical root's var was meant for the new root's. */
static int carry_var(struct place *place, struct cfs_err *err)
{
	CFS_AUTOFD int dir = open_below(place->boot->sysroot_fd, "var");
	int fd;

	if (dir < 0)
		return cfs_fail_code(err, dir, "open var of the physical root");
	fd = cfs_root_clone(dir, "var", AT_RECURSIVE, place->attr, 0, err);
	if (fd < 0)
		return fd;
	place->mode = CFS_DIR_MOUNT; /* nothing of the state directory */
	return put(place, fd, err);
}

/* Mounts the physical root below the new one.  Nothing verifies it, so its
 * set-id programs and devices are not honoured. */
static int add_physical(struct cfs_boot *b, struct cfs_err *err)
{
	const char *mountpoint = b->config.sysroot.mountpoint;
	uint64_t attr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	int r;

	if (b->config.sysroot.readonly)
		attr |= MOUNT_ATTR_RDONLY;
	r = cfs_root_clone(b->sysroot_fd, "the physical root", AT_RECURSIVE,
			   attr, 0, err);
	if (r >= 0)
		r = cfs_root_put(&b->root, r, mountpoint, err);
	if (r == 0)
		cfs_root_notice(&b->root,
				"the image has no directory /%s: the running "
				"system will not find its repository",
				mountpoint);
	return r < 0 ? r : 0;
}

static struct place new_place(struct cfs_boot *b, const char *name,
			      enum cfs_dir_mode mode)
{
	struct place place = { .boot = b,
			       .root = &b->root,
			       .name = name,
			       .mode = mode,
			       .stack = CFS_STACK_NESTED,
			       .state_fd = -EBADF,
			       .deploy_fd = -EBADF,
			       .clone_fd = -EBADF,
			       .layer_fd = -EBADF };

	snprintf(place.path, sizeof(place.path), "%s/%s", b->root.state_dir,
		 name);
	return place;
}

int cfs_root_add_state(struct cfs_boot *b, struct cfs_err *err)
{
	int r;

	snprintf(b->root.state_dir, sizeof(b->root.state_dir),
		 "state/deploy/%s", cfs_boot_chosen(b)->hex);
	__attribute__((cleanup(close_place))) struct place etc =
		new_place(b, "etc", b->config.etc.mount);
	__attribute__((cleanup(close_place))) struct place var =
		new_place(b, "var", b->config.var.mount);
	etc.stack = b->config.etc_stack;
	var.attr = b->config.var_options;
	/* Before anything else is mounted: the clone is of the disk as it was
	 * found. */
	r = add_physical(b, err);
	if (r == 0)
		r = fill(&etc, err);
	if (r < 0)
		return r;
	if (b->sysroot.var && needs_state(var.mode))
		r = carry_var(&var, err);
	else
		r = fill(&var, err);
	if (r < 0)
		return cfs_err_path(err, b->root.state_dir);
	b->root.etc = etc.mode;
	b->root.var = var.mode;
	if (!needs_state(etc.mode) && !needs_state(var.mode))
		b->root.state_dir[0] = '\0';
	return 0;
}
