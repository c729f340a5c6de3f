/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/runtime_spec.h"

#include <stdio.h>

#include "base/auto.h"
#include "erofs/reader.h"
#include "ops/image_map.h"
#include "repo/node_content.h"
#include "tree/resolve.h"

/* The files of the image, and what was read of them. */
struct files {
	struct cfs_tree *tree;
	int objects;
	struct cfs_buf passwd, group;
	unsigned tmpfs; /* see struct cfs_run_spec */
};

static void files_close(struct files *f)
{
	cfs_tree_free(f->tree);
	cfs_closep(&f->objects);
	cfs_buf_free(&f->passwd);
	cfs_buf_free(&f->group);
}

/* Reads an account file; one that is missing is empty. */
static int read_accounts(const struct files *f, const char *path,
			 struct cfs_buf *ret, struct cfs_err *err)
{
	struct cfs_node *node;
	int r = cfs_tree_resolve(f->tree, path, &node, err);

	if (r <= 0)
		return r;
	if (!S_ISREG(node->mode))
		return cfs_fail(err, EINVAL,
				"%s of the image is not a regular file", path);
	return cfs_node_content(f->objects, f->tree, node,
				CFS_ACCOUNTS_FILE_MAX, ret, err);
}

static int find_tmpfs(struct files *f, struct cfs_err *err)
{
	int r = 0;

	for (unsigned i = 0; r >= 0 && cfs_run_tmpfs[i]; i++) {
		struct cfs_node *node;

		r = cfs_tree_resolve(f->tree, cfs_run_tmpfs[i], &node, err);
		if (r > 0 && cfs_node_is_dir(node))
			f->tmpfs |= 1u << i;
	}
	return r < 0 ? r : 0;
}

static int read_files(const struct cfs_runnable *from, struct files *f,
		      struct cfs_err *err)
{
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	int r = cfs_image_map(from->access, from->repo, from->erofs, &image,
			      err);

	if (r == 0)
		r = cfs_erofs_read(image.bytes, 0, &f->tree, NULL, err);
	if (r < 0)
		return r;
	f->objects = cfs_repo_open_objects(from->repo, err);
	if (f->objects < 0)
		return f->objects;
	r = read_accounts(f, "/etc/passwd", &f->passwd, err);
	if (r == 0)
		r = read_accounts(f, "/etc/group", &f->group, err);
	return r == 0 ? find_tmpfs(f, err) : r;
}

/* The first digits of the manifest's digest. */
static void name_host(const struct cfs_oci_image *image,
		      char ret[static CFS_RUN_HOSTNAME_MAX + 1])
{
	const char *hex = strchr(image->id.text, ':');

	snprintf(ret, CFS_RUN_HOSTNAME_MAX + 1, "%.12s",
		 hex ? hex + 1 : image->id.text);
}

static int write_spec(const struct cfs_oci_image *image, const struct files *f,
		      const struct cfs_run_params *params, struct cfs_buf *ret,
		      struct cfs_err *err)
{
	CFS_AUTORUNCONFIG struct cfs_run_config config = { 0 };
	CFS_AUTOACCOUNT struct cfs_account account = { 0 };
	struct cfs_json_writer w = { .buf = ret };
	char host[CFS_RUN_HOSTNAME_MAX + 1];
	int r = cfs_run_config_parse(cfs_buf_bytes(&image->config_text),
				     &config, err);

	if (r == 0)
		r = cfs_account_find(params->user ? params->user : config.user,
				     cfs_buf_bytes(&f->passwd),
				     cfs_buf_bytes(&f->group), &account, err);
	if (r < 0)
		return r;
	name_host(image, host);
	r = cfs_run_spec_write(
		&(struct cfs_run_spec){
			.params = params,
			.config = &config,
			.account = &account,
			.hostname = params->hostname ? params->hostname : host,
			.tmpfs = f->tmpfs },
		&w, err);
	return r == 0 ? cfs_json_write_finish(&w, err) : r;
}

int cfs_runtime_spec(const struct cfs_runnable *image,
		     const struct cfs_run_params *params, struct cfs_buf *ret,
		     struct cfs_err *err)
{
	__attribute__((
		cleanup(files_close))) struct files f = { .objects = -EBADF };
	int r = cfs_run_params_check(params, err);

	if (r == 0)
		r = read_files(image, &f, err);
	return r == 0 ? write_spec(image->image, &f, params, ret, err) : r;
}
