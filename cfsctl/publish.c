/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl publish: images as files that any web server can serve. */
#include <stdio.h>
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/units.h"
#include "ops/image_names.h"
#include "ops/publish.h"

struct asked {
	CFS_VEC(struct cfs_publish_image) images;
	struct cfs_image_names names; /* of the repository */
};

static void asked_free(struct asked *a)
{
	cfs_vec_free(&a->images);
	cfs_image_names_free(&a->names);
}

/* Is @operand the name of the image @id, and no digest? */
static const char *name_of(const struct cfs_image_names *names,
			   const struct cfs_digest *id, const char *operand)
{
	const char *name;
	size_t at = 0;

	if (strncmp(operand, "refs/", 5) == 0)
		operand += 5;
	while ((name = cfs_image_names_next(names, id, &at)))
		if (strcmp(name, operand) == 0)
			return name;
	return NULL;
}

static int ask(const struct cfs_call *call, const struct cfs_repo *repo,
	       struct asked *a, struct cfs_err *err)
{
	int r = 0;

	for (int i = 1; r == 0 && i < call->n; i++) {
		struct cfs_publish_image image = { .said = call->operand[i] };

		r = cmd_find_image(repo, image.said, &image.id, err);
		image.name = name_of(&a->names, &image.id, image.said);
		if (r == 0)
			(void)cfs_vec_add(&a->images, image);
	}
	return r < 0 ? r : cfs_vec_check(&a->images, err);
}

static int ask_all(struct asked *a, struct cfs_err *err)
{
	for (size_t i = 0; i < a->names.n; i++)
		(void)cfs_vec_add(&a->images,
				  (struct cfs_publish_image){
					  a->names.v[i].id, a->names.v[i].name,
					  a->names.v[i].name });
	if (a->images.n == 0)
		return cfs_fail(err, ENOENT,
				"no image of the repository has a name");
	return cfs_vec_check(&a->images, err);
}

/* The digests, which machines need to fetch the images, and what is new. */
static void print(const struct asked *a, const char *path,
		  const struct cfs_export_added *added)
{
	char hex[CFS_DIGEST_HEX_MAX], raw[CFS_UNITS_MAX], stored[CFS_UNITS_MAX];

	for (size_t i = 0; i < a->images.n; i++) {
		const struct cfs_publish_image *image = &a->images.v[i];

		cfs_digest_to_hex(&image->id, hex);
		cmd_line(stdout, "%s:%s%s%s", cfs_alg_name(image->id.alg), hex,
			 image->name ? " " : "",
			 image->name ? image->name : "");
	}
	cmd_line(stderr, "%s: %llu new object%s of %s; %s of new files", path,
		 (unsigned long long)added->objects,
		 added->objects == 1 ? "" : "s", cmd_size_text(added->raw, raw),
		 cmd_size_text(added->stored, stored));
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	__attribute__((cleanup(asked_free))) struct asked asked = { 0 };
	const struct cfs_access access = cmd_access(call->g);
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_publish params = { .access = &access,
				      .path = call->operand[0] };
	struct cfs_export_added added = { 0 };
	int r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = cfs_image_names_read(&asked.names, &repo, err);
	if (r == 0)
		r = call->n > 1 ? ask(call, &repo, &asked, err)
				: ask_all(&asked, err);
	if (r < 0)
		return r;
	params.images = asked.images.v;
	params.n = asked.images.n;
	r = cfs_publish(&repo, &params, &added, err);
	if (r < 0)
		return cfs_ctx(err, "publish");
	print(&asked, params.path, &added);
	return 0;
}

const struct cfs_cmd cmd_publish = {
	.name = "publish",
	.help = "write images as files that any web server can serve",
	.operands = { { "DIR", CFS_TAKES_DIR },
		      { "IMAGE", CFS_TAKES_IMAGE, .optional = true,
			.many = true } },
	.run = run,
};
