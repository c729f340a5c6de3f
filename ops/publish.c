/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/publish.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/inside.h"
#include "base/io.h"
#include "compress/zstd_patch.h"
#include "erofs/reader.h"
#include "ops/image_map.h"
#include "ops/whole.h"
#include "repo/export/index.h"
#include "repo/object.h"
#include "repo/signature.h"
#include "repo/sigpacks.h"

struct run {
	const struct cfs_repo *repo;
	const struct cfs_publish *params;
	struct cfs_export *export;
	int objects;			/* of the repository */
	struct cfs_export_needs *needs; /* of each image */
};

/* Adds the patch that makes the image @map of the image @old, if the
 * repository has that, it is not damaged, and that saves anything. */
static int add_patch(struct run *run, const struct cfs_digest *id,
		     struct cfs_bytes new, const struct cfs_digest *old,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 }, patch = { 0 };
	char path[CFS_EXPORT_PATH_MAX];
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;
	int r;

	if (cfs_object_open(run->objects, old, &fd, &ignored) <= 0 ||
	    cfs_object_check(fd, old, &ignored) < 0 ||
	    cfs_read_all(fd, CFS_EROFS_IMAGE_MAX, &bytes) < 0)
		return 0;
	r = cfs_zstd_patch(cfs_buf_bytes(&bytes), new, &patch, err);
	if (r <= 0 || patch.len > new.len / 8)
		return r < 0 ? r : 0;
	cfs_export_patch_path(id, old, path);
	r = cfs_export_put(run->export, path, cfs_buf_bytes(&patch), err);
	return r < 0 ? r
		     : cfs_export_catalogue_add_patch(&run->export->names, id,
						      old, err);
}

/* Patches of the image @last, which had the name before, and of those that it
 * was made of: machines may have missed it. */
static int add_patches(struct run *run, const struct cfs_digest *id,
		       struct cfs_bytes new, const struct cfs_digest *last,
		       struct cfs_err *err)
{
	const struct cfs_export_catalogue *names = &run->export->names;
	struct cfs_digest before[CFS_EXPORT_PATCHES_MAX - 1];
	const struct cfs_digest *next;
	size_t at = 0;
	unsigned n = 0;
	int r;

	while (n < CFS_ARRAY_SIZE(before) &&
	       (next = cfs_export_catalogue_next_patch(names, last, &at)))
		before[n++] = *next;
	r = add_patch(run, id, new, last, err);
	for (unsigned i = 0; r == 0 && i < n; i++)
		r = add_patch(run, id, new, &before[i], err);
	return r;
}

/* Gives the image its name.  Returns 1 with the image in *@ret_last that had
 * it, or 0 if none had. */
static int name_image(struct run *run, const struct cfs_publish_image *image,
		      struct cfs_digest *ret_last, struct cfs_err *err)
{
	struct cfs_export_catalogue *names = &run->export->names;
	const struct cfs_digest *last;
	bool found;
	int r;

	if (!image->name)
		return 0;
	last = cfs_export_catalogue_find(names, image->name);
	found = last && !cfs_digest_equal(last, &image->id);
	if (found)
		*ret_last = *last;
	r = cfs_export_catalogue_set(names, image->name, &image->id, err);
	return r < 0 ? r : found;
}

static int put_image(struct run *run, const struct cfs_digest *id,
		     struct cfs_bytes rest, struct cfs_err *err)
{
	const struct cfs_source source = cfs_source_of_bytes(&rest);
	char path[CFS_EXPORT_PATH_MAX];
	struct stat st;

	cfs_export_image_path(id, ".image.zst", path);
	if (fstatat(run->export->fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size > 0)
		return 0;
	return cfs_export_put_zstd(run->export, path, &source, err);
}

/* Lists the objects of image @i, and adds it.  An unfit name is noticed before
 * the work. */
static int add_image(struct run *run, size_t i, struct cfs_err *err)
{
	const struct cfs_publish_image *image = &run->params->images[i];
	CFS_AUTOMAP struct cfs_image_map map = { 0 };
	struct cfs_digest last;
	int r, named = name_image(run, image, &last, err);

	if (named < 0)
		return named;
	r = cfs_image_map(run->params->access, run->repo, &image->id, &map,
			  err);
	if (r == 0)
		r = cfs_require_whole(run->repo, &image->id, image->said, err);
	if (r == 0)
		r = cfs_export_needs_read(map.bytes, image->id.alg,
					  &run->needs[i], err);
	if (r == 0)
		r = put_image(run, &image->id, map.bytes, err);
	if (r == 0 && named > 0)
		r = add_patches(run, &image->id, map.bytes, &last, err);
	return r;
}

static int add_object(struct run *run, const struct cfs_export_need *need,
		      struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_object_require(run->objects, &need->id, err);
	char path[CFS_OBJECT_PATH_MAX];

	if (fd < 0)
		return fd;
	cfs_digest_to_path(&need->id, path);
	return cfs_export_add(run->export, need, fd, err) < 0
		       ? cfs_ctx(err, "objects/%s", path)
		       : 0;
}

/* The objects of all images that the export lacks, in the order of their
 * digests. */
static int add_objects(struct run *run, struct cfs_err *err)
{
	CFS_AUTONEEDS struct cfs_export_needs all = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->params->n; i++)
		r = cfs_export_needs_merge(&all, &run->needs[i], err);
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct cfs_export_place place;

