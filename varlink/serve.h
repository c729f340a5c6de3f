/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Serving one connection, in a process of its own. */
#ifndef CFS_VARLINK_SERVE_H
#define CFS_VARLINK_SERVE_H

#include "varlink/service.h"

/*
 * Answers the calls that come over the connected socket @fd, which is closed in
 * the end, until the client closes it.  One call is answered at a time, under
 * @rules.  Handles are those of @shared.
 *
 * The process takes on the rights of its client for good
 * (cfs_varlink_peer_become()).  It ends at once, with status 0, when the client
 * disappears during a method that can be left unfinished.
 *
 * Returns 0 when the client has closed the connection.
 * Errors: those of cfs_varlink_receive(), cfs_varlink_dispatch() and
 * cfs_varlink_peer_become(): the client sent what is no call.
 */
int cfs_varlink_serve(int fd, const struct cfs_varlink_register *shared,
		      const struct cfs_varlink_rules *rules,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
