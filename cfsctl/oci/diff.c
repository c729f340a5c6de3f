/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci diff: why two images, or an image and a directory, have other
 * digests. */
#include "cfsctl/diff/diff.h"

#include "cfsctl/oci/oci.h"
#include "oci/origin.h"

static int read_tree(const struct cfs_globals *g, const char *name,
		     const struct cfs_tree_source *source,
		     struct cfs_tree **ret, struct cfs_err *err)
{
	const struct cfs_oci_tree_choice choice = {
		.bootable = source->bootable,
		.as_is = source->as_is,
		.filter = source->filter,
	};
	struct cfs_oci_made made;
	int r;

	if (!cfs_origin_is_reference(name)) {
		r = cmd_oci_stored_tree(g, name, &choice, &made, err);
	} else {
		r = cmd_oci_tree(g, name, &choice, &made, err);
		r = r < 0 ? r : 1;
	}
	if (r > 0)
		*ret = made.tree;
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	return cmd_diff_run(call, read_tree, err);
}

const struct cfs_cmd cmd_oci_diff = {
	.name = "diff",
	.help = "say what differs between images, directories, dumpfiles",
	.more = "A and B: an image of the repository or what pull takes; else "
		"what `cfsctl diff`\ntakes.  Exit status: 0 the same, 1 "
		"different, 2 trouble.\n",
	.options = cmd_diff_options,
	.size = sizeof(struct cfs_diff_options_given),
	.operands = { { "A", CFS_TAKES_FILE }, { "B", CFS_TAKES_FILE } },
	.run = run,
	.allows_no_repo = true,
	.compares = true,
};
