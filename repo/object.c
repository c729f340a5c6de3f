/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/object.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/enable.h"
#include "fsverity/measure.h"
#include "fsverity/merkle.h"
#include "repo/copy.h"
#include "repo/temp.h"

enum found {
	ABSENT,
	GOOD,
	DAMAGED
};

/* An object on its way into the store. */
struct incoming {
	struct cfs_digest id;
	uint64_t size;
	struct cfs_bytes data; /* its content, when it is in memory */
	bool hashed;	       /* what is written is known to be right */
	char path[CFS_OBJECT_PATH_MAX];
	int shard; /* borrowed */
};

static const char *rest(const struct incoming *in)
{
	return in->path + 3;
}

/*
 * A file that is to get fs-verity needs a name.  When turning it on fails half
 * way for one without (ENOSPC, require_signatures), ext4 forgets to take it off
 * the list of orphans on the disk (Linux 6.1, 6.12 and 7.2): the next mount
 * cuts the file that has its inode number by then to its size, and with that
 * its fs-verity metadata off.
 */
static bool may_be_unnamed(const struct cfs_store *store)
{
	return store->unnamed && store->verity == CFS_STORE_VERITY_LACKING;
}

static int prepare(struct cfs_store *store, struct incoming *in,
		   struct cfs_err *err)
{
	cfs_digest_to_path(&in->id, in->path);
	in->shard = cfs_store_shard(store, in->id.bytes[0], err);
	return in->shard < 0 ? in->shard : 0;
}

/* Is @fd, which has the right size, the bytes in memory? */
static int same_bytes(int fd, struct cfs_bytes want, struct cfs_err *err)
{
	uint8_t have[16384];

	for (size_t off = 0; off < want.len; off += sizeof(have)) {
		size_t len = want.len - off;
		ssize_t n;

		if (len > sizeof(have))
			len = sizeof(have);
		n = cfs_pread_full(fd, have, len, off);
		if (n < 0)
			return cfs_fail(err, (int)-n, "read an object: %s",
					strerror((int)-n));
		if ((size_t)n != len || memcmp(have, want.data + off, len) != 0)
			return 0;
	}
	return 1;
}

static int compare(int fd, const struct incoming *in, struct cfs_err *err)
{
	int r;

	if (in->data.data)
		return same_bytes(fd, in->data, err);
	r = cfs_object_check(fd, &in->id, err);
	if (r == -EBADMSG)
		return 0;
	return r < 0 ? r : 1;
}

/* Never back from LACKING: what was begun without a name stays so. */
static void learn(struct cfs_store *store, enum cfs_store_verity what)
{
	enum cfs_store_verity try = CFS_STORE_VERITY_TRY;

	if (what == CFS_STORE_VERITY_LACKING)
		store->verity = what;
	else
		atomic_compare_exchange_strong(&store->verity, &try, what);
}

/*
 * fs-verity is welcome, but nobody demands it: a kernel that wants signatures,
 * or an object that is somebody else's, is no reason not to store.
 */
static bool is_excused(const struct cfs_store *store, int r)
{
	return !store->secure && (r == -EPERM || r == -EKEYREJECTED ||
				  r == -EACCES || store->plain);
}

/*
 * Turns fs-verity on for @fd where that is possible, and then asks the kernel
 * what it measures.  Returns 1 when the kernel vouches for it, 0 when not.
 */
static int protect(struct cfs_store *store, int fd, const struct incoming *in,
		   struct cfs_err *err)
{
	struct cfs_bytes none = { 0 };
	int r;

	if (store->verity == CFS_STORE_VERITY_LACKING && !store->secure)
		return 0;
	r = cfs_verity_enable(fd, in->id.alg, none, err);
	if (r < 0) {
		/* These two are the same for every file. */
		if (is_excused(store, r) && (r == -EPERM || r == -EKEYREJECTED))
			learn(store, CFS_STORE_VERITY_LACKING);
		return is_excused(store, r) ? 0 : r;
	}
	if (r == CFS_ENABLE_UNSUPPORTED && store->secure)
		return cfs_fail(err, EOPNOTSUPP,
				"the repository demands fs-verity and this "
				"file system or kernel has none: --insecure "
				"does without");
	if (r == CFS_ENABLE_UNSUPPORTED) {
		learn(store, CFS_STORE_VERITY_LACKING);
		return 0;
	}
	learn(store, CFS_STORE_VERITY_WORKS);
	r = cfs_verity_require(fd, &in->id, err);
	return r < 0 ? r : 1;
}

