/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/table.h"
#include "cfsctl/oci/oci.h"
#include "ops/oci_images.h"

struct options {
	bool json, no_trunc;
};

static const struct cfs_opt options[] = {
	CFS_OPT_JSON(struct options, json),
	{ .name = "no-trunc",
	  .help = "print whole digests",
	  CFS_OPT_SETS(struct options, no_trunc) },
	{ 0 },
};

struct listing {
	const struct cfs_repo *repo;
	const struct options *o;
	struct cfs_table_text table;
	struct cfs_json_writer w;
	unsigned n;
};

static void add_row(struct listing *l, const struct cfs_tagged_image *tagged)
{
	const struct cfs_oci_image *image = tagged->image;
	char digest[13], number[24];

	snprintf(digest, sizeof(digest), "%.12s", cfs_oci_id_hex(&image->id));
	cmd_table_add(&l->table, tagged->tag);
	cmd_table_add(&l->table, l->o->no_trunc ? image->id.text : digest);
	cmd_table_add(&l->table, image->is_container
					 ? image->config.platform.arch
					 : "artifact");
	snprintf(number, sizeof(number), "%zu", image->manifest.layers.n);
	cmd_table_add(&l->table, number);
	snprintf(number, sizeof(number), "%u", tagged->referrers);
	cmd_table_add(&l->table, number);
}

/* One that cannot be read is a warning: fsck says more. */
static int add(void *arg, const struct cfs_tagged_image *tagged,
	       struct cfs_err *err)
{
	struct listing *l = arg;

	(void)err;
	if (!tagged->image) {
		cmd_line(stderr, "warning: %s: %s", tagged->tag,
			 tagged->why.msg);
		return 0;
	}
	l->n++;
	if (l->o->json)
		cfs_tagged_image_write(tagged, &l->w);
	else
		add_row(l, tagged);
	return 0;
}

static int list(struct listing *l, struct cfs_err *err)
{
	static const char *const heads[] = { "NAME", "DIGEST", "ARCH", "LAYERS",
					     "REFS" };
	int r;

	l->table.columns = CFS_ARRAY_SIZE(heads);
	for (unsigned i = 0; i < l->table.columns; i++)
		cmd_table_add(&l->table, heads[i]);
	cfs_json_write_object(&l->w, NULL, CFS_JSON_LINES);
	cfs_json_write_array(&l->w, "images", CFS_JSON_LINES);
	r = cfs_tagged_images_each(l->repo, add, l, err);
	if (r < 0)
		return r;
	cfs_json_write_end(&l->w);
	cfs_json_write_end(&l->w);
	if (l->o->json)
		return cmd_json_print(&l->w, err);
	if (l->n > 0)
		return cmd_table_print(&l->table, err);
	puts("No images found");
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf json = { 0 };
	struct listing l = { .repo = &repo, .o = o, .w.buf = &json };
	int r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = list(&l, err);
	cmd_table_free(&l.table);
	return r;
}

const struct cfs_cmd cmd_oci_images = {
	.name = "images",
	.help = "list tagged images",
	.options = options,
	.size = sizeof(struct options),
	.run = run,
};
