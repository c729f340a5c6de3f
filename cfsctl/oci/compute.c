/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci compute-id, composefs-digest-karg and dump: what an image would
 * be, without storing it. */
#include <stdio.h>

#include "boot/kargs.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/tree_source.h"
#include "cfsctl/trust.h"
#include "repo/image_store.h"
#include "tree/dump/dump.h"

struct options {
	struct cfs_oci_tree_choice tree;
};

static const struct cfs_opt options[] = {
	CFS_OCI_TREE_OPTIONS(struct options, tree),
	CFS_OCI_LAYER_OPTION(struct options, tree),
	{ 0 },
};

static int compute(const struct cfs_call *call, bool bootable,
		   struct cfs_digest *ret, unsigned *ret_format,
		   struct cfs_err *err)
{
	struct cfs_oci_tree_choice choice =
		((const struct options *)call->options)->tree;
	struct cfs_oci_made made = { 0 };
	int r = cmd_oci_tree_check(&choice, err);

	choice.bootable = choice.bootable || bootable;
	choice.stream = call->n > 1 ? call->operand[1] : NULL;
	if (r == 0)
		r = cmd_oci_tree(call->g, call->operand[0], &choice, &made,
				 err);
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
	.operands = { { "IMAGE" }, CFS_OCI_STREAM_OPERAND },
	.run = run_compute_id,
	.allows_no_repo = true,
};

struct karg_options {
	struct options of; /* for compute() the first member */
	struct cfs_trust_options trust;
};

static const struct cfs_opt karg_options[] = {
	CFS_OCI_MERGE_OPTIONS(struct karg_options, of.tree),
	CFS_TRUST_OPTIONS(struct karg_options, trust),
	{ 0 },
};

/* Images outside of the repository have no artifacts here to verify. */
static int check_elsewhere(const struct cfs_trust *trust, const char *name,
			   struct cfs_err *err)
{
	const struct cfs_rule *rule = cfs_rules_find(&trust->rules, name);

	if (trust->require || (rule && rule->accept != CFS_ACCEPT_ANYTHING))
		return cfs_fail(err, CFS_ESTATUS(CFS_STATUS_REQUIRED),
				"a signature is demanded, and only those of "
				"images in the repository can be verified: "
				"`cfsctl oci pull` takes it there");
	return 0;
}

/* Is there such an image, and a proof of what it boots?  1 with the digest,
 * or 0 where nothing is demanded. */
static int prove(const struct cfs_call *call, const struct cfs_trust *trust,
		 struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_demand demand = { .trust = trust,
				     .name = call->operand[0],
				     .role = CFS_SEAL_BOOTABLE };
	int r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = cfs_oci_image_find(&repo, demand.name, &image, err);
	if (r >= 0)
		r = cmd_trust_accept(&demand, &repo, &image, err);
	if (r < 0)
		return r;
	*ret = demand.proof.digest;
	return demand.proof.n > 0;
}

/* The digest that is signed is of format 1, and of the tree as it is. */
static int check_choice(const struct cfs_call *call, struct cfs_err *err)
{
	const struct karg_options *o = call->options;

	if (!o->of.tree.create_parents && !o->of.tree.filter &&
	    (call->g->erofs_version < 0 || call->g->erofs_version == 1))
		return 0;
	return cfs_fail(err, CFS_EUSAGE,
			"a signature is demanded, and says which image boots: "
			"leave out --create-parents, --xattrs and "
			"--erofs-version");
}

/* Returns 1 with the digest that was signed, or 0 if none had to be. */
static int find_signed(const struct cfs_call *call, struct cfs_digest *ret,
		       struct cfs_err *err)
{
	const struct karg_options *o = call->options;
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	int r = cmd_trust_open(&o->trust, &trust, err);

	if (r < 0 || (!trust.require && !trust.file))
		return r;
	if (cmd_oci_is_elsewhere(call->g, call->operand[0]))
		return check_elsewhere(&trust, call->operand[0], err);
	r = prove(call, &trust, ret, err);
	if (r > 0 && check_choice(call, err) < 0)
		r = -err->code;
	return r;
}

static int run_karg(const struct cfs_call *call, struct cfs_err *err)
{
	struct cfs_karg karg = { .insecure = call->g->insecure };
	char text[CFS_KARG_TEXT_MAX];
	unsigned format = 1;
	int r = find_signed(call, &karg.digest, err);

	if (r == 0)
		r = compute(call, true, &karg.digest, &format, err);
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
	.size = sizeof(struct karg_options),
	.operands = { { "IMAGE" } },
	.run = run_karg,
	.allows_no_repo = true,
};

static int run_dump(const struct cfs_call *call, struct cfs_err *err)
{
	struct cfs_oci_tree_choice choice =
		((const struct options *)call->options)->tree;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_oci_made made = { 0 };
	int r = cmd_oci_tree_check(&choice, err);

	choice.stream = call->n > 1 ? call->operand[1] : NULL;
	if (r == 0)
		r = cmd_oci_tree(call->g, call->operand[0], &choice, &made,
				 err);
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
	.operands = { { "IMAGE" }, CFS_OCI_STREAM_OPERAND },
	.run = run_dump,
	.allows_no_repo = true,
};
