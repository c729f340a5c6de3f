/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/container.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/io.h"
#include "base/kernel.h"
#include "mount/context.h"
#include "ops/mount.h"
#include "ops/supervise.h"

/* The bundle of a container.  It is the same for all of them, because each
 * one's process mounts it where the others do not see it. */
#define BUNDLE "/run/composefs/bundle"

/* That of a container of a user, who could make no directory.  This one is in
 * every procfs, for mounting, and /proc is the namespace's own. */
#define USER_BUNDLE "/proc/fs/nfsd"

#define CGROUPS "/sys/fs/cgroup"

int cfs_container_enter(struct cfs_err *err)
{
	const struct mount_attr slave = { .propagation = MS_SLAVE };
	int r = unshare(CLONE_NEWNS) < 0 ? -errno : 0;

	if (r == -EPERM)
		return cfs_fail(err, EPERM,
				"starting a container needs root, or "
				"--rootless, which starts it as this user");
	if (r == 0)
		r = cfs_kernel_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE,
					     &slave);
	return r < 0 ? cfs_fail_code(err, r, "make a mount namespace") : 0;
}

/* Mounts a new file system of @type at the directory @fd.  Returns the
 * mount. */
static int mount_at(int fd, const char *type, unsigned attr,
		    struct cfs_err *err)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	CFS_AUTOFD int mount = -EBADF;
	int r = cfs_context_open(&ctx, type, err);

	if (r < 0)
		return r;
	cfs_context_string(&ctx, "source", "composefs");
	mount = cfs_context_mount(&ctx, attr, err);
	if (mount < 0)
		return mount;
	r = cfs_kernel_move_mount(mount, fd, "", MOVE_MOUNT_T_EMPTY_PATH);
	return r < 0 ? cfs_fail_code(err, r, "attach the file system %s", type)
		     : cfs_steal_fd(&mount);
}

static const char *bundle_of(const struct cfs_container *c)
{
	return c->user ? USER_BUNDLE : BUNDLE;
}

/* Opens the directory that the bundle is mounted at.  Returns negative errno if
 * it cannot. */
static int open_place(const struct cfs_container *c)
{
	const char *path = c->user ? USER_BUNDLE : "/";
	CFS_AUTOFD int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return c->user ? cfs_steal_fd(&fd)
		       : cfs_make_dirs(fd, &BUNDLE[1], 0700);
}

/* Makes the bundle.  Returns its directory. */
static int make_bundle(const struct cfs_container *c, struct cfs_err *err)
{
	CFS_AUTOFD int place = open_place(c);
	CFS_AUTOFD int bundle = -EBADF;

	if (place < 0)
		return cfs_fail_code(err, place, "make %s", bundle_of(c));
	bundle = mount_at(place, "tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
			  err);
	if (bundle >= 0 && (fchmodat(bundle, ".", 0700, 0) < 0 ||
			    mkdirat(bundle, "rootfs", 0755) < 0 ||
			    mkdirat(bundle, "state", 0700) < 0))
		return cfs_fail_errno(err, "fill %s", bundle_of(c));
	return bundle < 0 ? bundle : cfs_steal_fd(&bundle);
}

static int mount_by_kernel(const struct cfs_container *c, int layers,
			   int bundle, struct cfs_err *err)
{
	const struct cfs_mount_params params = {
		.id = *c->image.erofs,
		.verity = c->verity,
		.read_write = true,
		.upper_fd = -EBADF,
		.work_fd = -EBADF,
		.layers_fd = &layers,
	};
	CFS_AUTOFD int root = -EBADF;
	int r = cfs_mount_image(c->image.repo, &params, &root, err);

	if (r < 0)
		return r;
	r = cfs_kernel_move_mount(root, bundle, "rootfs", 0);
	return r < 0 ? cfs_fail_code(err, r, "attach the image") : 0;
}

static int mount_root(const struct cfs_container *c, int layers, int bundle,
		      pid_t *server, struct cfs_err *err)
{
	if (!c->user)
		return mount_by_kernel(c, layers, bundle, err);
	return cfs_container_serve(
		&(struct cfs_container_root){
			.access = c->image.access,
			.repo = c->repo,
			.id = c->image.erofs,
			.mountpoint = USER_BUNDLE "/rootfs",
			.bundle_fd = bundle,
			.layers_fd = layers,
			.upper_is_optional = c->params->read_only &&
					     !c->overlay,
			.report = c->report },
		server, err);
}

/* The runtime makes the places where it mounts, so the root can be written in
 * any case; whether the container may do so, too, is in config.json. */
static int mount_image(const struct cfs_container *c, int bundle, pid_t *server,
		       struct cfs_err *err)
{
	CFS_AUTOFD int layers = -EBADF;

