/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/fuse.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>

#include "base/io.h"
#include "cfsctl/cli/line.h"
#include "fuse/serve.h"

const char *const cmd_fuse_modes[] = { CFS_FUSE_MODE_NAMES, NULL };

int cmd_parse_fuse_mode(const char *text, void *to, struct cfs_err *err)
{
	enum cfs_fuse_mode *mode = to;

	for (*mode = CFS_FUSE_AUTO; *mode <= CFS_FUSE_PLAIN; ++*mode) {
		if (!text || strcmp(text, cfs_fuse_mode_name(*mode)) == 0)
			return 0;
	}
	return cfs_fail(err, CFS_EUSAGE, "there is no mode %s", text);
}

/* The image to serve, and the objects of its repository. */
struct source {
	struct cfs_image_map image;
	int objects; /* owned */
	enum cfs_fuse_verify verify;
	char name[sizeof("composefs:") + CFS_DIGEST_HEX_MAX];
};

static void close_source(struct source *s)
{
	cfs_image_unmap(&s->image);
	cfs_closep(&s->objects);
}

static int open_source(const struct cfs_globals *g, const struct cfs_repo *repo,
		       const struct cmd_fuse_mount *mount, struct source *s,
		       struct cfs_err *err)
{
	const struct cfs_access access = cmd_access(g);
	char hex[CFS_DIGEST_HEX_MAX];
	int secure = cfs_access_demands_verity(&access, repo, err);

	if (secure < 0)
		return secure;
	s->verify = secure ? CFS_FUSE_VERIFY_KERNEL : CFS_FUSE_VERIFY;
	if (mount->o.no_verify)
		s->verify = CFS_FUSE_VERIFY_NOT;
	cfs_digest_to_hex(&mount->id, hex);
	snprintf(s->name, sizeof(s->name), "composefs:%s", hex);
	s->objects = cfs_repo_open_objects(repo, err);
	if (s->objects < 0)
		return s->objects;
	return cfs_image_map(&access, repo, &mount->id, &s->image, err);
}

/* Faults of a server in the foreground. */
static void report(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "cfsctl: %s\n", line);
}

/* How a server tells that it is ready, and what is wrong. */
struct voice {
	void (*ready)(void *ctx, enum cfs_fuse_mode mode);
	void (*report)(void *ctx, const char *line);
	void *ctx;
};

static int serve(const struct source *s, const struct cmd_fuse_mount *mount,
		 const struct voice *voice, struct cfs_err *err)
{
	return cfs_fuse_serve(
		&(struct cfs_fuse_params){
			.image = s->image.bytes,
			.objects_fd = s->objects,
			.mode = mount->o.mode,
			.verify = s->verify,
			.source = mount->source ? mount->source : s->name,
			.mountpoint = mount->where,
			.upper_fd = mount->upper,
			.work_fd = mount->work,
			.read_write = mount->read_write,
			.attr = mount->attr,
			.ready = voice->ready,
			.report = voice->report,
			.ctx = voice->ctx,
		},
		err);
}

/* Those of one in the background, which has no terminal. */
static void log_line(void *ctx, const char *line)
{
	(void)ctx;
	syslog(LOG_ERR, "%s", line);
}

static void say_mode(enum cfs_fuse_mode mode)
{
	fprintf(stderr, "mode: %s\n", cfs_fuse_mode_name(mode));
}

/* Of a server in the foreground. */
static void be_ready(void *ctx, enum cfs_fuse_mode mode)
{
	const struct cmd_fuse_mount *mount = ctx;

	if (mount->o.verbose)
		say_mode(mode);
}

/* A server in the background. */
struct background {
	const struct cmd_fuse_mount *mount;
	int to; /* the command that waits for it; -EBADF: no longer */
};

/* Tells the command that it can end, and lets go of what it was started with:
 * its directory, its terminal or pipes. */
static void go_on_alone(void *ctx, enum cfs_fuse_mode mode)
{
	struct background *server = ctx;
	const struct cfs_err none = { 0 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (server->mount->o.verbose)
		say_mode(mode);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		(void)dup2(null, fd);
	cfs_closep(&null);
	(void)!chdir("/");
	(void)!cfs_write_full(server->to, &none, sizeof(none));
	cfs_closep(&server->to);
}

/* The process that serves.  Reports its failure to the one that started it, as
 * long as that one waits. */
static void be_server(const struct source *s,
		      const struct cmd_fuse_mount *mount, int to)
{
	struct background server = { mount, to };
	const struct voice voice = { go_on_alone, log_line, &server };
	struct cfs_err err = { 0 };
	int r;

	(void)setsid();
	openlog("cfsctl", LOG_PID, LOG_DAEMON);
	r = serve(s, mount, &voice, &err);
	if (r < 0 && server.to >= 0)
		(void)!cfs_write_full(server.to, &err, sizeof(err));
	else if (r < 0)
		log_line(NULL, err.msg);
	_exit(r < 0);
}

/* Waits until the server @pid is ready, or has said why it will not be. */
static int await(pid_t pid, int from, struct cfs_err *err)
{
	/* From the same program, so that its pointers are valid here. */
	struct cfs_err theirs = { 0 };
	ssize_t n = cfs_read_full(from, &theirs, sizeof(theirs));
	int status = 0;

	if (n == sizeof(theirs) && theirs.code == 0)
		return 0;
	(void)waitpid(pid, &status, 0);
	if (n == sizeof(theirs)) {
		*err = theirs;
		return -err->code;
	}
	if (WIFSIGNALED(status))
		return cfs_fail(err, EIO, "the server was killed (signal %d)",
				WTERMSIG(status));
	return cfs_fail(err, EIO, "the server ended before it was ready");
}

static int start_server(const struct source *s,
			const struct cmd_fuse_mount *mount, struct cfs_err *err)
{
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cfs_fail_errno(err, "pipe");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		cfs_closep(&ends[0]);
		be_server(s, mount, ends[1]);
	}
	cfs_closep(&ends[1]);
	r = pid < 0 ? cfs_fail_errno(err, "fork") : await(pid, ends[0], err);
	cfs_closep(&ends[0]);
	return r;
}

int cmd_fuse_start(const struct cfs_globals *g, struct cfs_repo *repo,
		   const struct cmd_fuse_mount *mount, struct cfs_err *err)
{
	CFS_AUTOFREE char *path = realpath(mount->where, NULL);
	struct cmd_fuse_mount at = *mount;
	const struct voice voice = { be_ready, report, &at };
	struct source s = { .objects = -EBADF };
	struct stat st;
	int r;

	if (!path || stat(path, &st) < 0)
		return cfs_fail_errno(err, "%s", mount->where);
	/* FUSE would make the root directory look like a file. */
	if (!S_ISDIR(st.st_mode))
		return cfs_fail(err, ENOTDIR, "%s: %s", mount->where,
				strerror(ENOTDIR));
	at.where = path;
	r = open_source(g, repo, mount, &s, err);
	cfs_repo_close(repo);
	if (r == 0 && mount->o.foreground)
		r = serve(&s, &at, &voice, err);
	else if (r == 0)
		r = start_server(&s, &at, err);
	close_source(&s);
	return r;
}
