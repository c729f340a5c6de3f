/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/table.h"
#include "repo/ref.h"

struct options {
	bool json, no_trunc;
};

static const struct cfs_opt options[] = {
	{ .name = "json",
	  .help = "print JSON",
	  CFS_OPT_SETS(struct options, json) },
	{ .name = "no-trunc",
	  .help = "print whole digests",
	  CFS_OPT_SETS(struct options, no_trunc) },
	{ 0 },
};

struct listing {
	struct cfs_table_text table;
	struct cfs_buf json;
	bool whole; /* digests */
	unsigned n;
};

static int add(const char *name, const struct cfs_digest *id, void *arg,
	       struct cfs_err *err)
{
	struct listing *listing = arg;
	char hex[CFS_DIGEST_HEX_MAX];

	(void)err;
	if (!id)
		return 0; /* fsck's business */
	cfs_digest_to_hex(id, hex);
	cfs_buf_adds(&listing->json, listing->n++ ? "," : "");
	cfs_buf_adds(&listing->json, "\n    {\n      \"name\": ");
	cfs_json_add_string(&listing->json, name);
	cfs_buf_addf(&listing->json, ",\n      \"digest\": \"%s\"\n    }", hex);
	if (!listing->whole)
		hex[12] = '\0';
	cmd_table_add(&listing->table, name);
	cmd_table_add(&listing->table, hex);
	return 0;
}

static int print_json(struct listing *listing, struct cfs_err *err)
{
	if (!cfs_buf_text(&listing->json))
		return cfs_fail(err, ENOMEM, "out of memory");
	printf("{\n  \"images\": [%s%s]\n}\n", (char *)listing->json.data,
	       listing->n ? "\n  " : "");
	return 0;
}

static int print(const struct cfs_globals *g, struct listing *listing,
		 bool json, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	r = cmd_open_repo(g, &repo, err);
	if (r < 0)
		return r;
	cmd_table_add(&listing->table, "NAME");
	cmd_table_add(&listing->table, "DIGEST");
	r = cfs_ref_each(&repo, add, listing, err);
	if (r < 0)
		return r;
	if (json)
		return print_json(listing, err);
	if (listing->n > 0)
		return cmd_table_print(&listing->table, err);
	puts("No images found");
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct listing listing = { .table.columns = 2, .whole = o->no_trunc };
	int r = print(call->g, &listing, o->json, err);

	cmd_table_free(&listing.table);
	cfs_buf_free(&listing.json);
	return r;
}

const struct cfs_cmd cmd_images = {
	.name = "images",
	.help = "list named images",
	.options = options,
	.size = sizeof(struct options),
	.run = run,
};
