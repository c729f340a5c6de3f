/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <string.h>

#include "base/disk.h"
#include "base/io.h"
#include "fsverity/measure.h"
#include "repo/dir.h"
#include "repo/image.h"
#include "repo/init.h"

/* Source: composefs lcfs-internal.h, struct lcfs_erofs_header_s. */
struct image_head {
	cfs_le32 magic, version, flags, composefs_version;
};
#define IMAGE_MAGIC 0xd078629aU

/* Is objects/@shard/@name named like an object? */
static bool object_id(const char *shard, const char *name,
		      struct cfs_digest *ret)
{
	char hex[CFS_DIGEST_HEX_MAX];
	size_t len = strlen(name) + 2;
	struct cfs_err ignored;

	if (len >= sizeof(hex))
		return false;
	snprintf(hex, sizeof(hex), "%s%s", shard, name);
	return cfs_digest_from_hex(hex, len, ret, &ignored) == 0;
}

/* Gets the name of an object.  Anything but 0 ends the walk and is returned. */
typedef int object_fn(const struct cfs_digest *id, void *arg);

static int each_object(const struct cfs_repo *repo, object_fn *fn, void *arg,
		       struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_dir_open(repo->fd, "objects");
	int r = 0;

	if (objects < 0)
		return cfs_fail(err, -objects, "open objects/: %s",
				strerror(-objects));
	for (unsigned i = 0; r == 0 && i < 256; i++) {
		CFS_AUTONAMES struct cfs_dir_names names = { 0 };
		struct cfs_digest id;
		char shard[3];

		snprintf(shard, sizeof(shard), "%02x", i);
		r = cfs_dir_list(objects, shard, &names, err);
		for (unsigned k = 0; r == 0 && k < names.n; k++)
			if (object_id(shard, names.v[k].name, &id))
				r = fn(&id, arg);
	}
	return r;
}

static int take(const struct cfs_digest *id, void *arg)
{
	*(struct cfs_digest *)arg = *id;
	return 1;
}

int cfs_repo_any_object(const struct cfs_repo *repo, struct cfs_digest *ret,
			struct cfs_err *err)
{
	int r = each_object(repo, take, ret, err);

	if (r != 0)
		return r;
	return cfs_fail(err, ENOENT,
			"there is no meta.json and no object to infer the "
			"algorithm from: run `cfsctl init`");
}

struct others {
	enum cfs_alg alg;
	uint64_t n;
};

static int count_other(const struct cfs_digest *id, void *arg)
{
	struct others *others = arg;

	others->n += id->alg != others->alg;
	return 0;
}

int cfs_repo_count_other_objects(const struct cfs_repo *repo, uint64_t *ret,
				 struct cfs_err *err)
{
	struct others others = { .alg = repo->meta.alg };
	int r = each_object(repo, count_other, &others, err);

	/* A new repository has no objects/ yet. */
	if (r < 0 && r != -ENOENT)
		return r;
	*ret = others.n;
	return 0;
}

/* Returns 2 for an image of format 2, 1 for another one (0 reads like 1), or 0
 * if @hex is no image. */
static unsigned format_of(const struct cfs_repo *repo, const char *hex)
{
	CFS_AUTOFD int fd = -EBADF;
	struct image_head head;
	struct cfs_digest id;
	struct cfs_err err;

	if (cfs_digest_from_hex(hex, strlen(hex), &id, &err) < 0 ||
	    cfs_repo_open_image(repo, &id, &fd, &err) != CFS_IMAGE_PRESENT)
		return 0;
	if (cfs_pread_full(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    cfs_get32(head.magic) != IMAGE_MAGIC)
		return 0;
	return cfs_get32(head.composefs_version) == 2 ? 2 : 1;
}

int cfs_repo_infer_meta(const struct cfs_repo *repo, struct cfs_meta *ret,
			struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names images = { 0 };
	struct cfs_meta meta = { .version = CFS_META_VERSION };
	struct cfs_digest object;
	int r;

	r = cfs_repo_any_object(repo, &object, err);
	if (r >= 0)
		r = cfs_dir_list(repo->fd, "images", &images, err);
	if (r < 0)
		return r;
	meta.alg = object.alg;
	for (unsigned i = 0; meta.erofs_default == 0 && i < images.n; i++)
		meta.erofs_default = format_of(repo, images.v[i].name);
	/* No image tells: the format of new repositories. */
	if (meta.erofs_default == 0)
		meta.erofs_default = 1;
	*ret = meta;
	return 0;
}
