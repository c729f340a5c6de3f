/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/temp.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include "base/io.h"

#define TRIES 16 /* names, each of 64 random bits */

static void random_name(char name[static CFS_TEMP_NAME_MAX])
{
	static _Atomic uint64_t count;
	uint64_t bits;

	/* Early in boot there may be no entropy; O_EXCL keeps it right. */
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != sizeof(bits))
		bits = (uint64_t)getpid() << 32 | ++count;
	snprintf(name, CFS_TEMP_NAME_MAX, CFS_TEMP_PREFIX "%016llx",
		 (unsigned long long)bits);
}

void cfs_temp_close(struct cfs_temp *temp)
{
	if (temp->name[0])
		(void)unlinkat(temp->dirfd, temp->name, 0);
	temp->name[0] = '\0';
	cfs_closep(&temp->fd);
}

/* By itself the descriptor is enough for whoever may read everything, and
 * from Linux 6.10 on for whoever opened it; -ENOENT otherwise. */
static int link_fd(int fd, int dirfd, const char *path)
{
	char proc[sizeof("/proc/self/fd/") + 3 * sizeof(int)];

	if (linkat(fd, "", dirfd, path, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, proc, dirfd, path, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	return 0;
}

/* Opens a file under a fresh name, or links @fd to one. */
static int fresh_name(int dirfd, int fd, char name[static CFS_TEMP_NAME_MAX])
{
	for (int i = 0; i < TRIES; i++) {
		int r;

		random_name(name);
		if (fd >= 0) {
			r = link_fd(fd, dirfd, name);
		} else {
			r = openat(dirfd, name,
				   O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
					   O_NOFOLLOW,
				   CFS_TEMP_MODE);
			r = r < 0 ? -errno : r;
		}
		if (r != -EEXIST)
			return r;
	}
	return -EEXIST;
}

static int open_unnamed(int dirfd)
{
	int fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC,
			CFS_TEMP_MODE);

	return fd < 0 ? -errno : fd;
}

bool cfs_temp_unnamed_work(int dirfd)
{
	CFS_AUTOFD int fd = open_unnamed(dirfd);
	char name[CFS_TEMP_NAME_MAX];

	if (fd < 0 || fresh_name(dirfd, fd, name) < 0)
		return false;
	return unlinkat(dirfd, name, 0) == 0;
}

int cfs_temp_open(int dirfd, bool unnamed, struct cfs_temp *ret,
		  struct cfs_err *err)
{
	struct cfs_temp temp = { .dirfd = dirfd };

	if (unnamed)
		temp.fd = open_unnamed(dirfd);
	else
		temp.fd = fresh_name(dirfd, -1, temp.name);
	if (temp.fd < 0)
		return cfs_fail(err, -temp.fd, "make a temporary file: %s",
				strerror(-temp.fd));
	*ret = temp;
	return 0;
}

int cfs_temp_seal(struct cfs_temp *temp, struct cfs_err *err)
{
	int fd = cfs_reopen(temp->fd, O_RDONLY);

	if (fd < 0)
		return cfs_fail(err, -fd, "open a temporary file again: %s",
				strerror(-fd));
	cfs_closep(&temp->fd);
	temp->fd = fd;
	return 0;
}

/* Moves without replacing, also where renameat2(2) has no flags. */
static int move_new(struct cfs_temp *temp, int dirfd, const char *path)
{
	if (renameat2(temp->dirfd, temp->name, dirfd, path, RENAME_NOREPLACE) ==
	    0) {
		temp->name[0] = '\0';
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (linkat(temp->dirfd, temp->name, dirfd, path, 0) < 0)
		return -errno;
	(void)unlinkat(temp->dirfd, temp->name, 0);
	temp->name[0] = '\0';
	return 0;
}

int cfs_temp_publish(struct cfs_temp *temp, int dirfd, const char *path,
		     struct cfs_err *err)
{
	int r = temp->name[0] ? move_new(temp, dirfd, path)
			      : link_fd(temp->fd, dirfd, path);

	if (r == -EEXIST)
		return 0;
	if (r < 0)
		return cfs_fail(err, -r, "give a new file the name %s: %s",
				path, strerror(-r));
	return 1;
}

int cfs_temp_replace(struct cfs_temp *temp, int dirfd, const char *path,
		     struct cfs_err *err)
{
	int r = 0;

	if (!temp->name[0])
		r = fresh_name(temp->dirfd, temp->fd, temp->name);
	if (r < 0) {
		temp->name[0] = '\0';
		return cfs_fail(err, -r, "name a temporary file: %s",
				strerror(-r));
	}
	if (renameat(temp->dirfd, temp->name, dirfd, path) < 0)
		return cfs_fail_errno(err, "replace %s", path);
	temp->name[0] = '\0';
	return 0;
}

/* The temporary name beside @path, so that the move stays in a directory. */
static int beside(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash + 1 - path) : 0;
	char name[CFS_TEMP_NAME_MAX];
	int n;

	random_name(name);
	n = snprintf(ret, size, "%.*s%s", dir, path, name);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int cfs_temp_symlink(const char *target, int dirfd, const char *path,
		     struct cfs_err *err)
{
	char name[PATH_MAX];
	int r = -EEXIST;

	for (int i = 0; r == -EEXIST && i < TRIES; i++) {
		r = beside(path, name, sizeof(name));
		if (r == 0 && symlinkat(target, dirfd, name) < 0)
			r = -errno;
	}
	if (r < 0)
		return cfs_fail(err, -r, "make a symbolic link for %s: %s",
				path, strerror(-r));
	if (renameat(dirfd, name, dirfd, path) < 0) {
		r = cfs_fail_errno(err, "put the symbolic link %s into place",
				   path);
		(void)unlinkat(dirfd, name, 0);
	}
	return r;
}

void cfs_temp_sweep(int dirfd)
{
	CFS_AUTODIR DIR *dir = NULL;
	int fd = cfs_open_beneath(dirfd, ".", O_RDONLY | O_DIRECTORY);
	struct dirent *entry;

	if (fd < 0)
		return;
	dir = fdopendir(fd);
	if (!dir) {
		cfs_closep(&fd);
		return;
	}
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, CFS_TEMP_PREFIX,
			    strlen(CFS_TEMP_PREFIX)) == 0)
			(void)unlinkat(dirfd, entry->d_name, 0);
}
