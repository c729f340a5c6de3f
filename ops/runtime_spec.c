/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/runtime_spec.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/io.h"
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

static int bad_file(const char *path, struct cfs_err *err)
{
	return cfs_fail(err, EINVAL, "%s of the image is not a regular file",
			path);
}

/* Opens @path of the mounted image for no more than a look.  Returns -ENOENT if
 * it is missing. */
static int look(int root_fd, const char *path, struct stat *ret)
{
	CFS_AUTOFD int fd =
		cfs_openat2(root_fd, path, O_PATH, 0,
			    RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	return fstat(fd, ret) < 0 ? -errno : cfs_steal_fd(&fd);
}

/* Reads an account file of the mounted image; one that is missing is empty. */
static int read_mounted(int root_fd, const char *path, struct cfs_buf *ret,
			struct cfs_err *err)
{
	struct stat st;
	CFS_AUTOFD int place = look(root_fd, path, &st);
	CFS_AUTOFD int fd = -EBADF;
	int r = place;

	if (r == -ENOENT)
		return 0;
	if (r >= 0 && !S_ISREG(st.st_mode))
		return bad_file(path, err);
	if (r >= 0)
		r = fd = cfs_reopen(place, O_RDONLY);
	if (r >= 0)
		r = cfs_read_all(fd, CFS_ACCOUNTS_FILE_MAX, ret);
	return r < 0 ? cfs_fail_code(err, r, "read %s of the image", path) : 0;
}

static int find_mounted_tmpfs(int root_fd, struct files *f, struct cfs_err *err)
{
	for (unsigned i = 0; cfs_run_tmpfs[i]; i++) {
		struct stat st;
		CFS_AUTOFD int fd = look(root_fd, cfs_run_tmpfs[i], &st);

		if (fd >= 0 && S_ISDIR(st.st_mode))
			f->tmpfs |= 1u << i;
		if (fd < 0 && fd != -ENOENT)
			return cfs_fail_code(err, fd, "look at %s of the image",
					     cfs_run_tmpfs[i]);
	}
	return 0;
}

static int read_mount(int root_fd, struct files *f, struct cfs_err *err)
{
	int r = read_mounted(root_fd, "/etc/passwd", &f->passwd, err);

	if (r == 0)
		r = read_mounted(root_fd, "/etc/group", &f->group, err);
	return r == 0 ? find_mounted_tmpfs(root_fd, f, err) : r;
}

/* Reads an account file of the EROFS image. */
static int read_accounts(const struct files *f, const char *path,
			 struct cfs_buf *ret, struct cfs_err *err)
{
	struct cfs_node *node;
	int r = cfs_tree_resolve(f->tree, path, &node, err);

	if (r <= 0)
		return r;
	if (!S_ISREG(node->mode))
		return bad_file(path, err);
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

/* Names the host by the first digits of the manifest's digest. */
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
		r = image->root_fd >= 0 ? read_mount(image->root_fd, &f, err)
					: read_files(image, &f, err);
	return r == 0 ? write_spec(image->image, &f, params, ret, err) : r;
}
