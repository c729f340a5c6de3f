/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The EROFS image itself, whose size is not known before it has come. */
#include <string.h>

#include "base/io.h"
#include "compress/zstd_patch.h"
#include "erofs/reader.h"
#include "fsverity/merkle.h"
#include "ops/fetching.h"
#include "ops/image_version.h"
#include "repo/image.h"
#include "repo/object.h"
#include "repo/temp.h"

struct image {
	struct cfs_fetching *f;
	struct cfs_digest id;
	struct cfs_temp temp;
	struct cfs_merkle *merkle;
	uint64_t size;
	bool zstd;
	/* The image that a patch is received for; .data NULL: the file is no
	 * patch. */
	struct cfs_buf old;
	struct cfs_unzstd_sink *unzstd;
	bool found;
};

static void forget(struct image *image)
{
	cfs_temp_close(&image->temp);
	if (image->merkle)
		cfs_merkle_free(cfs_steal_ptr(&image->merkle));
	if (image->unzstd)
		cfs_unzstd_sink_free(cfs_steal_ptr(&image->unzstd));
	image->size = 0;
}

static int take(void *arg, const void *data, size_t len, struct cfs_err *err)
{
	struct image *image = arg;
	int r;

	if (len > CFS_EROFS_IMAGE_MAX - image->size)
		return cfs_fail(err, EBADMSG,
				"longer than the maximum of an image, 1 GiB");
	image->size += len;
	r = cfs_write_full(image->temp.fd, data, len);
	if (r < 0)
		return cfs_fail_code(err, r, "write the image");
	return cfs_merkle_update(image->merkle, (struct cfs_bytes){ data, len },
				 err);
}

static int begin(void *arg, struct cfs_err *err)
{
	struct image *image = arg;
	const struct cfs_sink sink = { take, image };
	struct cfs_store *store = image->f->store;
	int r;

	forget(image);
	r = cfs_temp_open(store->objects, store->temps, &image->temp, err);
	if (r == 0)
		r = cfs_merkle_new(image->id.alg, &image->merkle, err);
	if (r == 0 && image->zstd)
		r = cfs_unzstd_sink_new(&sink, &image->unzstd, err);
	if (r == 0 && image->old.data)
		r = cfs_unzstd_sink_patches(image->unzstd,
					    cfs_buf_bytes(&image->old), err);
	return r;
}

static int bytes(void *arg, struct cfs_bytes bytes, struct cfs_err *err)
{
	struct image *image = arg;

	if (image->f->params->received)
		image->f->params->received(image->f->params->arg, bytes.len);
	return image->unzstd ? cfs_unzstd_sink_write(image->unzstd, bytes, err)
			     : take(image, bytes.data, bytes.len, err);
}

static int end(void *arg, struct cfs_err *err)
{
	struct image *image = arg;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest have;
	int r = image->unzstd ? cfs_unzstd_sink_end(image->unzstd, err) : 0;

	if (r == 0)
		r = cfs_merkle_final(image->merkle, &have, NULL, err);
	if (r < 0 || cfs_digest_equal(&have, &image->id))
		return r;
	cfs_digest_to_hex(&have, hex);
	return cfs_fail(err, EBADMSG, "another image: its digest is %s", hex);
}

static int done(void *arg, int r, struct cfs_err *err)
{
	struct image *image = arg;

	(void)err;
	image->found = r == 0;
	/* All of the image is fetched if no patch is right, or given. */
	if (image->old.data && (r == -EBADMSG || r == -EACCES))
		return 0;
	return r == -ENOENT ? 0 : r;
}

/* Receives the file @path. */
static int receive(struct image *image, const char *path, struct cfs_err *err)
{
	const struct cfs_http_get get = { .path = path,
					  .max = CFS_EROFS_IMAGE_MAX,
					  .begin = begin,
					  .bytes = bytes,
					  .end = end,
					  .done = done,
					  .arg = image };
	int r = cfs_http_push(image->f->http, &get, err);

	return r < 0 ? r : cfs_http_run(image->f->http, err);
}