		if (!cfs_export_find(run->export, &all.v[i], &place))
			r = add_object(run, &all.v[i], err);
	}
	return r;
}

static int add_signature(struct run *run, const struct cfs_digest *id,
			 struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	char path[CFS_EXPORT_PATH_MAX];
	int r = cfs_signature_read(run->repo, id, &der, err);

	cfs_export_image_path(id, ".p7", path);
	return r <= 0 ? r
		      : cfs_export_put(run->export, path, cfs_buf_bytes(&der),
				       err);
}

static int add_sigpack(struct run *run, const struct cfs_digest *id,
		       struct cfs_err *err)
{
	CFS_AUTODIGESTSET struct cfs_digest_set only = { 0 };
	CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };
	CFS_AUTOBUF struct cfs_buf zstd = { 0 };
	const struct cfs_sink sink = cfs_sink_of_buf(&zstd);
	char path[CFS_EXPORT_PATH_MAX];
	struct cfs_source source;
	struct cfs_bytes rest;
	int r = cfs_digest_set_add(&only, id, err);

	if (r == 0)
		r = cfs_sigpacks_read(run->repo, &only, &packs, err);
	if (r < 0 || packs.n == 0)
		return r;
	rest = cfs_buf_bytes(&packs.v[0].bytes);
	source = cfs_source_of_bytes(&rest);
	r = cfs_export_compress(run->export, &source, &sink, err);
	cfs_export_image_path(id, ".sigpack.zst", path);
	return r < 0 ? r
		     : cfs_export_put(run->export, path, cfs_buf_bytes(&zstd),
				      err);
}

/* Only now is it known where all of its objects are. */
static int add_index(struct run *run, size_t i, struct cfs_err *err)
{
	const struct cfs_digest *id = &run->params->images[i].id;
	const struct cfs_export_needs *needs = &run->needs[i];
	CFS_AUTOFREE struct cfs_export_place *places = NULL;
	CFS_AUTOBUF struct cfs_buf index = { 0 };
	char path[CFS_EXPORT_PATH_MAX];
	int r;

	places = calloc(needs->n + 1, sizeof(*places));
	if (!places)
		return cfs_no_memory(err);
	for (size_t k = 0; k < needs->n; k++)
		if (!cfs_export_find(run->export, &needs->v[k], &places[k]))
			return cfs_fail(err, EIO, "an object has vanished");
	r = cfs_export_index_write(id->alg, places, needs->n, &index, err);
	cfs_export_image_path(id, ".index", path);
	return r < 0 ? r
		     : cfs_export_put(run->export, path, cfs_buf_bytes(&index),
				      err);
}

static int add_all(struct run *run, struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < run->params->n; i++) {
		r = add_image(run, i, err);
		if (r < 0)
			cfs_ctx(err, "%s", run->params->images[i].said);
	}
	if (r == 0)
		r = add_objects(run, err);
	if (r == 0)
		r = cfs_export_end_pack(run->export, err);
	for (size_t i = 0; r == 0 && i < run->params->n; i++) {
		const struct cfs_publish_image *image = &run->params->images[i];

		r = add_signature(run, &image->id, err);
		if (r == 0)
			r = add_sigpack(run, &image->id, err);
		if (r == 0)
			r = add_index(run, i, err);
	}
	return r;
}

static int check_place(const struct cfs_repo *repo, const char *path,
		       struct cfs_err *err)
{
	int r = cfs_is_inside(path, repo->fd, err);

	return r > 0 ? cfs_fail(err, EINVAL,
				"%s is in the repository: name a directory "
				"outside of it",
				path)
		     : r;
}

static void needs_free(struct run *run)
{
	for (size_t i = 0; run->needs && i < run->params->n; i++)
		cfs_export_needs_free(&run->needs[i]);
	free(run->needs);
	cfs_closep(&run->objects);
}

int cfs_publish(const struct cfs_repo *repo, const struct cfs_publish *params,
		struct cfs_export_added *ret, struct cfs_err *err)
{
	CFS_AUTOEXPORT struct cfs_export e = CFS_EXPORT_INIT;
	__attribute__((cleanup(needs_free))) struct run run = {
		.repo = repo,
		.params = params,
		.export = &e,
		.objects = -EBADF,
	};
	int r = check_place(repo, params->path, err);

	if (r < 0)
		return r;
	run.needs = calloc(params->n + 1, sizeof(*run.needs));
	if (!run.needs)
		return cfs_no_memory(err);
	run.objects =
		cfs_open_beneath(repo->fd, "objects", O_PATH | O_DIRECTORY);
	if (run.objects < 0)
		return cfs_fail_code(err, run.objects, "open objects");
	r = cfs_export_open(params->path, repo->meta.alg, &e, err);
	if (r < 0)
		return r;
	e.sync = !(params->access->flags & CFS_ACCESS_NO_SYNC);
	r = add_all(&run, err);
	if (r == 0)
		r = cfs_export_commit(&e, err);
	if (r == 0)
		*ret = e.added;
	return r;
}
