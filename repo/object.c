/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/object.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/io.h"
#include "fsverity/measure.h"
#include "fsverity/merkle.h"
#include "repo/copy.h"
#include "repo/image.h"
#include "repo/incoming.h"

/* Writes the bytes in memory, or copies @fd. */
static int fill(struct cfs_store *store, struct cfs_incoming *in, int fd,
		int to, struct cfs_err *err)
{
	/* A kernel that is going to measure the copy saves hashing it here. */
	bool asks_kernel = store->secure ||
			   store->verity == CFS_STORE_VERITY_WORKS;
	int r;

	if (fd < 0) {
		in->hashed = true;
		return cfs_copy_bytes(in->data, to, err);
	}
	r = cfs_copy_known(fd, in->size, to, asks_kernel ? NULL : &in->id,
			   &store->clones, err);
	in->hashed = r == CFS_COPIED_HASHED;
	return r < 0 ? r : 0;
}

/* @fd: what to copy, or negative for what is in memory. */
static int add_incoming(struct cfs_store *store, struct cfs_incoming *in,
			int fd, struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	int found, r;

	r = cfs_incoming_prepare(store, in, err);
	if (r < 0)
		return r;
	found = cfs_incoming_look(store, in, err);
	if (found == CFS_FOUND_GOOD)
		store->stats.present++;
	if (found < 0 || found == CFS_FOUND_GOOD)
		return found < 0 ? found : 0;
	r = cfs_incoming_open(store, in->shard, &temp, err);
	if (r == 0)
		r = fill(store, in, fd, temp.fd, err);
	return r < 0 ? r
		     : cfs_incoming_publish(store, &temp, in,
					    (enum cfs_found)found, err);
}

int cfs_object_add_known(struct cfs_store *store, struct cfs_bytes data,
			 const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_incoming in = { .id = *id, .data = data, .size = data.len };

	if (add_incoming(store, &in, -EBADF, err) < 0)
		return cfs_ctx(err, "object %s", in.path);
	return 0;
}

int cfs_object_add_copy(struct cfs_store *store, int fd, uint64_t size,
			const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_incoming in = { .id = *id, .size = size };

	if (add_incoming(store, &in, fd, err) < 0)
		return cfs_ctx(err, "object %s", in.path);
	return 0;
}

int cfs_object_add_bytes(struct cfs_store *store, struct cfs_bytes data,
			 struct cfs_digest *ret, struct cfs_err *err)
{
	struct cfs_digest id;
	int r;

	r = cfs_verity_digest_bytes(store->repo.meta.alg, data, &id, err);
	if (r == 0)
		r = cfs_object_add_known(store, data, &id, err);
	if (r < 0)
		return r;
	*ret = id;
	return 0;
}

/* The copy has all of the file: what was read of it, and the rest. */
static int copy_whole(struct cfs_bytes head, int fd, int to,
		      struct cfs_err *err)
{
	int r;

	/* A pipe cannot go back: what was read of it is written from memory. */
	if (lseek(fd, -(off_t)head.len, SEEK_CUR) < 0) {
		r = cfs_write_full(to, head.data, head.len);
		if (r < 0)
			return cfs_fail(err, -r, "write: %s", strerror(-r));
	}
	r = cfs_copy_rest(fd, to, err);
	if (r == 0 && lseek(to, 0, SEEK_SET) < 0)
		r = cfs_fail_errno(err, "seek");
	return r;
}

/* Copies first and reads the copy, so that no writer comes between. */
static int add_long(struct cfs_store *store, struct cfs_bytes head, int fd,
		    struct cfs_digest *ret, uint64_t *ret_size,
		    struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	struct cfs_incoming in = { .hashed = true };
	int found, r;

	r = cfs_incoming_open(store, -1, &temp, err);
	if (r == 0)
		r = copy_whole(head, fd, temp.fd, err);
	if (r == 0)
		r = cfs_verity_digest_fd(store->repo.meta.alg, temp.fd, &in.id,
					 &in.size, err);
	if (r == 0)
		r = cfs_incoming_prepare(store, &in, err);
	if (r < 0)
		return r;
	found = cfs_incoming_look(store, &in, err);
	if (found == CFS_FOUND_GOOD)
		store->stats.present++;
	else if (found >= 0)
		r = cfs_incoming_publish(store, &temp, &in,
					 (enum cfs_found)found, err);
	if (found < 0 || r < 0)
		return cfs_ctx(err, "object %s", in.path);
	*ret = in.id;
	*ret_size = in.size;
	return 0;
}

int cfs_object_add_file(struct cfs_store *store, int fd, struct cfs_digest *ret,
			uint64_t *ret_size, struct cfs_err *err)
{
	/* One byte more than is kept in memory tells "full" from "longer". */
	CFS_AUTOFREE uint8_t *buf = malloc(CFS_OBJECT_IN_MEMORY + 1);
	struct cfs_bytes data = { buf, 0 };
	ssize_t n;
	int r;

	if (!buf)
		return cfs_no_memory(err);
	n = cfs_read_full(fd, buf, CFS_OBJECT_IN_MEMORY + 1);
	if (n < 0)
		return cfs_fail(err, (int)-n, "read: %s", strerror((int)-n));
	data.len = (size_t)n;
	if (n > (ssize_t)CFS_OBJECT_IN_MEMORY)
		return add_long(store, data, fd, ret, ret_size, err);
	r = cfs_object_add_bytes(store, data, ret, err);
	if (r == 0)
		*ret_size = (uint64_t)n;
	return r;
}

