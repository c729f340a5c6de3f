/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl image-objects: the objects that an image needs. */
#include <stdio.h>
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/image_map.h"
#include "erofs/reader.h"

struct ids {
	size_t n, room;
	struct cfs_digest *v; /* owned */
};

static int add_id(void *ctx, const struct cfs_digest *id, struct cfs_err *err)
{
	struct ids *ids = ctx;

	if (ids->n == ids->room) {
		size_t room = ids->room ? 2 * ids->room : 256;
		struct cfs_digest *v = reallocarray(ids->v, room, sizeof(*v));

		if (!v)
			return cfs_fail(err, ENOMEM, "out of memory");
		ids->v = v;
		ids->room = room;
	}
	ids->v[ids->n++] = *id;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	const struct cfs_digest *x = a, *y = b;

	return memcmp(x->bytes, y->bytes, sizeof(x->bytes));
}

static void print_ids(const struct ids *ids)
{
	char hex[CFS_DIGEST_HEX_MAX];

	if (ids->n > 0)
		qsort(ids->v, ids->n, sizeof(*ids->v), by_bytes);
	for (size_t i = 0; i < ids->n; i++) {
		if (i > 0 && cfs_digest_equal(&ids->v[i], &ids->v[i - 1]))
			continue;
		cfs_digest_to_hex(&ids->v[i], hex);
		printf("%s:%s\n", cfs_alg_name(ids->v[i].alg), hex);
	}
}

int cmd_image_objects(const struct cfs_globals *g, int argc, char **argv,
		      struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	struct ids ids = { 0 };
	int r;

	r = cmd_options(NULL, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 1, 1, err);
	if (r == 0)
		r = cmd_open_repo(g, &repo, err);
	if (r == 0)
		r = cmd_image_map(g, &repo, argv[1], &image, err);
	if (r == 0)
		r = cfs_erofs_objects(image.bytes, repo.meta.alg, add_id, &ids,
				      err);
	if (r == 0)
		print_ids(&ids);
	free(ids.v);
	return r;
}
