/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/socket.h"

#include <stdio.h>

int cmd_socket_open(const struct cfs_globals *g,
		    struct cfs_varlink_client *client, struct cfs_err *err)
{
	const char *path = g->path || g->user ? g->repo : NULL;
	int r;

	if (path && path[0] != '/')
		return cfs_fail(err, CFS_EUSAGE,
				"with --socket the path of --repo has to be "
				"absolute: it is that of the service");
	r = cfs_varlink_connect(client, g->socket, err);
	if (r == 0)
		r = cfs_varlink_open(client, path, err);
	return r < 0 ? cfs_ctx(err, "--socket") : 0;
}

struct cfs_json_writer *cmd_socket_call(struct cfs_varlink_client *client,
					const char *method)
{
	struct cfs_json_writer *w;
	char name[128];

	snprintf(name, sizeof(name), "org.composefs.%s", method);
	w = cfs_varlink_begin_call(client, name);
	cfs_json_write_u64(w, "handle", client->handle);
	return w;
}

int cmd_socket_lacks(const char *option, struct cfs_err *err)
{
	return cfs_fail(err, CFS_EUSAGE,
			"%s cannot be combined with --socket: no service does "
			"that",
			option);
}
