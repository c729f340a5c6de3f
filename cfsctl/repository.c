/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How commands open the repository that the options name. */
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/line.h"
#include "repo/lock_holder.h"

void cmd_waiting(const struct cfs_repo *repo)
{
	CFS_AUTOBUF struct cfs_buf names = { 0 };
	unsigned n = cfs_lock_holders(repo, &names);
	const char *text = n ? cfs_buf_text(&names) : NULL;

	cmd_line(stderr, "waiting for %s to release the repository's lock",
		 text ? text : "another process");
}

struct cfs_access cmd_access(const struct cfs_globals *g)
{
	unsigned flags = 0;

	flags |= g->insecure ? CFS_ACCESS_INSECURE : 0;
	flags |= g->require_verity ? CFS_ACCESS_REQUIRE_VERITY : 0;
	flags |= g->no_upgrade ? CFS_ACCESS_NO_UPGRADE : 0;
	flags |= g->no_sync ? CFS_ACCESS_NO_SYNC : 0;
	return (struct cfs_access){ .path = g->repo,
				    .alg = g->has_alg ? g->alg : 0,
				    .flags = flags,
				    .waiting = cmd_waiting };
}

int cmd_open_repo(const struct cfs_globals *g, struct cfs_repo *ret,
		  struct cfs_err *err)
{
	const struct cfs_access access = cmd_access(g);

	return cfs_access_read(&access, ret, err);
}

int cmd_open_store(const struct cfs_globals *g, struct cfs_store *ret,
		   struct cfs_err *err)
{
	const struct cfs_access access = cmd_access(g);

	return cfs_access_write(&access, ret, err);
}

int cmd_demands_verity(const struct cfs_globals *g, const struct cfs_repo *repo,
		       struct cfs_err *err)
{
	const struct cfs_access access = cmd_access(g);

	return cfs_access_demands_verity(&access, repo, err);
}