/* Reads the image @id if the store has it and a patch can be of it.  Another
 * object does not do: the server would learn whether the store has it. */
static bool read_old(const struct cfs_store *store, const struct cfs_digest *id,
		     struct cfs_buf *ret)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;

	ret->len = 0;
	return cfs_repo_open_image(&store->repo, id, &fd, &ignored) ==
		       CFS_IMAGE_PRESENT &&
	       cfs_object_check(fd, id, &ignored) >= 0 &&
	       cfs_read_all(fd, (size_t)1 << CFS_ZSTD_PATCH_LOG_MAX, ret) ==
		       0 &&
	       cfs_zstd_patch_window(ret->len) >= 0;
}

static int receive_patch(struct image *image, struct cfs_err *err)
{
	const struct cfs_fetching *f = image->f;
	char path[CFS_EXPORT_PATH_MAX];
	const struct cfs_digest *old;
	size_t at = 0;
	int r = 0;

	while (r == 0 && !image->found &&
	       (old = cfs_export_catalogue_next_patch(&f->names, &image->id,
						      &at))) {
		if (!read_old(f->store, old, &image->old))
			continue;
		cfs_export_patch_path(&image->id, old, path);
		r = receive(image, path, err);
	}
	cfs_buf_free(&image->old);
	return r;
}

static int receive_whole(struct image *image, struct cfs_err *err)
{
	const struct cfs_fetching *f = image->f;
	char path[CFS_EXPORT_PATH_MAX], hex[CFS_DIGEST_HEX_MAX];
	int r;

	if (f->is_repository)
		cfs_export_object_path(&image->id, "", path);
	else
		cfs_export_image_path(&image->id, ".image.zst", path);
	r = receive(image, path, err);
	if (r < 0 || image->found)
		return r;
	cfs_digest_to_hex(&image->id, hex);
	return cfs_fail(err, ENOENT, "%s has no image %s",
			f->params->http.urls[0], hex);
}

static int fetch(struct cfs_fetching *f, const struct cfs_digest *id,
		 struct cfs_err *err)
{
	struct image image = { .f = f,
			       .id = *id,
			       .temp = CFS_TEMP_INIT,
			       .zstd = !f->is_repository };
	struct cfs_store *store = f->store;
	bool trusts_names = store->trusts_names;
	int r = receive_patch(&image, err);

	if (r == 0 && !image.found)
		r = receive_whole(&image, err);
	/* One that is damaged has the right name, too. */
	store->trusts_names = false;
	if (r == 0)
		r = cfs_object_add_copy(store, image.temp.fd, image.size, id,
					err);
	store->trusts_names = trusts_names;
	forget(&image);
	return r;
}

/* Has the store the image?  A damaged one is fetched again. */
static int has_image(struct cfs_store *store, const struct cfs_digest *id,
		     int *ret_fd, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_object_open(store->objects, id, &fd, err);

	if (r > 0)
		r = cfs_object_check(fd, id, err);
	else if (r == 0)
		r = -EBADMSG;
	if (r == -EBADMSG || r == -EINVAL)
		return 0;
	if (r < 0)
		return r;
	*ret_fd = cfs_steal_fd(&fd);
	return 1;
}

int cfs_fetch_image_object(struct cfs_fetching *f, const struct cfs_digest *id,
			   struct cfs_export_needs *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	unsigned version;
	int r = has_image(f->store, id, &fd, err);

	if (r == 0) {
		r = fetch(f, id, err);
		if (r == 0)
			fd = cfs_object_require(f->store->objects, id, err);
		r = r < 0 ? r : fd;
	}
	if (r >= 0)
		r = cfs_image_version(fd, &version, err);
	if (r < 0)
		return r;
	r = cfs_read_all(fd, CFS_EROFS_IMAGE_MAX, &image);
	if (r < 0)
		return cfs_fail_code(err, r, "read the image");
	return cfs_export_needs_read(cfs_buf_bytes(&image), id->alg, ret, err);
}
