/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl prepare-boot: a boot entry for an image. */
#include "cfsctl/prepare_boot.h"

#include <stdio.h>

#include "cfsctl/cli/line.h"
#include "erofs/reader.h"
#include "ops/image_version.h"
#include "repo/ref.h"

struct options {
	struct cfs_boot_options boot;
};

static const struct cfs_opt options[] = {
	CFS_BOOT_OPTIONS(struct options, boot),
	{ 0 },
};

int cmd_boot_karg(const struct cfs_globals *g, const struct cfs_repo *repo,
		  const struct cfs_digest *id, struct cfs_karg *ret,
		  struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int secure = cmd_demands_verity(g, repo, err);
	int r = secure < 0 ? secure
			   : cfs_image_open(repo, id, secure > 0, &fd, err);

	if (r >= 0)
		r = cfs_image_version(fd, &ret->version, err);
	if (r < 0)
		return r;
	/* Formats 0 and 1 are one layout at boot. */
	if (ret->version == 0)
		ret->version = 1;
	ret->digest = *id;
	ret->insecure = secure == 0;
	return 0;
}

void cmd_boot_print(const struct cfs_globals *g, const struct cfs_karg *karg,
		    const struct cfs_prepared_boot *prepared)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(&prepared->id, hex);
	cmd_line(stdout, "%s boots %s", prepared->entry, hex);
	if (prepared->others > 0)
		cmd_line(stderr,
			 "note: the image has %u other boot entries, which "
			 "were left out",
			 prepared->others);
	if (karg->insecure && !g->insecure && prepared->kind != CFS_BOOT_UKI)
		fputs("warning: the entry boots without fs-verity, which the "
		      "repository does not demand (`cfsctl enable-verity` "
		      "changes that; use --insecure if it is intended)\n",
		      stderr);
}

int cmd_prepare_boot_run(const void *arg, const struct cfs_repo *repo,
			 const struct cmd_boot_source *source,
			 struct cfs_err *err)
{
	const struct cmd_prepare_boot *prepare = arg;
	const struct cfs_globals *g = prepare->g;
	const struct cfs_boot_options *o = prepare->o;
	char text[CFS_KARG_TEXT_MAX];
	const struct cfs_prepare_boot params = {
		.name = source->name,
		.images = source->images,
		.karg = text,
		.tree = source->tree,
		.boot_dir = o->boot_dir ? o->boot_dir : CFS_SYSTEM_BOOT,
		.entry_id = o->entry_id,
		.n_args = o->args.n,
		.args = o->args.v,
		.no_sync = g->no_sync,
	};
	struct cfs_prepared_boot prepared;
	struct cfs_karg karg;
	int r = cmd_boot_karg(g, repo, &source->images.v[0], &karg, err);

	if (r < 0)
		return r;
	cfs_karg_format(&karg, text);
	r = cfs_prepare_boot(repo, &params, &prepared, err);
	if (r == 0)
		cmd_boot_print(g, &karg, &prepared);
	return r;
}

int cmd_boot_image(const struct cfs_access *access, const char *name,
		   cmd_boot_fn *run, const void *arg, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOMAP struct cfs_image_map map = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cmd_boot_source source = { .name = name };
	struct cfs_digest id;
	int r = cfs_access_read(access, &repo, err);

	if (r == 0)
		r = cmd_find_image(&repo, name, &id, err);
	if (r == 0)
		r = cfs_image_map(access, &repo, &id, &map, err);
	if (r == 0)
		r = cfs_erofs_read(map.bytes, 0, &tree, NULL, err);
	if (r < 0)
		return r;
	source.images = (struct cfs_uki_images){ 1, &id };
	source.tree = tree;
	return run(arg, &repo, &source, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_access access = cmd_access(call->g);
	const struct cmd_prepare_boot prepare = { call->g, &o->boot };
	int r = cfs_access_make_writable(access.path, err);

	if (r == 0)
		r = cmd_boot_image(&access, call->operand[0],
				   cmd_prepare_boot_run, &prepare, err);
	return r < 0 ? cfs_ctx(err, "prepare to boot %s", call->operand[0]) : 0;
}

const struct cfs_cmd cmd_prepare_boot = {
	.name = "prepare-boot",
	.help = "write a boot entry for an image, with its kernel, and make "
		"its state directory",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE } },
	.run = run,
};
