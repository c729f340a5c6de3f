/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/table.h"
#include "cfsctl/oci/oci.h"
#include "oci/tag.h"

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

static int count_ref(const char *ref, const char *content_id, void *arg,
		     struct cfs_err *err)
{
	(void)ref;
	(void)content_id;
	(void)err;
	++*(unsigned *)arg;
	return 0;
}

/* Artifacts that are about the manifest @id. */
static unsigned referrers(const struct cfs_repo *repo,
			  const struct cfs_oci_id *id)
{
	char dir[sizeof(CFS_OCI_REFERRERS "/") + CFS_OCI_ID_MAX];
	struct cfs_err ignored;
	unsigned n = 0;

	snprintf(dir, sizeof(dir), CFS_OCI_REFERRERS "/%s", id->text);
	if (cfs_stream_ref_each(repo, dir, count_ref, &n, &ignored) < 0)
		return 0;
	return n;
}

static void add_row(struct listing *l, const char *tag,
		    const struct cfs_oci_image *image)
{
	char digest[13], number[24];

	snprintf(digest, sizeof(digest), "%.12s", cfs_oci_id_hex(&image->id));
	cmd_table_add(&l->table, tag);
	cmd_table_add(&l->table, l->o->no_trunc ? image->id.text : digest);
	cmd_table_add(&l->table, image->is_container
					 ? image->config.platform.arch
					 : "artifact");
	snprintf(number, sizeof(number), "%zu", image->manifest.layers.n);
	cmd_table_add(&l->table, number);
	snprintf(number, sizeof(number), "%u", referrers(l->repo, &image->id));
	cmd_table_add(&l->table, number);
}

static void write_member(struct listing *l, const char *tag,
			 const struct cfs_oci_image *image)
{
	const struct cfs_oci_config *config = &image->config;
	struct cfs_json_writer *w = &l->w;

	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "name", tag);
	cfs_json_write_text(w, "manifest_digest", image->id.text);
	cfs_json_write_bool(w, "is_container", image->is_container);
	cfs_json_write_text(w, "architecture", config->platform.arch);
	cfs_json_write_text(w, "os", config->platform.os);
	cfs_json_write_text(w, "created",
			    *config->created ? config->created : NULL);
	cfs_json_write_u64(w, "layer_count", image->manifest.layers.n);
	cfs_json_write_u64(w, "referrer_count", referrers(l->repo, &image->id));
	cfs_json_write_end(w);
}

/* One that cannot be read is a warning: fsck says more. */
static int add(const char *tag, const struct cfs_oci_id *id, void *arg,
	       struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct listing *l = arg;
	struct cfs_err why;
	int r;

	(void)err;
	r = id ? cfs_oci_image_open(l->repo, id, &image, &why)
	       : cfs_fail(&why, EINVAL, "it leads to no manifest");
	if (r == 0)
		r = cfs_fail(&why, ENOENT, "its manifest is missing");
	if (r < 0) {
		cmd_line(stderr, "warning: %s: %s", tag, why.msg);
		return 0;
	}
	l->n++;
	if (l->o->json)
		write_member(l, tag, &image);
	else
		add_row(l, tag, &image);
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
	r = cfs_oci_tag_each(l->repo, add, l, err);
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