/* What has the object's name now; one that lacks fs-verity gets it. */
static int look(struct cfs_store *store, const struct incoming *in,
		struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest have;
	struct stat st;
	int r;

	if (fstatat(in->shard, rest(in), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? ABSENT : cfs_fail_errno(err, "stat");
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != in->size)
		return DAMAGED;
	fd = openat(in->shard, rest(in),
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? ABSENT : cfs_fail_errno(err, "open");
	r = store->verity == CFS_STORE_VERITY_LACKING
		    ? 0
		    : cfs_verity_measure(fd, &have, err);
	if (r > 0)
		return cfs_digest_equal(&have, &in->id) ? GOOD : DAMAGED;
	if (r == 0)
		r = compare(fd, in, err);
	if (r <= 0)
		return r < 0 ? r : DAMAGED;
	r = protect(store, fd, in, err);
	return r < 0 ? r : GOOD;
}

/* What was copied is right: the kernel says so, or it is read once more. */
static int vouch(struct cfs_store *store, struct cfs_temp *temp,
		 const struct incoming *in, struct cfs_err *err)
{
	int r = 0;

	if (store->verity != CFS_STORE_VERITY_LACKING || store->secure) {
		r = cfs_temp_seal(temp, err);
		if (r == 0)
			r = protect(store, temp->fd, in, err);
	}
	if (r == 0 && !in->hashed)
		r = cfs_object_check(temp->fd, &in->id, err);
	if (r == -EBADMSG && !in->hashed)
		return cfs_fail(err, ESTALE, "it changed while it was read");
	return r < 0 ? r : 0;
}

/* Another thread may have seen the same damage: the first one mends it. */
static int replace(struct cfs_store *store, struct cfs_temp *temp,
		   const struct incoming *in, struct cfs_err *err)
{
	int r;

	pthread_mutex_lock(&store->lock);
	r = look(store, in, err);
	if (r == GOOD) {
		store->stats.present++;
	} else if (r >= 0) {
		r = cfs_temp_replace(temp, in->shard, rest(in), err);
		store->stats.repaired += r == 0;
	}
	pthread_mutex_unlock(&store->lock);
	return r < 0 ? r : 0;
}

/* Gives the complete file @temp its name. */
static int publish(struct cfs_store *store, struct cfs_temp *temp,
		   const struct incoming *in, enum found found,
		   struct cfs_err *err)
{
	int r;

	store->dirty = true;
	r = vouch(store, temp, in, err);
	if (r < 0)
		return r;
	if (found == DAMAGED)
		return replace(store, temp, in, err);
	r = cfs_temp_publish(temp, in->shard, rest(in), err);
	/* Somebody was faster: he holds the lock too and knows what he does. */
	if (r == 0)
		store->stats.present++;
	if (r <= 0)
		return r;
	store->stats.added++;
	store->stats.added_bytes += in->size;
	return 0;
}

/* Writes the bytes in memory, or copies @fd. */
static int fill(struct cfs_store *store, struct incoming *in, int fd, int to,
		struct cfs_err *err)
{
	bool asks_kernel = store->secure ||
			   store->verity == CFS_STORE_VERITY_WORKS;
	int r;

	if (fd < 0) {
		in->hashed = true;
		return cfs_copy_bytes(in->data, to, err);
	}
	r = cfs_copy_known(fd, in->size, to, asks_kernel ? NULL : &in->id,
			   &store->no_clone, err);
	in->hashed = r == CFS_COPIED_HASHED;
	return r < 0 ? r : 0;
}

/* @fd: what to copy, or negative for what is in memory. */
static int add_incoming(struct cfs_store *store, struct incoming *in, int fd,
			struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	bool unnamed;
	int found, r;

	r = prepare(store, in, err);
	if (r < 0)
		return r;
	found = look(store, in, err);
	if (found == GOOD)
		store->stats.present++;
	if (found < 0 || found == GOOD)
		return found < 0 ? found : 0;
	unnamed = may_be_unnamed(store);
	r = cfs_temp_open(unnamed ? in->shard : store->objects, unnamed, &temp,
			  err);
	/* Near its neighbours; but a name it gets where they are swept. */
	temp.dirfd = store->objects;
	if (r == 0 && store->chmod && fchmod(temp.fd, CFS_TEMP_MODE) < 0)
		r = cfs_fail_errno(err, "chmod");
	if (r == 0)
		r = fill(store, in, fd, temp.fd, err);
	return r < 0 ? r : publish(store, &temp, in, (enum found)found, err);
}

int cfs_object_add_known(struct cfs_store *store, struct cfs_bytes data,
			 const struct cfs_digest *id, struct cfs_err *err)
{
	struct incoming in = { .id = *id, .data = data, .size = data.len };

	if (add_incoming(store, &in, -EBADF, err) < 0)
		return cfs_ctx(err, "object %s", in.path);
	return 0;
}

int cfs_object_add_copy(struct cfs_store *store, int fd, uint64_t size,
			const struct cfs_digest *id, struct cfs_err *err)
{
	struct incoming in = { .id = *id, .size = size };

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
	struct incoming in = { .hashed = true };
	int found, r;

	r = cfs_temp_open(store->objects, may_be_unnamed(store), &temp, err);
	if (r == 0)
		r = copy_whole(head, fd, temp.fd, err);
	if (r == 0)
		r = cfs_verity_digest_fd(store->repo.meta.alg, temp.fd, &in.id,
					 &in.size, err);
	if (r == 0)
		r = prepare(store, &in, err);
	if (r < 0)
		return r;
	found = look(store, &in, err);
	if (found == GOOD)
		store->stats.present++;
	else if (found >= 0)
		r = publish(store, &temp, &in, (enum found)found, err);
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
		return cfs_fail(err, ENOMEM, "out of memory");
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

int cfs_object_open(int objects, const struct cfs_digest *id, int *ret_fd,
		    struct cfs_err *err)
{
	char path[CFS_OBJECT_PATH_MAX];
	int fd;

	cfs_digest_to_path(id, path);
	fd = cfs_open_regular(objects, path, NULL);
	if (fd == -ENOENT)
		return 0;
	if (fd == -EINVAL || fd == -EISDIR)
		return cfs_fail(err, EINVAL, "objects/%s is not a regular file",
				path);
	if (fd < 0)
		return cfs_fail(err, -fd, "open objects/%s: %s", path,
				strerror(-fd));
	*ret_fd = fd;
	return 1;
}

int cfs_object_check(int fd, const struct cfs_digest *id, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest have;
	int r;

	r = cfs_verity_measure(fd, &have, err);
	if (r < 0)
		return r;
	if (r > 0)
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
