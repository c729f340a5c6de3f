/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci compute-id, composefs-digest-karg and dump: what an image would
 * be, without storing it. */
#include <stdio.h>

#include "boot/kargs.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/tree_source.h"
#include "repo/image_store.h"
#include "tree/dump/dump.h"

struct options {
	struct cfs_oci_tree_choice tree;
};

static const struct cfs_opt options[] = {
	CFS_OCI_TREE_OPTIONS(struct options, tree),
	{ 0 },
};

static int compute(const struct cfs_call *call, bool bootable,
		   struct cfs_digest *ret, unsigned *ret_format,
		   struct cfs_err *err)
{
	struct cfs_oci_tree_choice choice =
		((const struct options *)call->options)->tree;
	struct cfs_oci_made made;
	int r;

	choice.bootable = choice.bootable || bootable;
	r = cmd_oci_tree(call->g, call->operand[0], &choice, &made, err);
	if (r == 0)
		r = cfs_image_compute(made.tree, made.format, made.alg, ret,
				      NULL, err);
	*ret_format = made.format;
	cfs_tree_free(made.tree);
	return r;
}

static int run_compute_id(const struct cfs_call *call, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	unsigned format;
	int r = compute(call, false, &id, &format, err);

	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	puts(hex);
	return 0;
}

const struct cfs_cmd cmd_oci_compute_id = {
	.name = "compute-id",
	.help = "print the digest of an image's EROFS image",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run_compute_id,
	.allows_no_repo = true,
};

static const struct cfs_opt karg_options[] = {
	CFS_OCI_MERGE_OPTIONS(struct options, tree),
	{ 0 },
};

static int run_karg(const struct cfs_call *call, struct cfs_err *err)
{
	struct cfs_karg karg = { .insecure = call->g->insecure };
	char text[CFS_KARG_TEXT_MAX];
	unsigned format;
	int r = compute(call, true, &karg.digest, &format, err);

	if (r < 0)
		return r;
	karg.version = format < 2 ? 1 : 2;
	cfs_karg_format(&karg, text);
	puts(text);
	return 0;
}

const struct cfs_cmd cmd_oci_digest_karg = {
	.name = "composefs-digest-karg",
	.help = "print the kernel argument that boots an image",
	.options = karg_options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run_karg,
	.allows_no_repo = true,
};

static int run_dump(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_oci_made made;
	int r = cmd_oci_tree(call->g, call->operand[0], &o->tree, &made, err);

	if (r == 0)
		r = cfs_dump_write(made.tree, &out, err);
	if (r == 0 && fwrite(out.data, 1, out.len, stdout) != out.len)
		r = cfs_fail_errno(err, "write the dumpfile");
	cfs_tree_free(made.tree);
	return r;
}

const struct cfs_cmd cmd_oci_dump = {
	.name = "dump",
	.help = "print the tree of an image as a dumpfile",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run_dump,
	.allows_no_repo = true,
};