	if (!c->overlay)
		return mount_root(c, bundle, bundle, server, err);
	layers = open(c->overlay, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (layers < 0)
		return cfs_fail_errno(err, "open %s", c->overlay);
	return mount_root(c, layers, bundle, server, err);
}

static int write_config(const struct cfs_container *c, int bundle,
			struct cfs_err *err)
{
	CFS_AUTOFD int root =
		openat(bundle, "rootfs", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_run_params params = *c->params;
	struct cfs_runnable image = c->image;
	int r;

	if (root < 0)
		return cfs_fail_errno(err, "open %s/rootfs", bundle_of(c));
	params.root = "rootfs";
	params.rootless = c->user;
	params.namespace_ids = c->user ? c->user->ids : 0;
	image.root_fd = root;
	r = cfs_runtime_spec(&image, &params, &text, err);
	if (r < 0)
		return r;
	r = cfs_replace_file(bundle, "config.json", text.data, text.len);
	return r < 0 ? cfs_fail_code(err, r, "write config.json") : 0;
}

/* crun demands a hierarchy of cgroups that is version 2 alone, even to leave it
 * alone.  Where the machine has another one, this namespace gets it. */
static int unify_cgroups(struct cfs_err *err)
{
	CFS_AUTOFD int place = open(CGROUPS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CFS_AUTOFD int mount = -EBADF;
	struct statfs fs;

	if (place < 0 || statfs(CGROUPS, &fs) < 0 ||
	    fs.f_type == CGROUP2_SUPER_MAGIC)
		return 0;
	mount = mount_at(place, "cgroup2", 0, err);
	return mount < 0 ? mount : 0;
}

/* Arguments, which execvp() does not change, though its type does not say
 * so. */
union words {
	const char *given[10];
	char *taken[10];
};

/* Becomes @runtime; -ENOENT: there is no such program. */
static int become(const struct cfs_container *c, const char *runtime,
		  const char *id, struct cfs_err *err)
{
	const char *name = strrchr(runtime, '/');
	bool is_crun = strcmp(name ? name + 1 : runtime, "crun") == 0;
	union words argv = { { runtime } };
	int n = 1, r = is_crun ? unify_cgroups(err) : 0;

	if (r < 0)
		return r;
	/* What a runtime that was killed leaves would keep the next container
	 * of the name from starting: it goes with the namespace. */
	argv.given[n++] = "--root";
	argv.given[n++] = c->user ? USER_BUNDLE "/state" : BUNDLE "/state";
	/* The container stays in the control group of the caller: the limits of
	 * a service hold for it, and what ends all of a service ends it. */
	if (is_crun)
		argv.given[n++] = "--cgroup-manager=disabled";
	argv.given[n++] = "run";
	argv.given[n++] = "--bundle";
	argv.given[n++] = bundle_of(c);
	argv.given[n] = id;
	(void)signal(SIGPIPE, SIG_DFL);
	execvp(runtime, argv.taken);
	r = cfs_fail_errno(err, "start the runtime %s", runtime);
	(void)signal(SIGPIPE, SIG_IGN);
	return r;
}

static int become_any(const struct cfs_container *c, struct cfs_err *err)
{
	static const char *const known[] = { "crun", "runc" };
	char id[CFS_RUN_HOSTNAME_MAX + 32];
	int r = -ENOENT;

	if (c->params->hostname)
		snprintf(id, sizeof(id), "%s", c->params->hostname);
	else
		snprintf(id, sizeof(id), "composefs-%ld", (long)getpid());
	if (c->runtime)
		return become(c, c->runtime, id, err);
	for (size_t i = 0; r == -ENOENT && i < CFS_ARRAY_SIZE(known); i++)
		r = become(c, known[i], id, err);
	return r == -ENOENT ? cfs_fail(err, ENOENT,
				       "neither crun nor runc is installed; "
				       "--runtime names another one")
			    : r;
}

/* Runs the runtime beside the @server, and ends as it does. */
static int run_beside(const struct cfs_container *c, pid_t server,
		      struct cfs_err *err)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return cfs_fail_errno(err, "fork");
	if (pid == 0) {
		cfs_supervise_undo(&c->user->before);
		return become_any(c, err);
	}
	/* A running container needs no lock, and this process only waits for
	 * it. */
	cfs_repo_close(c->repo);
	status = cfs_supervise(pid, server);
	if (status < 0)
		return cfs_fail(err, EIO,
				"the container was ended: the FUSE server of "
				"its root has");
	_exit(status);
}

int cfs_container_run(const struct cfs_container *container,
		      struct cfs_err *err)
{
	CFS_AUTOFD int bundle = -EBADF;
	pid_t server = -1;
	int r = cfs_run_params_check(container->params, err);

	if (r < 0)
		return r;
	bundle = make_bundle(container, err);
	if (bundle < 0)
		return bundle;
	r = mount_image(container, bundle, &server, err);
	if (r == 0)
		r = write_config(container, bundle, err);
	if (r < 0)
		return r;
	return container->user ? run_beside(container, server, err)
			       : become_any(container, err);
}
