/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl enable-verity: seals a repository that was copied or built without
 * fs-verity. */
#include <inttypes.h>
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/progress.h"
#include "repo/seal.h"

static void report(const struct cfs_seal_stats *stats)
{
	printf("Enabled fs-verity on %" PRIu64 " objects, %" PRIu64
	       " had it already\n",
	       stats->enabled + stats->replaced, stats->already);
	if (stats->replaced)
		printf("  %" PRIu64 " of them replaced by signed copies\n",
		       stats->replaced);
}

static void count(void *arg, uint64_t bytes)
{
	cmd_progress_add(arg, bytes);
}

int cmd_enable_verity(const struct cfs_globals *g, int argc, char **argv,
		      struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOPROGRESS struct cfs_progress progress = { 0 };
	struct cfs_seal_params params = { .progress = count,
					  .progress_arg = &progress };
	struct cfs_seal_stats stats;
	const char *signatures = NULL;
	const struct cfs_opt opts[] = {
		{ .name = "kernel-signatures", .text = &signatures },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 0, 0, err);
	if (r == 0)
		r = cmd_parse_no("kernel-signatures", signatures,
				 &params.no_signatures, err);
	if (r == 0)
		r = cmd_open_store(g, &store, err);
	if (r < 0)
		return r;
	cmd_progress_start(&progress, "sealed");
	r = cfs_store_seal(&store, &params, &stats, err);
	cmd_progress_end(&progress);
	if (r == 0)
		report(&stats);
	return r;
}
