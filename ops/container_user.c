/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/container_user.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/kernel.h"
#include "erofs/view.h"
#include "fuse/serve.h"
#include "mount/context.h"
#include "mount/upper.h"
#include "ops/image_map.h"
#include "ops/supervise.h"
#include "ops/user_namespace.h"

/* Replaces /proc, which is that of another namespace.  Where parts of it are
 * hidden, as in a container, the kernel refuses. */
static int mount_proc(struct cfs_err *err)
{
	CFS_AUTOCONTEXT struct cfs_context ctx = CFS_CONTEXT_INIT;
	CFS_AUTOFD int mount = -EBADF;
	int r = cfs_context_open(&ctx, "proc", err);

	if (r < 0)
		return r;
	cfs_context_string(&ctx, "source", "proc");
	mount = cfs_context_mount(
		&ctx, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		err);
	if (mount < 0)
		return mount;
	r = cfs_kernel_move_mount(mount, AT_FDCWD, "/proc", 0);
	return r < 0 ? cfs_fail_code(err, r, "attach it at /proc") : 0;
}

/* The first process of the namespaces.  @parent: a pipe whose other end the one
 * outside has until it ends. */
static int begin(int parent, struct cfs_err *err)
{
	const struct mount_attr slave = { .propagation = MS_SLAVE };
	struct pollfd p = { .fd = parent };
	int r;

	/* The kernel tells of no end before this call. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || poll(&p, 1, 0) != 0)
		_exit(1);
	/* Signals of a terminal are for the process outside, which passes them
	 * on. */
	(void)setsid();
	r = cfs_kernel_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &slave);
	if (r < 0)
		return cfs_fail_code(err, r, "make a mount namespace");
	r = mount_proc(err);
	return r < 0 ? cfs_ctx(err, "mount /proc of the container's namespace")
		     : 0;
}

int cfs_container_enter_user(struct cfs_container_user *ret,
			     struct cfs_err *err)
{
	int ends[2], r, status;
	pid_t pid;

	r = cfs_user_namespace_enter(
		CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWCGROUP, &ret->ids, err);
	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return cfs_fail_errno(err, "pipe");
	cfs_supervise_begin(&ret->before);
	pid = fork();
	if (pid < 0)
		return cfs_fail_errno(err, "fork");
	if (pid == 0) {
		cfs_closep(&ends[1]);
		r = begin(ends[0], err);
		cfs_closep(&ends[0]);
		return r;
	}
	cfs_closep(&ends[0]);
	status = cfs_supervise(pid, -1);
	_exit(status < 0 ? 1 : status);
}

/* The server, as long as the process that started it waits. */
struct server {
	int to; /* the process that waits; -EBADF: no longer */
	cfs_container_report_fn *report;
};

static void report(void *ctx, const char *line)
{
	const struct server *server = ctx;

	server->report(line);
}

static void be_ready(void *ctx, enum cfs_fuse_mode mode)
{
	const struct cfs_err none = { 0 };
	struct server *server = ctx;

	(void)mode;
	(void)!cfs_write_full(server->to, &none, sizeof(none));
	cfs_closep(&server->to);
}

/* The image, and the objects of its repository. */
struct source {
	struct cfs_image_map image;
	int objects; /* owned */
	enum cfs_fuse_verify verify;
	struct cfs_upper layers; /* owned */
};

static void close_source(struct source *s)
{
	cfs_image_unmap(&s->image);
	cfs_closep(&s->objects);
	cfs_upper_close(&s->layers);
}

/* Makes a directory in the bundle that is as the root of the image, as far as
 * its owner exists in this namespace.  Returns it. */
static int copy_root(const struct cfs_container_root *root,
		     const struct source *s, struct cfs_err *err)
{
	CFS_AUTO(cfs_erofs_view_free) struct cfs_erofs_view *view = NULL;
	CFS_AUTOFD int fd = -EBADF;
	struct timespec times[2];
	struct cfs_erofs_stat st;
	char path[CFS_FD_PATH_MAX];
	int r = cfs_erofs_view_new(s->image.bytes, &view, err);

	if (r == 0)
		r = cfs_erofs_view_stat(view, cfs_erofs_view_root(view), &st,
					err);
	if (r < 0)
		return r;
	fd = cfs_make_dirs(root->bundle_fd, "attributes", 0700);
	if (fd < 0)
		return cfs_fail_code(err, fd, "make a directory");
	cfs_fd_path(fd, path);
	(void)!chown(path, st.uid, st.gid);
	times[0] = times[1] = (struct timespec){ st.mtime_sec, st.mtime_nsec };
	if (chmod(path, st.mode & 07777) < 0 ||
	    utimensat(AT_FDCWD, path, times, 0) < 0)
		return cfs_fail_errno(err, "copy the root's attributes");
	return cfs_steal_fd(&fd);
}

