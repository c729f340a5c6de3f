/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl enable-verity: seals a repository that was copied or built without
 * fs-verity. */
#include <inttypes.h>
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/progress.h"
#include "repo/seal.h"

struct options {
	bool no_signatures;
};

static const struct cfs_opt options[] = {
	{ .name = "kernel-signatures",
	  .value = "yes|no",
	  .help = "hand the kernel the signatures that are kept (default: yes)",
	  .choices = cmd_yes_no,
	  CFS_OPT_PARSES(struct options, no_signatures, cmd_parse_no) },
	{ 0 },
};

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
	cmd_progress_file(arg);
	cmd_progress_bytes(arg, bytes);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOPROGRESS struct cfs_progress progress = { 0 };
	const struct cfs_seal_params params = {
		.no_signatures = o->no_signatures,
		.progress = count,
		.progress_arg = &progress,
	};
	char objects[sizeof(call->g->repo) + sizeof("/objects")];
	struct cfs_seal_stats stats;
	int r;

	r = cmd_open_store(call->g, &store, err);
	if (r < 0)
		return r;
	snprintf(objects, sizeof(objects), "%s/objects", call->g->repo);
	cmd_progress_start(&progress, "sealed", 0, objects);
	r = cfs_store_seal(&store, &params, &stats, err);
	cmd_progress_end(&progress);
	if (r == 0)
		report(&stats);
	return r;
}

const struct cfs_cmd cmd_enable_verity = {
	.name = "enable-verity",
	.help = "seal a repository that was copied or made without fs-verity",
	.options = options,
	.size = sizeof(struct options),
	.run = run,
};
