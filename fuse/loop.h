/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Answers the requests of a session: one thread does, as long as that keeps up.
 * More are started when requests wait, or when one takes its time, and rest
 * when there is nothing for them to do: threads that wait for the same requests
 * cost a single reader more than they give.  Private to the room.
 */
#ifndef CFS_FUSE_LOOP_H
#define CFS_FUSE_LOOP_H

#include "base/err.h"

/* The threads that answer requests, at most, the first one among them. */
#define CFS_FUSE_THREADS_MAX 16

struct fuse_session;
struct cfs_fuse_loop;

/*
 * From now on SIGTERM, SIGINT and SIGHUP end @session, unless they were
 * ignored.  This thread is the first one.  One loop at a time in a process.
 * Errors: -ENOMEM.
 */
int cfs_fuse_loop_new(struct fuse_session *session, struct cfs_fuse_loop **ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* After the session has got its descriptor, and before its first request.
 * Errors: -ENOMEM. */
int cfs_fuse_loop_connect(struct cfs_fuse_loop *loop,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Answers requests until the session ends: by a signal, cfs_fuse_loop_stop(),
 * or because it was unmounted. */
void cfs_fuse_loop_run(struct cfs_fuse_loop *loop) CFS_NONNULL;

/* Sees to it that another thread waits for requests, if there may be one more:
 * that which calls, for its request, will take its time. */
void cfs_fuse_loop_spare(struct cfs_fuse_loop *loop) CFS_NONNULL;

/* Ends the session.  Any thread may call. */
void cfs_fuse_loop_stop(struct cfs_fuse_loop *loop) CFS_NONNULL;

/* Ends the session and all threads but the first one, which calls. */
void cfs_fuse_loop_end(struct cfs_fuse_loop *loop) CFS_NONNULL;

/* After cfs_fuse_loop_end(); signals do what they did before.  NULL is
 * ignored. */
void cfs_fuse_loop_free(struct cfs_fuse_loop *loop);

#endif
