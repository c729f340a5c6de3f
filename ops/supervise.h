/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Standing in for a child process: signals go to it, and its end is ours. */
#ifndef CFS_OPS_SUPERVISE_H
#define CFS_OPS_SUPERVISE_H

#include <signal.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Blocks the signals that cfs_supervise() passes on, so that none is lost that
 * arrives before, and SIGCHLD.
 * @before: gets the mask of signals for the programs that are started.
 */
void cfs_supervise_begin(sigset_t *before) CFS_NONNULL;

/* In a child that is about to execute another program: the mask @before, and
 * SIGPIPE ends a process. */
void cfs_supervise_undo(const sigset_t *before) CFS_NONNULL;

/*
 * Waits for the end of the child @pid.  SIGHUP, SIGINT, SIGQUIT, SIGTERM,
 * SIGUSR1, SIGUSR2 and SIGWINCH are passed on to it.  Other children are reaped
 * as they end.
 *
 * @needed: a child that must not end before; -1: none.
 * Returns its exit status, or 128 and the signal that ended it.
 * Errors: -ECHILD @needed ended first.
 */
int cfs_supervise(pid_t pid, pid_t needed) CFS_MUST_CHECK;

#endif
