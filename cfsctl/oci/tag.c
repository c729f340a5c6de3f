/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/trust.h"
#include "oci/tag.h"

struct options {
	struct cfs_trust_options trust;
};

static const struct cfs_opt options[] = {
	CFS_TRUST_OPTIONS(struct options, trust),
	{ 0 },
};

static int run_tag(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	struct cfs_demand demand = { .trust = &trust,
				     .name = call->operand[1],
				     .role = CFS_SEAL_MERGED };
	int r = cmd_trust_open(&o->trust, &trust, err);

	if (r == 0)
		r = cmd_open_store(call->g, &store, err);
	if (r == 0)
		r = cfs_oci_image_find(&store.repo, call->operand[0], &image,
				       err);
	if (r >= 0)
		r = cmd_trust_accept(&demand, &store.repo, &image, err);
	if (r >= 0)
		r = cfs_oci_tag_set(&store, call->operand[1], &image.id, err);
	if (r < 0)
		return r;
	cmd_line(stdout, "Tagged %s as %s", image.id.text, call->operand[1]);
	return 0;
}

const struct cfs_cmd cmd_oci_tag = {
	.name = "tag",
	.help = "name an image that is in the repository",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" }, { "NAME" } },
	.run = run_tag,
};

static int run_untag(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r = cmd_open_store(call->g, &store, err);

	if (r == 0)
		r = cfs_oci_tag_remove(&store, call->operand[0], err);
	if (r == 0)
		r = cfs_fail(err, ENOENT, "there is no such tag");
	if (r < 0)
		return cfs_ctx(err, "Failed to remove tag %s",
			       call->operand[0]);
	cmd_line(stdout, "Removed tag %s", call->operand[0]);
	return 0;
}

const struct cfs_cmd cmd_oci_untag = {
	.name = "untag",
	.help = "take a name away; gc then removes what nothing names",
	.operands = { { "NAME" } },
	.run = run_untag,
};
