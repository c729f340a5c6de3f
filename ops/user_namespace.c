/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/user_namespace.h"

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/io.h"
#include "ops/subids.h"

/* The ids that are mapped to 0, and to those from 1 on. */
struct ids {
	uint32_t uid, gid;
	struct cfs_subids users, groups;
};

static int write_file(const char *path, const char *text, struct cfs_err *err)
{
	CFS_AUTOFD int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : cfs_write_full(fd, text, strlen(text));

	return r < 0 ? cfs_fail_code(err, r, "write %s", path) : 0;
}

/* Maps root alone, which every process may do for itself. */
static int map_root(const struct ids *ids, struct cfs_err *err)
{
	char users[32], groups[32];
	int r;

	snprintf(users, sizeof(users), "0 %lu 1", (unsigned long)ids->uid);
	snprintf(groups, sizeof(groups), "0 %lu 1", (unsigned long)ids->gid);
	/* Otherwise the kernel takes no gid_map of an unprivileged process. */
	r = write_file("/proc/self/setgroups", "deny", err);
	if (r == 0)
		r = write_file("/proc/self/uid_map", users, err);
	return r == 0 ? write_file("/proc/self/gid_map", groups, err) : r;
}

static int find_subids(const char *path, const struct ids *ids,
		       struct cfs_subids *ret)
{
	const struct passwd *entry = getpwuid(ids->uid);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_err ignored;

	if (cfs_read_file(AT_FDCWD, path, CFS_SUBIDS_FILE_MAX, &text,
			  &ignored) <= 0)
		return 0;
	return cfs_subids_find(cfs_buf_bytes(&text),
			       entry ? entry->pw_name : NULL, ids->uid, ret);
}

static struct ids ids_of_caller(void)
{
	struct ids ids = { .uid = geteuid(), .gid = getegid() };

	if (find_subids("/etc/subuid", &ids, &ids.users) == 0 ||
	    find_subids("/etc/subgid", &ids, &ids.groups) == 0)
		ids.users.n = ids.groups.n = 0;
	return ids;
}

/* Runs newuidmap or newgidmap for the process @pid. */
static int run_mapper(const char *program, pid_t pid, uint32_t own,
		      const struct cfs_subids *sub, struct cfs_err *err)
{
	CFS_AUTOCHILD struct cfs_child child = CFS_CHILD_INIT;
	char words[4][16];
	const char *const argv[] = { program, words[0], "0",	  words[1], "1",
				     "1",     words[2], words[3], NULL };
	const struct cfs_child_spec spec = { .argv = argv,
					     .out = -EBADF,
					     .third = -EBADF };
	int r;

	snprintf(words[0], sizeof(words[0]), "%ld", (long)pid);
	snprintf(words[1], sizeof(words[1]), "%lu", (unsigned long)own);
	snprintf(words[2], sizeof(words[2]), "%lu", (unsigned long)sub->first);
	snprintf(words[3], sizeof(words[3]), "%lu", (unsigned long)sub->n);
	r = cfs_child_start(&spec, &child, err);
	if (r == 0)
		r = cfs_child_wait(&child, NULL, err);
	return r > 0 ? cfs_fail(err, EPERM, "%s failed", program) : r;
}

/* A process that stays outside of the namespace, and maps ids from there. */
struct mapper {
	pid_t pid; /* -1: none */
	int go;	   /* a byte is its order to begin; owned */
};

static int map_from_outside(pid_t pid, const struct ids *ids)
{
	struct cfs_err ignored;
	int r = run_mapper("newuidmap", pid, ids->uid, &ids->users, &ignored);

	return r == 0 ? run_mapper("newgidmap", pid, ids->gid, &ids->groups,
				   &ignored)
		      : r;
}

static int start_mapper(const struct ids *ids, struct mapper *ret,
			struct cfs_err *err)
{
	pid_t caller = getpid();
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cfs_fail_errno(err, "pipe");
	ret->pid = fork();
	if (ret->pid == 0) {
		char go;

		cfs_closep(&ends[1]);
		_exit(cfs_read_full(ends[0], &go, 1) != 1 ||
		      map_from_outside(caller, ids) < 0);
	}
	cfs_closep(&ends[0]);
	ret->go = ends[1];
	return ret->pid < 0 ? cfs_fail_errno(err, "fork") : 0;
}

/* Ends the mapper, which has the order to map if @go.  Returns whether all ids
 * are mapped. */
static bool end_mapper(struct mapper *mapper, bool go)
{
	int status = 1;

	if (mapper->pid < 0)
		return false;
	if (go)
		(void)!cfs_write_full(mapper->go, "", 1);
	cfs_closep(&mapper->go);
	while (waitpid(mapper->pid, &status, 0) < 0 && errno == EINTR)
		;
	return go && status == 0;
}

static int refused(int code, struct cfs_err *err)
{
	if (code == EPERM || code == EACCES || code == ENOSPC)
		return cfs_fail(err, code,
				"this machine lets the user make no user "
				"namespace: see the sysctls "
				"user.max_user_namespaces, "
				"kernel.unprivileged_userns_clone and "
				"kernel.apparmor_restrict_unprivileged_userns");
	return cfs_fail(err, code, "make a user namespace: %s", strerror(code));
}

int cfs_user_namespace_enter(int flags, uint32_t *ret_ids, struct cfs_err *err)
{
	const struct ids ids = ids_of_caller();
	struct mapper mapper = { -1, -EBADF };
	uint32_t n = ids.users.n < ids.groups.n ? ids.users.n : ids.groups.n;
	int r = n > 0 ? start_mapper(&ids, &mapper, err) : 0;

	if (r == 0 && unshare(CLONE_NEWUSER | flags) < 0)
		r = refused(errno, err);
	if (end_mapper(&mapper, r == 0)) {
		*ret_ids = n + 1;
		return 0;
	}
	/* Also where they are not installed, or may not set ids. */
	if (r == 0)
		r = map_root(&ids, err);
	if (r == 0)
		*ret_ids = 1;
	return r;
}