bool cfs_object_of_path(const char *path, struct cfs_digest *ret)
{
	size_t len = strlen(path);
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err ignored;

	if (len < 4 || len > sizeof(hex) || path[2] != '/')
		return false;
	memcpy(hex, path, 2);
	memcpy(hex + 2, path + 3, len - 3);
	return cfs_digest_from_hex(hex, len - 1, ret, &ignored) == 0;
}

/*
 * Opens @path if it is a regular file, and no link on the way.  *@seen: what it
 * was before.  @resolve: RESOLVE_* to be kept to as well.
 * Returns a negative number otherwise.
 *
 * Its type is known before it is opened, as opening a device may have effects.
 * Another file could take its place meanwhile; that this is a device takes the
 * right to make one on this file system.
 */
static int open_seen(int objects, const char *path, uint64_t resolve,
		     struct stat *seen)
{
	if (fstatat(objects, path, seen, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(seen->st_mode))
		return -1;
	return cfs_openat2(objects, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | resolve);
}

/* Opens @path if all is as usual.  Returns a negative number otherwise. */
static int open_usual(int objects, const char *path, struct stat *ret)
{
	struct stat seen;
	CFS_AUTOFD int fd = open_seen(objects, path, 0, &seen);

	if (fd < 0 || fstat(fd, ret) < 0 || !cfs_is_same_file(&seen, ret))
		return -1;
	return cfs_steal_fd(&fd);
}

int cfs_object_open_path(int objects, const char *path, struct stat *ret_st)
{
	struct stat st;
	int fd = open_usual(objects, path, &st);

	if (fd < 0)
		return cfs_open_regular(objects, path, ret_st);
	if (ret_st)
		*ret_st = st;
	return fd;
}

int cfs_object_open(int objects, const struct cfs_digest *id, int *ret_fd,
		    struct cfs_err *err)
{
	char path[CFS_OBJECT_PATH_MAX];
	int fd;

	cfs_digest_to_path(id, path);
	fd = cfs_object_open_path(objects, path, NULL);
	if (fd == -ENOENT)
		return 0;
	if (fd == -EINVAL || fd == -EISDIR)
		return cfs_fail(err, EINVAL, "objects/%s is not a regular file",
				path);
	if (fd < 0)
		return cfs_fail(err, -fd, "open objects/%s: %s", path,
				cfs_repo_open_meaning(-fd));
	*ret_fd = fd;
	return 1;
}

int cfs_object_require(int objects, const struct cfs_digest *id,
		       struct cfs_err *err)
{
	char path[CFS_OBJECT_PATH_MAX];
	int fd, r = cfs_object_open(objects, id, &fd, err);

	if (r != 0)
		return r < 0 ? r : fd;
	cfs_digest_to_path(id, path);
	return cfs_fail(err, ENOENT, "objects/%s is not in the repository",
			path);
}

int cfs_object_damaged(const struct cfs_digest *id, struct cfs_err *err)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	return cfs_fail(err, EBADMSG,
			"objects/%s is damaged: its content does not have this "
			"digest (`cfsctl fsck --repair` mends it)",
			path);
}

int cfs_object_measure(int fd, struct cfs_digest *ret, struct cfs_err *err)
{
	struct cfs_digest have;
	struct statfs fs;
	int r = cfs_verity_measure(fd, &have, err);

	if (r <= 0)
		return r;
	if (fstatfs(fd, &fs) < 0)
		return cfs_fail_errno(err, "ask for the file system");
	if (fs.f_type == FUSE_SUPER_MAGIC)
		return 0;
	*ret = have;
	return r;
}

bool cfs_object_is_measured(int fd, const struct cfs_digest *id)
{
	struct cfs_digest have;
	struct cfs_err ignored;

	return cfs_object_measure(fd, &have, &ignored) > 0 &&
	       cfs_digest_equal(&have, id);
}

dev_t cfs_object_device(int objects)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(objects, &fs) < 0 || fs.f_type == FUSE_SUPER_MAGIC ||
	    fstat(objects, &st) < 0)
		return 0;
	return st.st_dev;
}

/* A file with that measurement is a regular one and has the size of its digest,
 * so its status from before it was opened will do.  RESOLVE_NO_XDEV keeps out a
 * file system that is mounted in between. */
int cfs_object_open_measured(int objects, dev_t device, const char *path,
			     const struct cfs_digest *id, struct stat *ret_st)
{
	CFS_AUTOFD int fd = open_seen(objects, path, RESOLVE_NO_XDEV, ret_st);
	struct cfs_err ignored;
	struct cfs_digest have;

	if (fd < 0 || ret_st->st_dev != device ||
	    cfs_verity_measure(fd, &have, &ignored) <= 0 ||
	    !cfs_digest_equal(&have, id))
		return -1;
	return cfs_steal_fd(&fd);
}

int cfs_object_check(int fd, const struct cfs_digest *id, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest have;
	int r;

	r = cfs_object_measure(fd, &have, err);
	if (r < 0)
		return r;
	if (r > 0 && cfs_digest_equal(&have, id))
		return CFS_CHECKED_MEASURED;
	if (r > 0) /* which words the difference */
		return cfs_verity_require(fd, id, err) < 0
			       ? -err->code
			       : CFS_CHECKED_MEASURED;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return cfs_fail_errno(err, "seek");
	r = cfs_verity_digest_fd(id->alg, fd, &have, NULL, err);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_SET) < 0)
		return cfs_fail_errno(err, "seek");
	if (!cfs_digest_equal(&have, id)) {
		cfs_digest_to_hex(&have, hex);
		return cfs_fail(err, EBADMSG, "its digest is %s", hex);
	}
	return CFS_CHECKED_HASHED;
}
