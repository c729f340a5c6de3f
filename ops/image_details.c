/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/image_details.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "erofs/reader.h"
#include "fsverity/digest_set.h"
#include "ops/image_map.h"
#include "repo/signature.h"

/* The objects of an image. */
struct objects {
	int dir;
	struct cfs_digest_set ids;
};

static int add_object(void *ctx, const struct cfs_digest *id,
		      struct cfs_err *err)
{
	struct objects *objects = ctx;

	return cfs_digest_set_add(&objects->ids, id, err);
}

static void count_objects(struct objects *objects,
			  struct cfs_image_details *ret)
{
	cfs_digest_set_sort(&objects->ids);
	ret->objects = objects->ids.n;
	for (size_t i = 0; i < objects->ids.n; i++) {
		char path[CFS_OBJECT_PATH_MAX];
		struct stat st;

		cfs_digest_to_path(&objects->ids.v[i], path);
		if (fstatat(objects->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			ret->size += (uint64_t)st.st_size;
		else
			ret->missing++;
	}
}

static int read_image(const struct cfs_access *access,
		      const struct cfs_repo *repo, const struct cfs_digest *id,
		      struct cfs_image_details *ret, struct cfs_err *err)
{
	CFS_AUTOMAP struct cfs_image_map image = { 0 };
	CFS_AUTOFD int dir = cfs_repo_open_objects(repo, err);
	struct objects objects = { .dir = dir };
	int r = dir < 0 ? dir : cfs_image_map(access, repo, id, &image, err);

	if (r == 0)
		r = cfs_erofs_objects(image.bytes, repo->meta.alg, add_object,
				      &objects, err);
	if (r == 0) {
		ret->version = image.version;
		ret->image_size = image.bytes.len;
		count_objects(&objects, ret);
	}
	cfs_digest_set_free(&objects.ids);
	return r;
}

static int read_signers(const struct cfs_repo *repo,
			const struct cfs_digest *id, struct cfs_signers *ret,
			struct cfs_err *err)
{
	const struct cfs_certs none = { 0 };
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	int r = cfs_signature_read(repo, id, &der, err);

	if (r > 0)
		r = cfs_signers_list(cfs_buf_bytes(&der), &none, ret, err);
	if (r < 0)
		ret->n = 0;
	return r < 0 ? cfs_ctx(err, "signature") : 0;
}

int cfs_image_details(const struct cfs_access *access,
		      const struct cfs_repo *repo, const char *name,
		      const struct cfs_digest *id,
		      struct cfs_image_details *ret, struct cfs_err *err)
{
	CFS_AUTOFREE char *path = NULL;
	struct stat st;
	int r;

	*ret = (struct cfs_image_details){ 0 };
	if (asprintf(&path, "images/refs/%s", name) < 0) {
		path = NULL;
		return cfs_no_memory(err);
	}
	/* A name is a link of its own, as old as the name. */
	if (fstatat(repo->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		ret->named = st.st_mtime;
	r = read_image(access, repo, id, ret, &ret->broken);
	if (r != -ENOMEM)
		r = read_signers(repo, id, &ret->signers, &ret->no_signers);
	return r == -ENOMEM ? cfs_no_memory(err) : 0;
}
