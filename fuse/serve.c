/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/serve.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>

#include "fuse/guard.h"
#include "fuse/loop.h"
#include "fuse/mount.h"
#include "fuse/passthrough.h"
#include "fuse/server.h"

/* A mount from its making to its end. */
struct run {
	const struct cfs_fuse_params *params;
	struct cfs_fuse_server server;
	struct fuse_session *session;
	int mount;   /* the FUSE mount, detached; -EBADF if it is not ours
			   to attach, or is attached */
	uint64_t id; /* of what is attached, or 0 */
	struct cfs_fuse_loop *loop;
	bool has_thread;
	pthread_t thread;    /* makes the overlay */
	int result;	     /* of the thread, */
	struct cfs_err *err; /* and its error */
};

/* The last line that libfuse logged, which is the only place where it says why
 * a mount failed.  Its log function takes no context. */
static _Thread_local char said[256];

CFS_PRINTF(2, 0)
static void keep_line(enum fuse_log_level level, const char *format, va_list ap)
{
	size_t len;

	(void)level;
	vsnprintf(said, sizeof(said), format, ap);
	len = strcspn(said, "\n");
	said[len] = '\0';
}

const char *cfs_fuse_mode_name(enum cfs_fuse_mode mode)
{
	static const char *const names[] = { CFS_FUSE_MODE_NAMES };

	return names[mode];
}

static int open_device(struct cfs_err *err)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		return cfs_fail(err, ENODEV,
				"there is no /dev/fuse: load the kernel's "
				"module fuse, or let the container have the "
				"device (--device /dev/fuse)");
	/* The device rules of a container; a file's mode gives EACCES. */
	if (errno == EPERM)
		return cfs_fail(err, EPERM,
				"this container may not open /dev/fuse: start "
				"it with --device /dev/fuse");
	if (errno == EACCES)
		return cfs_fail(err, EACCES,
				"this user may not open /dev/fuse: have its "
				"mode set to 0666, as udev does");
	return cfs_fail_errno(err, "open /dev/fuse");
}

static void add_option(struct fuse_args *args, const char *option)
{
	/* Without memory the session, which has to copy all of it, fails. */
	(void)fuse_opt_add_arg(args, "-o");
	(void)fuse_opt_add_arg(args, option);
}

/* A comma in the name of an image does not begin an option of its own. */
static void add_source(struct fuse_args *args, const char *source)
{
	char option[512] = "fsname=";
	size_t n = strlen(option);

	for (; *source && n + 2 < sizeof(option); source++) {
		if (*source == ',' || *source == '\\')
			option[n++] = '\\';
		option[n++] = *source;
	}
	option[n] = '\0';
	add_option(args, option);
}

/* The options are for a mount by fusermount3. */
static int new_session(struct run *run, struct cfs_err *err)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);

	(void)fuse_opt_add_arg(&args, "cfsctl");
	add_source(&args, run->params->source);
	add_option(&args, "subtype=composefs");
	add_option(&args, "ro");
	add_option(&args, "default_permissions");
	if (run->params->attr & MOUNT_ATTR_NOEXEC)
		add_option(&args, "noexec");
	run->session = fuse_session_new(&args, &cfs_fuse_ops,
					sizeof(cfs_fuse_ops), &run->server);
	fuse_opt_free_args(&args);
	return run->session ? 0 : cfs_no_memory(err);
}

/* Gives the session a mount made by fusermount3, which attaches it at once. */
static int mount_by_helper(struct run *run, struct cfs_err *err)
{
	const struct cfs_fuse_params *params = run->params;

	if (params->mode == CFS_FUSE_PASSTHROUGH ||
	    params->mode == CFS_FUSE_OVERLAY || params->upper_fd >= 0)
		return cfs_fail(err, EPERM,
				"modes passthrough and overlay, and an upper "
				"directory, need root or a user namespace "
				"(unshare -rm)");
	*said = '\0';
	if (fuse_session_mount(run->session, params->mountpoint) != 0)
		return cfs_fail(err, EPERM,
				"mounting needs root, a user namespace "
				"(unshare -rm), or fusermount3 of the package "
				"fuse3%s%s",
				*said ? ": " : "", said);
	return 0;
}

