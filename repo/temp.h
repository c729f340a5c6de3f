/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A file that is complete before it has a name.  It is an O_TMPFILE where the
 * file system has them, else it has a temporary name in the same directory.
 *
 * What a crash leaves of the latter, ".tmp-<random>" in a repository, is
 * removed by cfs_temp_sweep().  In a directory of the user's, where nothing
 * else is known to be ours, the name is made of the one that the file is to
 * get, and the next writer of that name removes it (cfs_temp_open_for()).
 */
#ifndef CFS_REPO_TEMP_H
#define CFS_REPO_TEMP_H

#include "base/err.h"

#define CFS_TEMP_PREFIX	  ".tmp-"
#define CFS_TEMP_NAME_MAX 256
#define CFS_TEMP_MODE	  0644

struct cfs_temp {
	int fd;		    /* O_RDWR, or O_RDONLY once sealed */
	int dirfd;	    /* borrowed */
	const char *target; /* borrowed; of cfs_temp_open_for(), or NULL */
	char name[CFS_TEMP_NAME_MAX]; /* "" while it has none */
};

#define CFS_TEMP_INIT                         \
	{                                     \
		.fd = -EBADF, .dirfd = -EBADF \
	}

/* Closes it and removes its temporary name. */
void cfs_temp_close(struct cfs_temp *temp);

#define CFS_AUTOTEMP __attribute__((cleanup(cfs_temp_close)))

enum cfs_temp_kind {
	CFS_TEMP_NAMED, /* has a temporary name, which a crash leaves behind */
	CFS_TEMP_UNNAMED, /* O_TMPFILE */
};

/* CFS_TEMP_UNNAMED if files without a name can be made in @dirfd and be given
 * one later.  Network, FUSE and stacked file systems differ; so it is tried. */
enum cfs_temp_kind cfs_temp_best_kind(int dirfd) CFS_MUST_CHECK;

/* Makes an empty file in @dirfd, mode CFS_TEMP_MODE less the umask. */
int cfs_temp_open(int dirfd, enum cfs_temp_kind kind, struct cfs_temp *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The same for a file that is to be named @target in @dirfd, which may be a
 * directory of the user's.  Its temporary names are ".<target>.cfsctl-tmp-<n>".
 * What a killed program left under such a name is removed, which its lock
 * (flock(2)) tells from what another one is writing just now.
 *
 * @target outlives the file.
 */
int cfs_temp_open_for(int dirfd, const char *target, enum cfs_temp_kind kind,
		      struct cfs_temp *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reopens it read-only and gives up the writable descriptor, which fs-verity
 * demands. */
int cfs_temp_seal(struct cfs_temp *temp,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Gives it the name @path below @dirfd (same file system).
 * Returns 1, or 0 when that name is taken. */
int cfs_temp_publish(struct cfs_temp *temp, int dirfd, const char *path,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The same, replacing what has that name at once. */
int cfs_temp_replace(struct cfs_temp *temp, int dirfd, const char *path,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Makes @path below @dirfd a symbolic link to @target, replacing at once what
 * has that name; @path's directory exists. */
int cfs_temp_symlink(const char *target, int dirfd, const char *path,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Removes temporary files directly in @dirfd that a crash left; the caller
 * holds the repository's lock alone. */
void cfs_temp_sweep(int dirfd);

/* Gives the open file @fd the new name @path below @dirfd.
 * Returns 0 or negative errno. */
int cfs_temp_link_fd(int fd, int dirfd,
		     const char *path) CFS_MUST_CHECK CFS_NONNULL;

#endif
