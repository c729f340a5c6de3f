/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where an image is written to: a file that has its name only once it is
 * complete, or what cannot be replaced (a pipe, a device, stdout), directly.
 */
#ifndef CFS_CFSCTL_CLI_OUTPUT_H
#define CFS_CFSCTL_CLI_OUTPUT_H

#include <stdbool.h>

#include "base/err.h"
#include "erofs/writer.h"
#include "repo/temp.h"

struct cfs_output {
	struct cfs_temp temp; /* its fd is -EBADF when there is none */
	int dirfd;	      /* owned; of the name */
	char *name;	      /* owned; below dirfd */
	mode_t mode;	      /* that it gets */
	bool fresh;	      /* there was nothing of that name */
	bool keep;	      /* what has that name by now */
	int direct;	      /* owned unless it is stdout; or -EBADF */
};

#define CFS_OUTPUT_INIT                                                   \
	{                                                                 \
		.temp = CFS_TEMP_INIT, .dirfd = -EBADF, .direct = -EBADF, \
	}

/*
 * Begins to write to @path ("-": stdout).  A regular file keeps its mode and
 * is replaced, the one a symbolic link leads to as well; a new one gets mode
 * 0666 less the umask.
 * Errors: the system call's, without the path's name in front.
 */
int cmd_output_open(const char *path, struct cfs_output *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

enum cfs_output_flags {
	CFS_OUTPUT_REPLACE = 1, /* a regular file of that name is replaced */
};

/*
 * Opens an output that becomes the file @path; never a pipe, a device or
 * stdout.  @flags: enum cfs_output_flags.
 * Errors: -EEXIST something else has that name, the system call's; without the
 * path's name in front.
 */
int cmd_output_open_file(const char *path, unsigned flags,
			 struct cfs_output *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The write of a struct cfs_sink whose ctx is a struct cfs_output. */
int cmd_output_write(void *ctx, const void *data, size_t len,
		     struct cfs_err *err) CFS_MUST_CHECK;

/* Gives the complete file its name.
 * Errors: -EEXIST it may not replace what has come to have that name. */
int cmd_output_commit(struct cfs_output *out,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Drops what has not been committed. */
void cmd_output_close(struct cfs_output *out);
#define CFS_AUTOOUTPUT __attribute__((cleanup(cmd_output_close)))

#endif
