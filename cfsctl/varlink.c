/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl varlink: the service for other programs. */
#include <unistd.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/trust.h"
#include "varlink/listen.h"
#include "varlink/serve.h"

struct options {
	const char *address;
	bool guests;
	struct cfs_opt_list roots_from_boot;
	struct cfs_trust_options trust;
};

static const struct cfs_opt options[] = {
	{ .name = "address",
	  .value = "PATH",
	  .help = "make a socket there and listen (default: the socket that "
		  "the service manager passes)",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, address) },
	{ .name = "guests",
	  .help = "let other users who may connect ask for the repository of "
		  "--repo, with the rights of the service",
	  CFS_OPT_SETS(struct options, guests) },
	{ .name = "roots-from-boot",
	  .value = "DIR",
	  .help = "keep what the boot partition at DIR can boot when a client "
		  "collects garbage in the repository of --repo; repeatable",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, roots_from_boot) },
	CFS_TRUST_OPTIONS(struct options, trust),
	{ 0 },
};

/* Serves one connection.  The policy is read for each: it may have changed
 * since the service was started. */
static int serve(const struct cfs_call *call, int fd,
		 const struct cfs_varlink_register *shared, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	const struct cfs_varlink_rules rules = {
		.flags = cmd_access(call->g).flags,
		.trust = &trust,
		.guests = o->guests ? call->g->repo : NULL,
		.boot_repo = call->g->repo,
		.boot = o->roots_from_boot.v,
		.n_boot = o->roots_from_boot.n,
	};
	CFS_AUTOFD int client = fd;
	int r = cmd_trust_open(&o->trust, &trust, err);

	return r < 0 ? r
		     : cfs_varlink_serve(cfs_steal_fd(&client), shared, &rules,
					 err);
}

/* Serves the connections of the listening socket *@fd. */
static int serve_all(const struct cfs_call *call, int *fd, struct cfs_err *err)
{
	CFS_AUTOREGISTER struct cfs_varlink_register shared =
		CFS_VARLINK_REGISTER_NONE;
	int client, r = cfs_varlink_accept_all(fd, &client, &shared, err);

	return r > 0 ? serve(call, client, &shared, err) : r;
}

static int serve_at(const struct cfs_call *call, const char *path,
		    struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_varlink_listen(path, err);
	int r = fd < 0 ? fd : serve_all(call, &fd, err);

	/* In the process of a connection it is closed. */
	if (fd >= 0)
		(void)unlink(path);
	return r;
}

static int serve_inherited(const struct cfs_call *call, struct cfs_err *err)
{
	static const struct cfs_varlink_register none =
		CFS_VARLINK_REGISTER_NONE;
	int fd, r = cfs_varlink_inherited(&fd, err);

	if (r == 0)
		return cfs_fail(err, CFS_EUSAGE,
				"give --address PATH, or start it from a "
				"socket unit");
	if (r < 0)
		return r;
	return cfs_varlink_listens(fd) ? serve_all(call, &fd, err)
				       : serve(call, fd, &none, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	int r = cmd_trust_open(&o->trust, &trust, err);

	if (r == 0 && o->guests && call->g->repo[0] != '/')
		r = cfs_fail(err, CFS_EUSAGE,
			     "--guests needs the absolute path of a "
			     "repository");
	if (r < 0)
		return r;
	return o->address ? serve_at(call, o->address, err)
			  : serve_inherited(call, err);
}

const struct cfs_cmd cmd_varlink = {
	.name = "varlink",
	.help = "serve other programs over a socket, by varlink",
	.options = options,
	.size = sizeof(struct options),
	.run = run,
};
