/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Descriptors and whole files.
 *
 * Names that come from a disk or a command line are resolved below a
 * descriptor with openat2(2) (Linux 5.6), never anywhere else.  Functions
 * without a struct cfs_err return negative errno and leave the message to the
 * caller, which knows what the file is for.
 */
#ifndef CFS_BASE_IO_H
#define CFS_BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"

/*
 * openat2(2) with @resolve (RESOLVE_* of linux/openat2.h); O_CLOEXEC is added.
 * @mode is used with O_CREAT and O_TMPFILE only.
 * Returns a descriptor the caller closes, or negative errno.
 */
int cfs_openat2(int dirfd, const char *path, int flags, mode_t mode,
		uint64_t resolve) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens @path below @dirfd: no component, link or ".." may lead out of it and
 * no magic link is followed.  @flags: of open(2), without O_CREAT.
 * Returns a descriptor that the caller closes, or negative errno (-EXDEV: the
 * path leads out of @dirfd).
 */
int cfs_open_beneath(int dirfd, const char *path,
		     int flags) CFS_MUST_CHECK CFS_NONNULL;

/* Writes "/proc/self/fd/<@fd>": the path of the inode behind @fd, whatever
 * happens to its name. */
#define CFS_FD_PATH_MAX (sizeof("/proc/self/fd/") + 3 * sizeof(int))
void cfs_fd_path(int fd, char path[static CFS_FD_PATH_MAX]) CFS_NONNULL;

/*
 * Opens the inode of @fd (which may be O_PATH) once more with @flags, through
 * /proc/self/fd, so that no name is resolved a second time.
 * Returns a new descriptor, or negative errno.
 */
int cfs_reopen(int fd, int flags) CFS_MUST_CHECK;

/*
 * Opens the regular file @path below @dirfd like cfs_open_beneath() with
 * O_RDONLY.  The type is checked before the file is opened, so that a FIFO
 * cannot block the caller and no device is touched.  *@ret_st (may be NULL)
 * receives its status.
 * Returns a descriptor that the caller closes, or negative errno (-EISDIR for a
 * directory, -EINVAL for anything else that is not a regular file).
 */
int cfs_open_regular(int dirfd, const char *path,
		     struct stat *ret_st) CFS_MUST_CHECK
	__attribute__((nonnull(2)));

/* Repeat read(2) or pread(2) until @len bytes have been read or the file ends.
 * Return the number of bytes read, or negative errno. */
ssize_t cfs_read_full(int fd, void *data,
		      size_t len) CFS_MUST_CHECK CFS_NONNULL;
ssize_t cfs_pread_full(int fd, void *data, size_t len,
		       uint64_t off) CFS_MUST_CHECK CFS_NONNULL;

/* Repeats write(2) until all @len bytes are written.  Returns 0 or negative
 * errno. */
int cfs_write_full(int fd, const void *data, size_t len) CFS_MUST_CHECK
	__attribute__((nonnull(2)));

/*
 * Appends everything from @fd's position to its end to @buf.
 * Errors: -EFBIG for more than @max bytes, -ENOMEM, those of read(2).
 */
int cfs_read_all(int fd, size_t max,
		 struct cfs_buf *buf) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the contents of the regular file @path below @dirfd to @buf.  With
 * AT_FDCWD, @path is a trusted path and links in it are followed.
 * Returns 1, or 0 with @buf unchanged if the name does not exist.
 * Errors, with @path in the message: -EFBIG for more than @max bytes, -EINVAL
 * for anything but a regular file, those of cfs_open_regular().
 */
int cfs_read_file(int dirfd, const char *path, size_t max, struct cfs_buf *buf,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the directory @path below @dirfd with O_PATH, without following links.
 * Missing components are created, the last one with @mode, the others with
 * 0755.
 * Returns a descriptor that the caller closes, or negative errno (-ELOOP: a
 * component is a link, -ENOTDIR: one is neither a link nor a directory).
 */
int cfs_make_dirs(int dirfd, const char *path,
		  mode_t mode) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Atomically replaces the file @path below @dirfd (mode 0644) with @data, by
 * writing ".<name>.new" and renaming it.  Missing directories are created as by
 * cfs_make_dirs().  A link, FIFO, socket or device of either name is replaced
 * and never opened; a directory is -EISDIR.
 * Returns 0 or negative errno.
 */
int cfs_replace_file(int dirfd, const char *path, const void *data,
		     size_t len) CFS_MUST_CHECK CFS_NONNULL;

/* Renames @from to @to below @dirfd.  Returns 0 or negative errno (-EEXIST if
 * @to exists: nothing is replaced). */
int cfs_rename_new(int dirfd, const char *from,
		   const char *to) CFS_MUST_CHECK CFS_NONNULL;

/* Returns 1 if @name exists below @dirfd, be it a dangling link, 0 if it does
 * not, or negative errno. */
int cfs_name_exists(int dirfd, const char *name) CFS_MUST_CHECK CFS_NONNULL;

/* Are these of one file? */
static inline bool cfs_is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

#endif
