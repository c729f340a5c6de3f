/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Other programs, run without a shell: their words are kept for the message
 * that reports a failure.
 */
#ifndef CFS_BASE_CHILD_H
#define CFS_BASE_CHILD_H

#include <sys/types.h>

#include "base/buf.h"

/* Bytes that are kept of what a program says; the last ones count. */
#define CFS_CHILD_SAID_MAX 65536

struct cfs_child_spec {
	const char *const *argv; /* NULL at the end; [0] is looked for in PATH,
				    then in /usr/sbin and /sbin */
	const char *const *env;	 /* NULL at the end; NULL: that of the caller */
	int out;		 /* its standard output; -EBADF: with its
				    standard error */
	int third;		 /* its descriptor 3; -EBADF: none */
};

struct cfs_child {
	pid_t pid;
	int said; /* what it says on standard error; owned */
};

#define CFS_CHILD_INIT                    \
	{                                 \
		.pid = -1, .said = -EBADF \
	}

/*
 * Starts a program.  Its standard input is empty, signals are as for a program
 * that a user starts, and it gets no other descriptor of ours.
 *
 * Errors: -ENOENT (there is no such program), -EACCES, -ENOMEM, ...; worded.
 */
int cfs_child_start(const struct cfs_child_spec *spec, struct cfs_child *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Waits for the end of the program and appends what it said to @said (may be
 * NULL).  Returns its exit status, 128 and the signal if one ended it, or
 * negative errno.
 */
int cfs_child_wait(struct cfs_child *child, struct cfs_buf *said,
		   struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3)));

/* Ends the program if it does not end by itself within some seconds, and
 * releases what is left; may be called twice, and after cfs_child_wait(). */
void cfs_child_end(struct cfs_child *child);

#define CFS_AUTOCHILD __attribute__((cleanup(cfs_child_end)))

#endif
