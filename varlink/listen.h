/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where connections come from: a socket of our own, or of the service
 * manager. */
#ifndef CFS_VARLINK_LISTEN_H
#define CFS_VARLINK_LISTEN_H

#include <stdbool.h>

#include "varlink/register.h"

/* Connections that a listening process serves at a time; others wait. */
#define CFS_VARLINK_CONNECTIONS_MAX 64
/* Those of one user who is neither root nor this process's, and those of all
 * such users together: connections that one user leaves open do not exhaust the
 * service for the others. */
#define CFS_VARLINK_USER_CONNECTIONS_MAX   16
#define CFS_VARLINK_OTHERS_CONNECTIONS_MAX 48

/* Did the service manager pass sockets to this process?  They stay to be taken.
 * Source: sd_listen_fds(3). */
bool cfs_varlink_is_activated(void);

/*
 * Returns 1 with the socket that the service manager passed in *@ret_fd,
 * close-on-exec; or 0 if there is none.
 * Errors: -EINVAL several were passed, or it is no stream socket.
 * Source: sd_listen_fds(3).
 */
int cfs_varlink_inherited(int *ret_fd,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Does the socket @fd listen?  Otherwise it is connected. */
bool cfs_varlink_listens(int fd);

/*
 * Makes a socket at @path, for this process's user and root alone, and listens.
 * A socket that a process left there when it ended is replaced.
 * Returns a descriptor that the caller closes.
 * Errors: -ENAMETOOLONG, -EADDRINUSE another process listens there, or it is
 * something else; those of bind(2).
 */
int cfs_varlink_listen(const char *path,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Accepts connections of the listening socket *@fd, each in a process of its
 * own, which ends with this one.  A connection is closed if no process can be
 * started for it, or if its user or all users have too many.
 * Returns 1 in the process of a connection, with the connection in *@ret_fd and
 * the register of its user in *@ret_shared, both of which the caller closes,
 * and *@fd closed; 0 in this one when SIGTERM or SIGINT ends it.
 * Errors: those of accept4(2) and fork(2).
 */
int cfs_varlink_accept_all(int *fd, int *ret_fd,
			   struct cfs_varlink_register *ret_shared,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
