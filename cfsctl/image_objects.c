/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl image-objects: the objects that an image needs. */
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "erofs/reader.h"
#include "fsverity/digest_set.h"

static int add_id(void *ctx, const struct cfs_digest *id, struct cfs_err *err)
{
	return cfs_digest_set_add(ctx, id, err);
}

static void print_ids(struct cfs_digest_set *ids)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_set_sort(ids);
	for (size_t i = 0; i < ids->n; i++) {
		cfs_digest_to_hex(&ids->v[i], hex);
		printf("%s:%s\n", cfs_alg_name(ids->v[i].alg), hex);
	}
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	CFS_AUTODIGESTSET struct cfs_digest_set ids = { 0 };
	int r;

	r = cmd_open_repo(call->g, &repo, err);
	if (r == 0)
		r = cmd_image_map(call->g, &repo, call->operand[0], &image,
				  err);
	if (r == 0)
		r = cfs_erofs_objects(image.bytes, repo.meta.alg, add_id, &ids,
				      err);
	if (r == 0)
		print_ids(&ids);
	return r;
}

const struct cfs_cmd cmd_image_objects = {
	.name = "image-objects",
	.help = "print the objects that an image needs",
	.operands = { { "IMAGE", CFS_TAKES_IMAGE } },
	.run = run,
};