static int mount_detached(struct run *run, struct cfs_err *err)
{
	char path[sizeof("/dev/fd/") + 3 * sizeof(int)];
	CFS_AUTOFD int dev = -EBADF;

	dev = open_device(err);
	if (dev < 0)
		return dev;
	run->mount = cfs_fuse_mount_new(run->params, dev, err);
	if (run->mount == -EPERM)
		return mount_by_helper(run, err);
	if (run->mount < 0)
		return run->mount;
	snprintf(path, sizeof(path), "/dev/fd/%d", dev);
	if (fuse_session_mount(run->session, path) != 0)
		return cfs_fail(err, EIO, "%s", said);
	/* It is the session's now. */
	(void)cfs_steal_fd(&dev);
	return 0;
}

/* Answers requests until the kernel has agreed on the protocol. */
static int begin(struct run *run, struct cfs_err *err)
{
	struct fuse_buf buf = { 0 };
	int r = 1;

	while (!run->server.is_used && !fuse_session_exited(run->session)) {
		r = fuse_session_receive_buf(run->session, &buf);
		if (r > 0)
			fuse_session_process_buf(run->session, &buf);
		else if (r != -EINTR && r != -EAGAIN)
			break;
	}
	free(buf.mem);
	if (run->server.is_used)
		return 0;
	return cfs_fail(err, r < 0 ? -r : EINTR,
			"the mount ended before it could be used%s%s",
			*said ? ": " : "", said);
}

/* Returns whether the kernel takes any file for passthrough. */
static bool can_pass_through(const struct run *run)
{
	int session = fuse_session_fd(run->session), backing;
	CFS_AUTOFD int fd = memfd_create("probe", MFD_CLOEXEC);

	if (fd < 0)
		return false;
	backing = cfs_fuse_backing_open(session, fd);
	if (backing > 0)
		cfs_fuse_backing_close(session, backing);
	return backing > 0;
}

/* Decides how contents are read, as far as that can be told before an overlay
 * was tried. */
static int settle(struct run *run, struct cfs_err *err)
{
	const struct cfs_fuse_params *params = run->params;
	enum cfs_fuse_mode mode = params->mode;

	if (run->mount < 0)
		mode = CFS_FUSE_PLAIN;
	/* What an overlay reads can only be verified by the kernel. */
	if (mode == CFS_FUSE_OVERLAY && params->verify == CFS_FUSE_VERIFY)
		return cfs_fail(err, EINVAL,
				"mode overlay needs fs-verity to verify "
				"objects, and the repository does not demand "
				"it (`cfsctl enable-verity` changes that; "
				"--no-verify does without)");
	if (mode <= CFS_FUSE_PASSTHROUGH && can_pass_through(run)) {
		mode = CFS_FUSE_PASSTHROUGH;
		cfs_fuse_objects_pass_through(run->server.objects,
					      fuse_session_fd(run->session));
	} else if (mode == CFS_FUSE_PASSTHROUGH) {
		return cfs_fail(err, EOPNOTSUPP,
				"mode passthrough needs Linux 6.9 and root "
				"outside user namespaces");
	}
	if (mode == CFS_FUSE_AUTO)
		mode = !run->server.has_root &&
				       params->verify != CFS_FUSE_VERIFY
			       ? CFS_FUSE_OVERLAY
			       : CFS_FUSE_PLAIN;
	run->server.mode = mode;
	return 0;
}

static void tell(const struct run *run)
{
	if (run->params->ready)
		run->params->ready(run->params->ctx, run->server.mode);
}

/* Attaches the mount @*fd, closes it, as it would keep the mount busy, and
 * tells that all is ready. */
static int attach(struct run *run, int *fd, struct cfs_err *err)
{
	int r = cfs_fuse_attach(run->params, *fd, &run->id, err);

	if (r == 0) {
		cfs_closep(fd);
		cfs_closep(&run->mount);
		tell(run);
	}
	return r;
}

