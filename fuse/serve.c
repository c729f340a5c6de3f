/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/serve.h"

#include <fcntl.h>
#include <string.h>

#include "base/text.h"
#include "fuse/server.h"

/* The last line that libfuse logged, which is the only place where it says why a
 * mount failed.  Its log function takes no context. */
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

/* Makes sure that there is a device before libfuse is asked, whose advice is to
 * load a module: in a container that would not help. */
static int check_device(struct cfs_err *err)
{
	CFS_AUTOFD int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return 0;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		return cfs_fail(err, ENODEV,
				"there is no /dev/fuse: load the kernel's "
				"module fuse, or let the container have the "
				"device (--device /dev/fuse)");
	return cfs_fail_errno(err, "open /dev/fuse");
}

static void add_option(struct fuse_args *args, const char *option)
{
	/* Without memory the session, which has to copy all of it, fails. */
	(void)fuse_opt_add_arg(args, "-o");
	(void)fuse_opt_add_arg(args, option);
}

static struct fuse_session *new_session(struct cfs_fuse_server *server)
{
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	char source[256];
	struct fuse_session *ret;

	snprintf(source, sizeof(source), "fsname=%s", server->params->source);
	(void)fuse_opt_add_arg(&args, "cfsctl");
	add_option(&args, source);
	add_option(&args, "subtype=composefs");
	add_option(&args, "ro");
	add_option(&args, "default_permissions");
	/* For others than root fusermount3 refuses it, unless it is configured
	 * not to. */
	if (geteuid() == 0)
		add_option(&args, "allow_other");
	ret = fuse_session_new(&args, &cfs_fuse_ops, sizeof(cfs_fuse_ops),
			       server);
	fuse_opt_free_args(&args);
	return ret;
}

static int run(struct fuse_session *session, struct cfs_fuse_server *server,
	       struct cfs_err *err)
{
	int r;

	if (fuse_session_mount(session, server->params->mountpoint) != 0)
		return cfs_fail(err, errno ? errno : EIO, "%s",
				*said ? said : strerror(errno));
	r = fuse_session_loop(session);
	fuse_session_unmount(session);
	if (!server->is_used)
		return cfs_fail(err, r < 0 ? -r : EIO,
				"the kernel did not begin to use the mount%s%s",
				*said ? ": " : "", said);
	/* Ending by a signal, or because the connection was cut, is an end as
	 * any other. */
	return 0;
}

int cfs_fuse_serve(const struct cfs_fuse_params *params, struct cfs_err *err)
{
	struct cfs_fuse_server server;
	struct fuse_session *session;
	int r = check_device(err);

	if (r < 0)
		return r;
	fuse_set_log_func(keep_line);
	r = cfs_fuse_server_init(&server, params, err);
	session = r == 0 ? new_session(&server) : NULL;
	if (r == 0 && !session)
		r = cfs_no_memory(err);
	if (r == 0 && fuse_set_signal_handlers(session) != 0)
		r = cfs_fail(err, EIO, "install signal handlers");
	if (r == 0) {
		r = run(session, &server, err);
		fuse_remove_signal_handlers(session);
	}
	if (session)
		fuse_session_destroy(session);
	cfs_fuse_server_free(&server);
	return r;
}
