/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl pin, unpin: images that are kept without another name. */
#include "ops/pin.h"

#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/line.h"

static void print(const struct cfs_digest *id, const char *what)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	cmd_line(stdout, "%s:%s %s", cfs_alg_name(id->alg), hex, what);
}

static int run_pin(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r = cmd_open_store(call->g, &store, err);

	for (int i = 0; r >= 0 && i < call->n; i++) {
		struct cfs_digest id;

		r = cmd_find_image(&store.repo, call->operand[i], &id, err);
		if (r >= 0)
			r = cfs_pin(&store, &id, err);
		if (r >= 0)
			print(&id, r ? "is pinned" : "is pinned already");
	}
	return r < 0 ? r : 0;
}

static int run_unpin(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r = cmd_open_store(call->g, &store, err);

	for (int i = 0; r >= 0 && i < call->n; i++) {
		struct cfs_digest id;

		r = cmd_find_image(&store.repo, call->operand[i], &id, err);
		if (r >= 0)
			r = cfs_unpin(&store, &id, err);
		if (r == 0)
			return cfs_fail(err, ENOENT, "%s is not pinned",
					call->operand[i]);
		if (r > 0)
			print(&id, "is no longer pinned");
	}
	return r < 0 ? r : 0;
}

const struct cfs_cmd cmd_pin = {
	.name = "pin",
	.help = "keep an image, whether or not something else names it",
	.operands = { { .name = "IMAGE",
			.takes = CFS_TAKES_IMAGE,
			.many = true } },
	.run = run_pin,
};

const struct cfs_cmd cmd_unpin = {
	.name = "unpin",
	.help = "end what pin did; gc then removes what nothing names",
	.operands = { { .name = "IMAGE",
			.takes = CFS_TAKES_IMAGE,
			.many = true } },
	.run = run_unpin,
};