static int attach_overlay(struct run *run, struct cfs_err *err)
{
	const struct cfs_fuse_params *params = run->params;
	int data = run->server.mode == CFS_FUSE_OVERLAY ? params->objects_fd
							: -EBADF;
	CFS_AUTOFD int fd = -EBADF;

	fd = cfs_fuse_overlay_new(params, run->mount, data, err);
	if (fd < 0 && data >= 0 && params->mode == CFS_FUSE_AUTO) {
		/* Kernels before 6.16, and those that cannot verify here. */
		run->server.mode = CFS_FUSE_PLAIN;
		if (params->upper_fd < 0)
			return attach(run, &run->mount, err);
		fd = cfs_fuse_overlay_new(params, run->mount, -EBADF, err);
	}
	if (fd < 0)
		return cfs_ctx(err, "%s",
			       run->server.mode == CFS_FUSE_OVERLAY
				       ? "mode overlay (needs Linux 6.16)"
				       : "upper directory (needs Linux 6.15)");
	return attach(run, &fd, err);
}

/* Makes the overlay while the main thread answers its requests. */
static void *make_overlay(void *arg)
{
	struct run *run = arg;

	run->result = attach_overlay(run, run->err);
	if (run->result < 0)
		cfs_fuse_loop_stop(run->loop);
	return NULL;
}

static int start_overlay(struct run *run, struct cfs_err *err)
{
	sigset_t all, before;
	int r;

	run->err = err;
	/* Signals are for the main thread. */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&run->thread, NULL, make_overlay, run);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0)
		return cfs_fail(err, r, "start a thread: %s", strerror(r));
	run->has_thread = true;
	return 0;
}

/* Lets the user have the mount. */
static int show(struct run *run, struct cfs_err *err)
{
	if (run->mount < 0) {
		tell(run);
		return 0;
	}
	if (run->server.mode == CFS_FUSE_OVERLAY || run->params->upper_fd >= 0)
		return start_overlay(run, err);
	return attach(run, &run->mount, err);
}

static int serve(struct run *run, struct cfs_err *err)
{
	if (mount_detached(run, err) < 0 ||
	    cfs_fuse_loop_connect(run->loop, err) < 0 || begin(run, err) < 0 ||
	    settle(run, err) < 0 || show(run, err) < 0)
		return -err->code;
	/* Ending by a signal, or because the connection was cut, is an end like
	 * any other. */
	cfs_fuse_loop_run(run->loop);
	return 0;
}

/* Has the kernel ended the connection? */
static bool is_ended(const struct run *run)
{
	struct pollfd device = { .fd = fuse_session_fd(run->session) };

	return device.fd >= 0 && poll(&device, 1, 0) > 0 &&
	       device.revents & POLLERR;
}

/* Ends the session, after which nobody waits for an answer any more. */
static void stop(struct run *run)
{
	bool ended = is_ended(run);

	cfs_fuse_loop_end(run->loop);
	cfs_fuse_objects_pass_through(run->server.objects, -1);
	fuse_session_unmount(run->session);
	fuse_session_destroy(run->session);
	if (run->has_thread)
		(void)pthread_join(run->thread, NULL);
	cfs_closep(&run->mount);
	/* If the mount was removed, there may be another one of that number. */
	if (run->id != 0 && (cfs_fuse_is_unique(run->id) || !ended))
		cfs_fuse_detach(run->params->mountpoint, run->id);
}

/* A request that takes its time must not keep others waiting. */
static void spare_a_thread(void *ctx)
{
	cfs_fuse_loop_spare(ctx);
}

static int run_session(struct run *run, struct cfs_err *err)
{
	int r = cfs_fuse_loop_new(run->session, &run->loop, err);

	if (r < 0) {
		fuse_session_destroy(run->session);
		return r;
	}
	cfs_fuse_objects_on_wait(run->server.objects, spare_a_thread,
				 run->loop);
	r = serve(run, err);
	stop(run);
	cfs_fuse_loop_free(run->loop);
	return run->result < 0 ? run->result : r;
}

int cfs_fuse_serve(const struct cfs_fuse_params *params, struct cfs_err *err)
{
	struct run run = { .params = params, .mount = -EBADF };
	int r;

	fuse_set_log_func(keep_line);
	r = cfs_fuse_guard_begin(params->image, err);
	if (r < 0)
		return r;
	r = cfs_fuse_server_init(&run.server, params, err);
	if (r == 0)
		r = new_session(&run, err);
	if (r == 0)
		r = run_session(&run, err);
	cfs_fuse_server_free(&run.server);
	cfs_fuse_guard_end();
	return r;
}
