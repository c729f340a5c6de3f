/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/enrol.h"

#include <string.h>

#include "fsverity/enable.h"
#include "fsverity/measure.h"
#include "repo/copy.h"
#include "repo/dir.h"
#include "repo/temp.h"

/* Does the kernel keep exactly @der with @fd?  0 also when it cannot tell. */
static int keeps(int fd, struct cfs_bytes der, struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *old = malloc(CFS_SIGNATURE_MAX);
	int r;

	if (!old)
		return cfs_no_memory(err);
	r = cfs_verity_read_signature(fd, old, err);
	if (r == -ENOTTY)
		return 0;
	if (r < 0)
		return r;
	return (size_t)r == der.len && memcmp(old, der.data, der.len) == 0;
}

static int copy(int from, int to, struct cfs_err *err)
{
	if (lseek(from, 0, SEEK_SET) < 0)
		return cfs_fail_errno(err, "seek");
	return cfs_copy_rest(from, to, err) < 0
		       ? cfs_ctx(err, "copy the object")
		       : 0;
}

/* Turns fs-verity on for @fd, and looks at the result. */
static int enable(int fd, const struct cfs_digest *id, struct cfs_bytes der,
		  struct cfs_err *err)
{
	int r = cfs_verity_enable(fd, id->alg, der, err);

	if (r == CFS_ENABLE_DONE && cfs_verity_require(fd, id, err) < 0)
		return -err->code;
	return r;
}

/* The signature of a file with fs-verity cannot be changed: a copy replaces the
 * object.  It has a name from the start: see repo/incoming.c. */
static int replace(struct cfs_store *store, const struct cfs_digest *id, int fd,
		   struct cfs_bytes der, struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	char path[CFS_OBJECT_PATH_MAX];
	int shard, r;

	r = cfs_temp_open(store->objects, CFS_TEMP_NAMED, &temp, err);
	if (r == 0)
		r = copy(fd, temp.fd, err);
	if (r == 0)
		r = cfs_temp_seal(&temp, err);
	if (r == 0)
		r = enable(temp.fd, id, der, err);
	if (r <= 0)
		return r < 0 ? r : CFS_ENROL_UNSUPPORTED;
	/* On the disk before it takes the place of the object. */
	if (store->sync && fsync(temp.fd) < 0)
		return cfs_fail_errno(err, "write the object");
	cfs_digest_to_path(id, path);
	r = cfs_temp_replace(&temp, store->objects, path, err);
	if (r < 0)
		return r;
	shard = cfs_store_shard(store, id->bytes[0], err);
	r = shard;
	if (r >= 0 && store->sync)
		r = cfs_dir_sync(shard, err);
	return r < 0 ? r : CFS_ENROL_DONE;
}

int cfs_store_enrol(struct cfs_store *store, const struct cfs_digest *id,
		    int fd, struct cfs_bytes der, struct cfs_err *err)
{
	struct cfs_digest now;
	int r = cfs_verity_measure(fd, &now, err);

	if (r == 0) {
		r = enable(fd, id, der, err);
		if (r != CFS_ENABLE_ALREADY)
			return r < 0		      ? r
			       : r == CFS_ENABLE_DONE ? CFS_ENROL_DONE
						      : CFS_ENROL_UNSUPPORTED;
	}
	if (r > 0)
		r = keeps(fd, der, err);
	if (r < 0)
		return r;
	return r > 0 ? CFS_ENROL_ALREADY : replace(store, id, fd, der, err);
}
