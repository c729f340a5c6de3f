/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/io.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* Attempts before EAGAIN is believed.  Source: openat2(2), which asks callers
 * to retry a bounded number of times. */
#define OPENAT2_TRIES 64

int cfs_openat2(int dirfd, const char *path, int flags, mode_t mode,
		uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = resolve,
	};
	long fd;

	/* EAGAIN: the kernel saw a mount or rename somewhere in the system
	 * while it resolved "..", and cannot tell whether that led out. */
	for (int i = 0; i < OPENAT2_TRIES; i++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd < 0 ? -errno : (int)fd;
}

int cfs_open_beneath(int dirfd, const char *path, int flags)
{
	return cfs_openat2(dirfd, path, flags, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

void cfs_fd_path(int fd, char path[static CFS_FD_PATH_MAX])
{
	snprintf(path, CFS_FD_PATH_MAX, "/proc/self/fd/%d", fd);
}

int cfs_reopen(int fd, int flags)
{
	char path[CFS_FD_PATH_MAX];
	int r;

	cfs_fd_path(fd, path);
	r = open(path, flags | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

int cfs_open_regular(int dirfd, const char *path, struct stat *ret_st)
{
	CFS_AUTOFD int look = -EBADF;
	struct stat st;
	int fd;

	/* Looked at before it is opened: opening a FIFO may block, and opening
	 * a device may have effects. */
	look = cfs_open_beneath(dirfd, path, O_PATH);
	if (look < 0)
		return look;
	if (fstat(look, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	/* This very file, whatever the path leads to by now. */
	fd = cfs_reopen(look, O_RDONLY);
	if (fd >= 0 && ret_st)
		*ret_st = st;
	return fd;
}

/* Reads from the file's position if @off is NULL. */
static ssize_t read_from(int fd, void *data, size_t len, const uint64_t *off)
{
	size_t done = 0;

	while (done < len) {
		char *to = (char *)data + done;
		ssize_t n =
			off ? pread(fd, to, len - done, (off_t)(*off + done))
			    : read(fd, to, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t cfs_read_full(int fd, void *data, size_t len)
{
	return read_from(fd, data, len, NULL);
}

ssize_t cfs_pread_full(int fd, void *data, size_t len, uint64_t off)
{
	return read_from(fd, data, len, &off);
}

int cfs_write_full(int fd, const void *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data = (const char *)data + n;
		len -= (size_t)n;
	}
	return 0;
}

int cfs_read_all(int fd, size_t max, struct cfs_buf *buf)
{
	size_t start = buf->len;

	for (;;) {
		/* Asking for one byte too many tells "full" from "too long". */
		size_t room = max + 1 - (buf->len - start);
		ssize_t n;

		if (room > 65536)
			room = 65536;
		if (!cfs_buf_reserve(buf, room))
			return -ENOMEM;
		n = cfs_read_full(fd, buf->data + buf->len, room);
		if (n < 0)
			return (int)n;
		buf->len += (size_t)n;
		if (buf->len - start > max)
			return -EFBIG;
		if ((size_t)n < room)
			return 0;
	}
}

/* Like cfs_read_all() for a regular file: its @size saves the read that finds
 * the end, and buffer space. */
static int read_regular(int fd, uint64_t size, size_t max, struct cfs_buf *buf)
{
	ssize_t n;

	if (size > max)
		return -EFBIG;
	if (size == 0) /* empty, or a file of /proc, which has no size */
		return cfs_read_all(fd, max, buf);
	if (!cfs_buf_reserve(buf, (size_t)size))
		return -ENOMEM;
	n = cfs_read_full(fd, buf->data + buf->len, (size_t)size);
	if (n < 0)
		return (int)n;
	buf->len += (size_t)n;
	return 0;
}

static int open_named(int dirfd, const char *path, struct stat *st)
{
	CFS_AUTOFD int fd = -EBADF;

	if (dirfd != AT_FDCWD)
		return cfs_open_regular(dirfd, path, st);
	/* A FIFO must not wait for a writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, st) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	return cfs_steal_fd(&fd);
}

int cfs_read_file(int dirfd, const char *path, size_t max, struct cfs_buf *buf,
		  struct cfs_err *err)
{
	struct stat st;
	CFS_AUTOFD int fd = open_named(dirfd, path, &st);
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd == -EINVAL)
		return cfs_fail(err, EINVAL, "%s is not a regular file", path);
	if (fd < 0)
		return cfs_fail_code(err, fd, "open %s", path);
	r = read_regular(fd, (uint64_t)st.st_size, max, buf);
	if (r == -EFBIG)
		return cfs_fail(err, EFBIG, "%s is longer than %zu bytes", path,
				max);
	if (r < 0)
		return cfs_fail_code(err, r, "read %s", path);
	return 1;
}

/* Opens the directory of *@path's last component, creating it if it is missing,
 * and makes *@path point at that component. */
static int make_parent(int dirfd, const char **path)
{
	const char *slash = strrchr(*path, '/');
	char parent[PATH_MAX];

	snprintf(parent, sizeof(parent), "%.*s",
		 slash ? (int)(slash - *path) : 1, slash ? *path : ".");
	*path = slash ? slash + 1 : *path;
	return cfs_make_dirs(dirfd, parent, 0755);
}

/* Made for /run, where anything may have been planted: no link is followed. */
int cfs_make_dirs(int dirfd, const char *path, mode_t mode)
{
	int fd = cfs_openat2(dirfd, path, O_PATH | O_DIRECTORY, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	CFS_AUTOFD int parent = -EBADF;

	if (fd != -ENOENT)
		return fd;
	parent = make_parent(dirfd, &path);
	if (parent < 0)
		return parent;
	/* Another process may have been faster; O_DIRECTORY finds out what it
	 * made. */
	if (mkdirat(parent, path, mode) < 0 && errno != EEXIST)
		return -errno;
	return cfs_openat2(parent, path, O_PATH | O_DIRECTORY, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

/* Writes a file with a new name and renames it: anything planted at @path is
 * replaced, neither opened nor followed, and readers see either the old content
 * or the new. */
int cfs_replace_file(int dirfd, const char *path, const void *data, size_t len)
{
	CFS_AUTOFD int parent = make_parent(dirfd, &path);
	char temporary[NAME_MAX + 1];
	CFS_AUTOFD int fd = -EBADF;
	int r;

	if (parent < 0)
		return parent;
	snprintf(temporary, sizeof(temporary), ".%s.new", path);
	/* Left by a process that was killed, or planted. */
	if (unlinkat(parent, temporary, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(parent, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0644);
	r = fd < 0 ? -errno : cfs_write_full(fd, data, len);
	if (r == 0 && renameat(parent, temporary, parent, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(parent, temporary, 0);
	return r;
}

int cfs_rename_new(int dirfd, const char *from, const char *to)
{
	/* Not every C library wraps this system call. */
	return syscall(SYS_renameat2, dirfd, from, dirfd, to,
		       RENAME_NOREPLACE) < 0
		       ? -errno
		       : 0;
}

int cfs_name_exists(int dirfd, const char *name)
{
	if (faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
}
