/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl varlink: the service for other programs. */
#include <unistd.h>

#include "cfsctl/cfsctl.h"
#include "varlink/listen.h"
#include "varlink/serve.h"

struct options {
	const char *address;
};

static const struct cfs_opt options[] = {
	{ .name = "address",
	  .value = "PATH",
	  .help = "make a socket there and listen (default: the socket that "
		  "the service manager passes)",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, address) },
	{ 0 },
};

/* Serves the connections of the listening socket *@fd. */
static int serve_all(int *fd, unsigned flags, struct cfs_err *err)
{
	int client, r = cfs_varlink_accept_all(fd, &client, err);

	return r > 0 ? cfs_varlink_serve(client, flags, err) : r;
}

static int serve_at(const char *path, unsigned flags, struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_varlink_listen(path, err);
	int r = fd < 0 ? fd : serve_all(&fd, flags, err);

	/* In the process of a connection it is closed. */
	if (fd >= 0)
		(void)unlink(path);
	return r;
}

static int serve_inherited(unsigned flags, struct cfs_err *err)
{
	int fd, r = cfs_varlink_inherited(&fd, err);

	if (r == 0)
		return cfs_fail(err, CFS_EUSAGE,
				"give --address PATH, or start it from a "
				"socket unit");
	if (r < 0)
		return r;
	return cfs_varlink_listens(fd) ? serve_all(&fd, flags, err)
				       : cfs_varlink_serve(fd, flags, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	unsigned flags = cmd_access(call->g).flags;

	return o->address ? serve_at(o->address, flags, err)
			  : serve_inherited(flags, err);
}

const struct cfs_cmd cmd_varlink = {
	.name = "varlink",
	.help = "serve other programs over a socket, by varlink",
	.options = options,
	.size = sizeof(struct options),
	.run = run,
};
