/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Programs are run without a shell, with an empty standard input and signals as
 * by default.  What a program says goes to a memory file and not to a pipe: it
 * never has to wait for a reader however long it runs, and the end of it is
 * there for the message if it fails.
 */
#include "base/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/io.h"

/* A program that was told to end may have to clean up. */
#define GRACE_MS 2000

static int add_actions(posix_spawn_file_actions_t *actions,
		       const struct cfs_child_spec *spec, int said)
{
	int out = spec->out >= 0 ? spec->out : said;
	int r = posix_spawn_file_actions_addopen(actions, 0, "/dev/null",
						 O_RDONLY, 0);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, said, 2);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, out, 1);
	if (r == 0 && spec->third >= 0)
		r = posix_spawn_file_actions_adddup2(actions, spec->third, 3);
	return r;
}

/* Signals as they are by default, whatever the caller ignores or blocks. */
static int set_signals(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	r = posix_spawnattr_setsigmask(attr, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attr, &all);
	if (r == 0)
		r = posix_spawnattr_setflags(
			attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return r;
}

/* Programs for root lie outside a plain user's PATH on many systems. */
static int spawn_from(const struct cfs_child_spec *spec,
		      const posix_spawn_file_actions_t *actions,
		      const posix_spawnattr_t *attr, pid_t *ret)
{
	static const char *const places[] = { "/usr/sbin", "/sbin" };
	/* exec's prototypes are older than const; nothing is written to. */
	char *const *argv = (char *const *)(uintptr_t)spec->argv;
	char *const *env = (char *const *)(uintptr_t)spec->env;
	char path[256];
	int r;

	if (!env)
		env = environ;
	r = posix_spawnp(ret, argv[0], actions, attr, argv, env);
	for (size_t i = 0; r == ENOENT && i < CFS_ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i], argv[0]);
		r = posix_spawn(ret, path, actions, attr, argv, env);
	}
	return r;
}

static int spawn(const struct cfs_child_spec *spec, int said, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attr);
	if (r == 0) {
		r = add_actions(&actions, spec, said);
		if (r == 0)
			r = set_signals(&attr);
		if (r == 0)
			r = spawn_from(spec, &actions, &attr, ret);
		(void)posix_spawnattr_destroy(&attr);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

int cfs_child_start(const struct cfs_child_spec *spec, struct cfs_child *ret,
		    struct cfs_err *err)
{
	CFS_AUTOFD int said = memfd_create("said", MFD_CLOEXEC);
	pid_t pid;
	int r;

	if (said < 0)
		return cfs_fail_errno(err, "run %s", spec->argv[0]);
	r = spawn(spec, said, &pid);
	if (r == ENOENT)
		return cfs_fail(err, ENOENT, "run %s: it is not installed",
				spec->argv[0]);
	if (r != 0)
		return cfs_fail(err, r, "run %s: %s", spec->argv[0],
				strerror(r));
	ret->pid = pid;
	ret->said = cfs_steal_fd(&said);
	return 0;
}

/* Reads the last bytes of what the program said. */
static int read_said(int fd, struct cfs_buf *said)
{
	off_t size = lseek(fd, 0, SEEK_END), from = 0;

	if (size < 0)
		return -errno;
	if (size > CFS_CHILD_SAID_MAX)
		from = size - CFS_CHILD_SAID_MAX;
	if (lseek(fd, from, SEEK_SET) < 0)
		return -errno;
	return cfs_read_all(fd, CFS_CHILD_SAID_MAX, said);
}

int cfs_child_wait(struct cfs_child *child, struct cfs_buf *said,
		   struct cfs_err *err)
{
	int status, r;

	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			return cfs_fail_errno(err, "wait for a program");
	child->pid = -1;
	r = said ? read_said(child->said, said) : 0;
	cfs_closep(&child->said);
	if (r < 0)
		return cfs_fail(err, -r, "read what a program says: %s",
				strerror(-r));
	/* A signal counts as it does in a shell. */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Waits some seconds for @pid.  Returns whether it has ended.  A pidfd can be
 * waited for with a limit, without taking over SIGCHLD. */
static bool ends(pid_t pid)
{
	CFS_AUTOFD int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, GRACE_MS) > 0;
}

void cfs_child_end(struct cfs_child *child)
{
	if (child->pid > 0) {
		if (!ends(child->pid))
			(void)kill(child->pid, SIGKILL);
		while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	child->pid = -1;
	cfs_closep(&child->said);
}
