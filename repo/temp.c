/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/temp.h"

#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/io.h"

#define TRIES 16 /* names */
/* The first of them are known to any program that writes to the same target,
 * which can remove what a killed one left. */
#define KNOWN		 8
#define KNOWN_TARGET_MAX 230 /* bytes of it; the rest does not tell */

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

static void known_name(const char *target, int i,
		       char name[static CFS_TEMP_NAME_MAX])
{
	snprintf(name, CFS_TEMP_NAME_MAX, ".%.*s.cfsctl-tmp-%d",
		 KNOWN_TARGET_MAX, target, i);
}

void cfs_temp_close(struct cfs_temp *temp)
{
	if (temp->name[0])
		(void)unlinkat(temp->dirfd, temp->name, 0);
	temp->name[0] = '\0';
	cfs_closep(&temp->fd);
}

/* An open file can be named by its descriptor by a process that may read
 * everything, and from Linux 6.10 on by the one that opened it.  Others get
 * ENOENT, and go through /proc. */
int cfs_temp_link_fd(int fd, int dirfd, const char *path)
{
	char proc[CFS_FD_PATH_MAX];

	if (linkat(fd, "", dirfd, path, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	cfs_fd_path(fd, proc);
	if (linkat(AT_FDCWD, proc, dirfd, path, AT_SYMLINK_FOLLOW) < 0)
		return -errno;
	return 0;
}

/* Removes what has the known name @name, unless it is being written.  Returns
 * whether the name may be free now. */
static bool drop_stale(int dirfd, const char *name)
{
	CFS_AUTOFD int fd = openat(dirfd, name,
				   O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
					   O_NOCTTY | O_CLOEXEC);
	struct stat now, was;

	if (fd < 0)
		return errno == ENOENT;
	if (fstat(fd, &was) < 0 || !S_ISREG(was.st_mode) ||
	    flock(fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	/* The file may have been renamed meanwhile, and another one have this
	 * name. */
	if (fstatat(dirfd, name, &now, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !cfs_is_same_file(&now, &was))
		return true;
	return unlinkat(dirfd, name, 0) == 0;
}

/* Makes a file of the name @name, or names @fd so.  Returns a descriptor, 0 or
 * negative errno. */
static int take_name(int dirfd, int fd, const char *name)
{
	if (fd >= 0)
		return cfs_temp_link_fd(fd, dirfd, name);
	fd = openat(dirfd, name,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    CFS_TEMP_MODE);
	return fd < 0 ? -errno : fd;
}

/* Marks the new file @fd as being written, for drop_stale().  Where there are
 * no locks, nothing is taken for stale.  Returns false if another process has
 * taken it for stale before. */
static bool mark(int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno != EWOULDBLOCK;
	return fstat(fd, &st) < 0 || st.st_nlink > 0;
}

/* Opens a file under a fresh temporary name, or names @fd so. */
static int fresh_name(struct cfs_temp *temp, int fd)
{
	for (int i = 0; i < TRIES; i++) {
		bool known = temp->target && i < KNOWN;
		int r;

		if (known)
			known_name(temp->target, i, temp->name);
		else
			random_name(temp->name);
		r = take_name(temp->dirfd, fd, temp->name);
		if (r == -EEXIST && known &&
		    drop_stale(temp->dirfd, temp->name))
			r = take_name(temp->dirfd, fd, temp->name);
		if (r >= 0 && fd < 0 && known && !mark(r))
			cfs_closep(&r);
		else if (r != -EEXIST)
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

enum cfs_temp_kind cfs_temp_best_kind(int dirfd)
{
	CFS_AUTOFD int fd = open_unnamed(dirfd);
	struct cfs_temp temp = { .fd = -EBADF, .dirfd = dirfd };

	if (fd < 0 || fresh_name(&temp, fd) < 0 ||
	    unlinkat(dirfd, temp.name, 0) < 0)
		return CFS_TEMP_NAMED;
	return CFS_TEMP_UNNAMED;
}

static int open_temp(struct cfs_temp *temp, enum cfs_temp_kind kind,
		     struct cfs_err *err)
{
	temp->fd = kind == CFS_TEMP_UNNAMED ? open_unnamed(temp->dirfd)
					    : fresh_name(temp, -1);
	if (temp->fd < 0)
		return cfs_fail(err, -temp->fd, "make a temporary file: %s",
				strerror(-temp->fd));
	return 0;
}

int cfs_temp_open(int dirfd, enum cfs_temp_kind kind, struct cfs_temp *ret,
		  struct cfs_err *err)
{
	struct cfs_temp temp = { .dirfd = dirfd };
	int r = open_temp(&temp, kind, err);

	if (r == 0)
		*ret = temp;
	return r;
}

int cfs_temp_open_for(int dirfd, const char *target, enum cfs_temp_kind kind,
		      struct cfs_temp *ret, struct cfs_err *err)
{
	struct cfs_temp temp = { .dirfd = dirfd, .target = target };
	char name[CFS_TEMP_NAME_MAX];
	int r;

	for (int i = 0; i < KNOWN; i++) {
		known_name(target, i, name);
		(void)drop_stale(dirfd, name);
	}
	r = open_temp(&temp, kind, err);
	if (r < 0)
		return r;
	if (kind == CFS_TEMP_UNNAMED)
		(void)mark(temp.fd);
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
			      : cfs_temp_link_fd(temp->fd, dirfd, path);

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
		r = fresh_name(temp, temp->fd);
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

	/* The names have 64 random bits each. */
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
