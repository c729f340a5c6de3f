/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* --socket: the repository of a service (varlink/client.h). */
#ifndef CFS_CFSCTL_SOCKET_H
#define CFS_CFSCTL_SOCKET_H

#include "cfsctl/cfsctl.h"
#include "varlink/client.h"

/*
 * Connects to the service of --socket and opens the repository that the options
 * name, or the one that the service has.  @client is empty before; the caller
 * frees it.
 * Errors: -CFS_EUSAGE the path of the repository is not absolute; those of
 * cfs_varlink_connect() and cfs_varlink_open().
 */
int cmd_socket_open(const struct cfs_globals *g,
		    struct cfs_varlink_client *client,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Begins a call of @method, "INTERFACE.NAME" behind "org.composefs.", with the
 * handle of the repository. */
struct cfs_json_writer *cmd_socket_call(struct cfs_varlink_client *client,
					const char *method) CFS_NONNULL;

/* Words and returns -CFS_EUSAGE: @option needs the repository itself. */
int cmd_socket_lacks(const char *option, struct cfs_err *err) CFS_NONNULL;

#endif
