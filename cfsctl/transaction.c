/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <unistd.h>

#include "cfsctl/cfsctl.h"

/* The lock that all who read or add have, which keeps gc away, for a script of
 * several commands. */
static int run(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cmd_open_repo(call->g, &repo, err);

	if (r < 0)
		return r;
	for (;;)
		pause();
}

const struct cfs_cmd cmd_transaction = {
	.name = "transaction",
	.help = "keep gc away until this is killed",
	.run = run,
};
