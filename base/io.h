/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Descriptors and whole files.
 *
 * Names that come from a disk or a command line are resolved below a
 * descriptor with openat2(2) (Linux 5.6); no function here follows one
 * anywhere else.  Functions without a struct cfs_err return negative errno
 * and leave the wording to the caller, who knows what the file is for.
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
 * openat2(2) with @resolve (RESOLVE_* of linux/openat2.h); close-on-exec is
 * added.  @mode counts with O_CREAT and O_TMPFILE only.
 * Returns a descriptor the caller closes, or negative errno.
 */
int cfs_openat2(int dirfd, const char *path, int flags, mode_t mode,
		uint64_t resolve) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens @path below @dirfd: no component, link or ".." may lead out of it and
 * no magic link is followed.  @flags: of open(2), without O_CREAT.
 * Returns a descriptor the caller closes, or negative errno (-EXDEV: it leads
 * out).
 */
int cfs_open_beneath(int dirfd, const char *path,
		     int flags) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the inode behind @fd (which may be O_PATH) again with @flags, through
 * /proc/self/fd: no name is walked a second time.
 * Returns a new descriptor, or negative errno.
 */
int cfs_reopen(int fd, int flags) CFS_MUST_CHECK;

/*
 * Opens the regular file @path below @dirfd (as cfs_open_beneath with
 * O_RDONLY), looking before it opens: a FIFO cannot hang it and a device is
 * not touched.  *@ret_st (may be NULL) is its status.
 * Returns a descriptor, or negative errno (-EISDIR for a directory, -EINVAL
 * for anything else that is no regular file).
 */
int cfs_open_regular(int dirfd, const char *path,
		     struct stat *ret_st) CFS_MUST_CHECK
	__attribute__((nonnull(2)));

/* read(2)/pread(2)/write(2) until all of @len is done or the end of file.
 * Returns the bytes read, or negative errno. */
ssize_t cfs_read_full(int fd, void *data,
		      size_t len) CFS_MUST_CHECK CFS_NONNULL;
ssize_t cfs_pread_full(int fd, void *data, size_t len,
		       uint64_t off) CFS_MUST_CHECK CFS_NONNULL;

/* Returns 0 when all of @len is written, or negative errno. */
int cfs_write_full(int fd, const void *data, size_t len) CFS_MUST_CHECK
	__attribute__((nonnull(2)));

/*
 * Appends everything from @fd's position to its end to @buf, at most @max
 * bytes.  Errors: -EFBIG when there is more, -ENOMEM, else read's.
 */
int cfs_read_all(int fd, size_t max,
		 struct cfs_buf *buf) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the regular file @path below @dirfd (AT_FDCWD: an ordinary path of
 * our own choosing, links followed) into @buf, at most @max bytes.
 * Returns 1, or 0 when there is no such name; @buf is then untouched.
 * Errors are worded with @path: -EFBIG, -EXDEV, -EINVAL (not regular), ...
 */
int cfs_read_file(int dirfd, const char *path, size_t max, struct cfs_buf *buf,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens the directory @path below @dirfd (O_PATH), following no link.  Missing
 * components are created, the last one with @mode, those above it with 0755.
 * Returns a descriptor the caller closes, or negative errno (-ELOOP: a link is
 * in the way, -ENOTDIR: anything else).
 */
int cfs_make_dirs(int dirfd, const char *path,
		  mode_t mode) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes @data the content of the file @path below @dirfd (mode 0644), whole or
 * not at all: it is written as ".<name>.new" and renamed.  Missing directories
 * are created as by cfs_make_dirs().  A link, FIFO, socket or device of either
 * name is replaced and never opened; a directory is -EISDIR.
 * Returns 0 or negative errno.
 */
int cfs_replace_file(int dirfd, const char *path, const void *data,
		     size_t len) CFS_MUST_CHECK CFS_NONNULL;

/* Renames @from to @to below @dirfd; -EEXIST when @to is there already. */
int cfs_rename_new(int dirfd, const char *from,
		   const char *to) CFS_MUST_CHECK CFS_NONNULL;

/* Is the name itself there, wherever it may point? 1, 0 or negative errno. */
int cfs_name_exists(int dirfd, const char *name) CFS_MUST_CHECK CFS_NONNULL;

#endif
