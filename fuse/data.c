/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <sys/stat.h>
#include <sys/uio.h>

#include "fuse/server.h"

/* The part of @data from byte *@off on, at most *@size bytes; both move on. */
static struct iovec part(struct cfs_bytes data, uint64_t *off, size_t *size)
{
	struct iovec ret = { 0 };

	if (*off >= data.len) {
		*off -= data.len;
		return ret;
	}
	ret.iov_base = (void *)(uintptr_t)(data.data + *off);
	ret.iov_len = data.len - *off < *size ? data.len - (size_t)*off : *size;
	*size -= ret.iov_len;
	*off = 0;
	return ret;
}

/* Replies with contents that are in the image. */
static void reply_inline(fuse_req_t req, const struct cfs_erofs_stat *st,
			 uint64_t off, size_t size)
{
	struct iovec iov[2];

	iov[0] = part(st->blocks, &off, &size);
	iov[1] = part(st->tail, &off, &size);
	cfs_fuse_reply_image(req, iov, 2);
}

/* Reports, once, that file @st cannot be read, and replies so.  If the image is
 * lost it is not the object's fault. */
static void fail(fuse_req_t req, const struct cfs_erofs_stat *st,
		 struct cfs_fuse_object *object, const struct cfs_err *err)
{
	if (!cfs_fuse_is_lost(req) && object &&
	    !__atomic_exchange_n(&object->reported, true, __ATOMIC_RELAXED))
		cfs_fuse_report(cfs_fuse_server_of(req), st->nid, err);
	(void)fuse_reply_err(req, EIO);
}

/*
 * Replies with bytes of an object.  They are copied: for the size of a usual
 * request that costs less than the calls of a splice, and a splice that moves
 * pages takes them out of the object's page cache, which others use too.
 */
static int reply_object(fuse_req_t req, const struct cfs_fuse_object *object,
			off_t off, size_t size, struct cfs_err *err)
{
	struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	CFS_AUTOFREE char *buf = malloc(size);
	int r;

	if (!buf)
		return cfs_no_memory(err);
	r = cfs_fuse_object_read(server->objects, object, buf, size,
				 (uint64_t)off, err);
	if (r == 0)
		(void)fuse_reply_buf(req, buf, size);
	return r;
}

static void read_object(fuse_req_t req, const struct cfs_erofs_stat *st,
			off_t off, size_t size)
{
	struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct cfs_fuse_object *object;
	struct cfs_err err = { 0 };
	int r = cfs_fuse_object_get(server->objects, st, &object, &err);

	/* The digest may be no more than zeros. */
	if (r == 0 && cfs_fuse_is_lost(req))
		r = cfs_fail(&err, EIO, "the image is lost");
	if (r == 0)
		r = reply_object(req, object, off, size, &err);
	if (r < 0)
		fail(req, st, object, &err);
	cfs_fuse_object_put(server->objects, object);
}

/* The fh of a file whose object is in use until it is released. */
#define HOLDS_OBJECT 1

static void open_external(fuse_req_t req, const struct cfs_erofs_stat *st,
			  struct fuse_file_info *fi)
{
	struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct cfs_fuse_object *object;
	struct cfs_err err = { 0 };
	int r = cfs_fuse_object_get_backing(server->objects, st, &object, &err);

	if (r == 0 && cfs_fuse_is_lost(req))
		r = cfs_fail(&err, EIO, "the image is lost");
	if (r < 0) {
		fail(req, st, object, &err);
		cfs_fuse_object_put(server->objects, object);
		return;
	}
	/* All that have a file open at a time must read it in one way: the
	 * object stays what it is until the last of them is released. */
	fi->fh = HOLDS_OBJECT;
	fi->backing_id = object->backing;
	/* The kernel refuses both at once. */
	fi->keep_cache = object->backing == 0;
	if (fuse_reply_open(req, fi) < 0)
		cfs_fuse_object_put(server->objects, object);
}

void cfs_fuse_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);
	struct cfs_erofs_stat st;
	int r;

	/* From now on the kernel asks for no opening: a message less for each,
	 * and it keeps what was read. */
	if (server->mode != CFS_FUSE_PASSTHROUGH) {
		(void)fuse_reply_err(req, ENOSYS);
		return;
	}
	r = cfs_fuse_stat(req, ino, &st);
	if (r > 0) {
		(void)fuse_reply_err(req, r);
		return;
	}
	fi->fh = 0;
	fi->noflush = 1;
	fi->keep_cache = 1;
	if (S_ISREG(st.mode) && st.layout == CFS_EROFS_CHUNKS)
		open_external(req, &st, fi);
	else
		(void)fuse_reply_open(req, fi);
}

void cfs_fuse_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	const struct cfs_fuse_server *server = cfs_fuse_server_of(req);

	if (fi->fh == HOLDS_OBJECT)
		cfs_fuse_object_put_nid(server->objects,
					cfs_fuse_nid(server, ino));
	(void)fuse_reply_err(req, 0);
}

void cfs_fuse_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		   struct fuse_file_info *fi)
{
	struct cfs_erofs_stat st;
	int r = cfs_fuse_stat(req, ino, &st);

	(void)fi;
	if (r == 0 && !S_ISREG(st.mode))
		r = S_ISDIR(st.mode) ? EISDIR : EINVAL;
	if (r == 0 && off < 0)
		r = EINVAL;
	if (r > 0) {
		(void)fuse_reply_err(req, r);
		return;
	}
	if ((uint64_t)off >= st.size)
		(void)fuse_reply_buf(req, NULL, 0);
	else if (st.layout != CFS_EROFS_CHUNKS)
		reply_inline(req, &st, (uint64_t)off, size);
	else
		read_object(req, &st, off,
			    st.size - (uint64_t)off < size
				    ? (size_t)(st.size - (uint64_t)off)
				    : size);
}
