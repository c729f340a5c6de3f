/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/import.h"

#include <string.h>

#include "base/io.h"
#include "erofs/reader.h"
#include "ops/image_version.h"
#include "repo/object.h"
#include "repo/ref.h"

static int ignore(void *ctx, const struct cfs_digest *digest,
		  struct cfs_err *err)
{
	(void)ctx;
	(void)digest;
	(void)err;
	return 0;
}

/* Only what fsck takes for a sane image of this repository gets a name. */
static int check_object(const struct cfs_store *store,
			const struct cfs_digest *id, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	unsigned version;
	int r = cfs_object_open(store->objects, id, &fd, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "the object has vanished");
	if (r > 0)
		r = cfs_image_version(fd, &version, err);
	if (r < 0)
		return r;
	r = cfs_read_all(fd, CFS_EROFS_IMAGE_MAX, &image);
	if (r == -EFBIG)
		return cfs_fail(err, EFBIG,
				"the image is longer than the maximum of "
				"1 GiB");
	if (r < 0)
		return cfs_fail(err, -r, "read: %s", strerror(-r));
	return cfs_erofs_objects(cfs_buf_bytes(&image), store->repo.meta.alg,
				 ignore, NULL, err);
}

int cfs_import_image(struct cfs_store *store, int fd, const char *name,
		     struct cfs_digest *ret, struct cfs_err *err)
{
	struct cfs_digest id;
	uint64_t size;
	int r = cfs_object_add_file(store, fd, &id, &size, err);

	if (r == 0 && size == 0)
		r = cfs_fail(err, EINVAL, "the input is empty");
	if (r == 0)
		r = check_object(store, &id, err);
	if (r == 0)
		r = cfs_image_commit(store, &id, err);
	if (r == 0)
		r = cfs_ref_set(store, name, &id, err);
	if (r == 0)
		*ret = id;
	return r;
}
