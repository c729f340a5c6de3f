/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl lint: the executables of an image that the kernel's IPE cannot
 * judge. */
#include <inttypes.h>
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "erofs/reader.h"
#include "ops/inline_programs.h"

struct options {
	bool json;
};

static const struct cfs_opt options[] = {
	CFS_OPT_JSON(struct options, json),
	{ 0 },
};

struct listing {
	struct cfs_json_writer *json; /* NULL: lines */
	uint64_t n;
};

static int add(void *arg, const struct cfs_inline_program *program,
	       struct cfs_err *err)
{
	struct listing *listing = arg;

	(void)err;
	listing->n++;
	if (!listing->json) {
		cmd_line(stdout, "%s", program->path);
		return 0;
	}
	cfs_json_write_object(listing->json, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_text(listing->json, "path", program->path);
	cfs_json_write_u64(listing->json, "size", program->size);
	cfs_json_write_end(listing->json);
	return 0;
}

static int list_json(const struct cfs_tree *tree, struct listing *listing,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	int r;

	listing->json = &w;
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_array(&w, "inline_executables", CFS_JSON_LINES);
	r = cfs_inline_programs(tree, add, listing, err);
	if (r < 0)
		return r;
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

static int list(const struct cfs_tree *tree, bool json, bool oci,
		struct cfs_err *err)
{
	struct listing listing = { 0 };
	int r = json ? list_json(tree, &listing, err)
		     : cfs_inline_programs(tree, add, &listing, err);

	if (r < 0 || listing.n == 0)
		return r;
	return cfs_fail(err, ENOEXEC,
			"%" PRIu64 " executable%s kept in the image itself, "
			"where no rule of IPE about fs-verity can match: %s",
			listing.n, listing.n == 1 ? " is" : "s are",
			oci ? "`cfsctl oci seal --ipe` makes objects of them"
			    : "`cfsctl create-image --ipe` makes objects of "
			      "them");
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	const struct cfs_access access = cmd_access(call->g);
	struct cfs_digest id;
	int oci = 0, r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = oci = cmd_find_made(&repo, call->operand[0], &id, err);
	if (r >= 0)
		r = cfs_image_map(&access, &repo, &id, &image, err);
	if (r == 0)
		r = cfs_erofs_read(image.bytes, 0, &tree, NULL, err);
	return r < 0 ? r : list(tree, o->json, oci, err);
}

const struct cfs_cmd cmd_lint = {
	.name = "lint",
	.help = "list executables that the kernel's IPE cannot judge",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE } },
	.run = run,
};
