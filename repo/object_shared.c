/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>
#include <sys/stat.h>

#include "repo/incoming.h"
#include "repo/object.h"
#include "repo/temp.h"

/* May another file system, or the kernel, have reasons against a link that
 * copying does not meet? */
static bool may_copy(int code)
{
	return code == EXDEV || code == EPERM || code == EMLINK ||
	       code == EEXIST || code == ENOENT || code == EOPNOTSUPP;
}

/* Can nobody but root and this user change the file?  @is_measured: not even
 * they. */
static bool is_safe(const struct cfs_store *store, const struct stat *st,
		    bool is_measured)
{
	if (is_measured)
		return true;
	return !store->secure && (st->st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	       (st->st_uid == 0 || st->st_uid == geteuid());
}

static int add(struct cfs_store *store, struct cfs_incoming *in, int fd,
	       bool may_link, struct cfs_err *err)
{
	int r, found;

	r = cfs_incoming_prepare(store, in, err);
	if (r < 0)
		return r;
	found = cfs_incoming_look(store, in, err);
	if (found < 0)
		return found;
	if (found == CFS_FOUND_GOOD) {
		store->stats.present++;
		return 0;
	}
	r = -EEXIST;
	/* The file that was checked gets the name, by its descriptor, whatever
	 * its own name leads to by now. */
	if (found == CFS_FOUND_ABSENT && may_link)
		r = cfs_temp_link_fd(fd, in->shard, strchr(in->path, '/') + 1);
	if (r < 0 && may_copy(-r))
		return cfs_object_add_copy(store, fd, in->size, &in->id, err);
	if (r < 0)
		return cfs_fail(err, -r, "link: %s", strerror(-r));
	store->dirty = true;
	store->stats.added++;
	store->stats.linked++;
	return 0;
}

static int with_path(int r, const struct cfs_digest *id, struct cfs_err *err)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	return r < 0 ? cfs_ctx(err, "objects/%s", path) : 0;
}

int cfs_object_add_opened(struct cfs_store *store, int fd,
			  const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_incoming in = { .id = *id };
	struct stat st;
	int checked = cfs_object_check(fd, id, err), r = checked;

	if (r >= 0 && fstat(fd, &st) < 0)
		r = cfs_fail_errno(err, "stat");
	if (r >= 0) {
		in.size = (uint64_t)st.st_size;
		r = add(store, &in, fd,
			is_safe(store, &st, checked == CFS_CHECKED_MEASURED),
			err);
	}
	return with_path(r, id, err);
}

int cfs_object_add_shared(struct cfs_store *store, int from,
			  const struct cfs_digest *id, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_object_open(from, id, &fd, err);

	if (r == 0)
		r = cfs_fail(err, ENOENT, "it is missing");
	return r < 0 ? with_path(r, id, err)
		     : cfs_object_add_opened(store, fd, id, err);
}