static int open_layers(const struct cfs_container_root *root, struct source *s,
		       struct cfs_err *err)
{
	CFS_AUTOFD int like = copy_root(root, s, err);

	return like < 0
		       ? like
		       : cfs_upper_open(root->layers_fd, like, &s->layers, err);
}

static int open_source(const struct cfs_container_root *root, struct source *s,
		       struct cfs_err *err)
{
	int verity = cfs_access_demands_verity(root->access, root->repo, err);
	int r = verity;

	s->verify = verity > 0 ? CFS_FUSE_VERIFY_KERNEL : CFS_FUSE_VERIFY;
	if (r >= 0)
		r = cfs_image_map(root->access, root->repo, root->id, &s->image,
				  err);
	if (r >= 0)
		r = s->objects = cfs_repo_open_objects(root->repo, err);
	/* The lock ends with the last descriptor that is the repository. */
	cfs_repo_close(root->repo);
	return r < 0 ? r : open_layers(root, s, err);
}

static int serve_with(const struct cfs_container_root *root,
		      const struct source *s, bool upper, struct server *server,
		      struct cfs_err *err)
{
	char source[sizeof("composefs:") + CFS_DIGEST_HEX_MAX] = "composefs:";

	cfs_digest_to_hex(root->id, source + strlen("composefs:"));
	return cfs_fuse_serve(
		&(struct cfs_fuse_params){
			.image = s->image.bytes,
			.objects_fd = s->objects,
			.mode = CFS_FUSE_AUTO,
			.verify = s->verify,
			.source = source,
			.mountpoint = root->mountpoint,
			.upper_fd = upper ? s->layers.upper_fd : -EBADF,
			.work_fd = upper ? s->layers.work_fd : -EBADF,
			.read_write = upper,
			.ready = be_ready,
			.report = report,
			.ctx = server,
		},
		err);
}

static int serve(const struct cfs_container_root *root, struct server *server,
		 struct cfs_err *err)
{
	__attribute__((cleanup(close_source))) struct source source = {
		.objects = -EBADF, .layers = CFS_UPPER_INIT
	};
	int r = open_source(root, &source, err);

	if (r < 0)
		return r;
	r = serve_with(root, &source, true, server, err);
	if (r < 0 && server->to >= 0 && root->upper_is_optional)
		r = serve_with(root, &source, false, server, err);
	return r;
}

/* Does not return. */
static void be_server(const struct cfs_container_root *root, int to)
{
	/* Those end the container; the server ends with its namespace. */
	static const int ignored[] = { SIGHUP, SIGINT, SIGTERM };
	struct server server = { .to = to, .report = root->report };
	struct cfs_err err = { 0 };
	int r;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	r = serve(root, &server, &err);
	if (r < 0 && server.to >= 0)
		(void)!cfs_write_full(server.to, &err, sizeof(err));
	else if (r < 0)
		report(&server, err.msg);
	_exit(r < 0);
}

int cfs_container_serve(const struct cfs_container_root *root, pid_t *ret,
			struct cfs_err *err)
{
	/* From the same program, so that its pointers are valid here. */
	struct cfs_err theirs = { 0 };
	int ends[2];
	ssize_t n;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cfs_fail_errno(err, "pipe");
	pid = fork();
	if (pid == 0) {
		cfs_closep(&ends[0]);
		be_server(root, ends[1]);
	}
	cfs_closep(&ends[1]);
	n = pid < 0 ? -errno : cfs_read_full(ends[0], &theirs, sizeof(theirs));
	cfs_closep(&ends[0]);
	if (pid < 0)
		return cfs_fail_code(err, (int)n, "fork");
	if (n == sizeof(theirs) && theirs.code == 0) {
		*ret = pid;
		return 0;
	}
	(void)waitpid(pid, NULL, 0);
	if (n != sizeof(theirs))
		return cfs_fail(err, EIO, "the FUSE server was ended");
	*err = theirs;
	return -err->code;
}
