/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/objects.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

#include "base/io.h"
#include "fuse/passthrough.h"
#include "repo/object.h"
#include "tree/table.h"

/* Hashing a file of this size takes longer than getting another thread to work,
 * in bytes. */
#define HASH_IS_LONG (1 << 18)

/* Descriptors that remain for everything else. */
#define OTHERS 64

struct object {
	struct cfs_fuse_object is;
	uint64_t nid;
	unsigned users;
	bool busy;		      /* one of the users opens it */
	bool hashed;		      /* what @seen describes */
	struct stat seen;	      /* the file that was hashed */
	struct object *newer, *older; /* if it is open and not used */
};

/* Objects that are open and not used, of which the oldest is closed first. */
struct idle {
	struct object *newest, *oldest;
	unsigned n, max;
};

struct cfs_fuse_objects {
	const struct cfs_erofs_view *view;
	int dir;
	enum cfs_fuse_verify verify;
	int session;	      /* for passthrough, or -1 */
	dev_t device;	      /* of @dir, or 0: the kernel cannot vouch there */
	_Atomic bool unusual; /* it did not vouch for one of the objects */
	void (*wait)(void *ctx);
	void *wait_ctx;
	pthread_mutex_t lock; /* of all below */
	pthread_cond_t opened;
	struct cfs_table table;	   /* owned objects by nid */
	struct idle idle;	   /* those with a descriptor, */
	struct idle idle_backings; /* and those that need none */
};

static uint64_t hash_of(const void *entry)
{
	const struct object *object = entry;

	return cfs_table_hash(&object->nid, sizeof(object->nid), 0);
}

static bool same_nid(const void *entry, const void *key)
{
	const struct object *object = entry;

	return object->nid == *(const uint64_t *)key;
}

/* Raises the limit of open descriptors, and returns how many may stay open. */
static unsigned idle_max(void)
{
	struct rlimit limit;
	rlim_t want = CFS_FUSE_OPEN_MAX + OTHERS;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	if (limit.rlim_cur < want && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur >= want)
		return CFS_FUSE_OPEN_MAX;
	return limit.rlim_cur > OTHERS ? (unsigned)limit.rlim_cur - OTHERS : 1;
}

int cfs_fuse_objects_new(const struct cfs_erofs_view *view, int dir,
			 enum cfs_fuse_verify verify,
			 struct cfs_fuse_objects **ret, struct cfs_err *err)
{
	struct cfs_fuse_objects *objects = calloc(1, sizeof(*objects));

	if (!objects)
		return cfs_no_memory(err);
	objects->view = view;
	objects->dir = dir;
	objects->verify = verify;
	objects->device = cfs_object_device(dir);
	objects->session = -1;
	objects->table.hash_of = hash_of;
	objects->idle.max = idle_max();
	objects->idle_backings.max = CFS_FUSE_BACKINGS_MAX;
	(void)pthread_mutex_init(&objects->lock, NULL);
	(void)pthread_cond_init(&objects->opened, NULL);
	*ret = objects;
	return 0;
}

void cfs_fuse_objects_pass_through(struct cfs_fuse_objects *objects,
				   int session)
{
	objects->session = session;
}

void cfs_fuse_objects_on_wait(struct cfs_fuse_objects *objects,
			      void (*wait)(void *ctx), void *ctx)
{
	objects->wait = wait;
	objects->wait_ctx = ctx;
}

static void announce_wait(const struct cfs_fuse_objects *objects)
{
	if (objects->wait)
		objects->wait(objects->wait_ctx);
}

static bool is_open(const struct object *object)
{
	return object->is.fd >= 0 || object->is.backing > 0;
}

static void close_object(const struct cfs_fuse_objects *objects,
			 struct object *object)
{
	if (object->is.backing > 0 && objects->session >= 0)
		cfs_fuse_backing_close(objects->session, object->is.backing);
	object->is.backing = 0;
	cfs_closep(&object->is.fd);
}

void cfs_fuse_objects_free(struct cfs_fuse_objects *objects)
{
	for (size_t i = 0; objects->table.slots && i <= objects->table.mask;
	     i++) {
		struct object *object;

		memcpy(&object, &objects->table.slots[i], sizeof(object));
		if (object)
			close_object(objects, object);
		free(object);
	}
	cfs_table_free(&objects->table);
	(void)pthread_mutex_destroy(&objects->lock);
	(void)pthread_cond_destroy(&objects->opened);
	free(objects);
}

static bool is_idle(const struct object *object)
{
	return object->users == 0 && is_open(object);
}

static struct idle *list_of(struct cfs_fuse_objects *objects,
			    const struct object *object)
{
	return object->is.fd >= 0 ? &objects->idle : &objects->idle_backings;
}

static void unlink_idle(struct cfs_fuse_objects *objects, struct object *object)
{
	struct idle *idle = list_of(objects, object);

	*(object->newer ? &object->newer->older : &idle->newest) =
		object->older;
	*(object->older ? &object->older->newer : &idle->oldest) =
		object->newer;
	object->newer = object->older = NULL;
	idle->n--;
}

static void link_idle(struct cfs_fuse_objects *objects, struct object *object)
{
	struct idle *idle = list_of(objects, object);

	object->older = idle->newest;
	*(object->older ? &object->older->newer : &idle->oldest) = object;
	idle->newest = object;
	if (++idle->n > idle->max) {
		struct object *last = idle->oldest;

		unlink_idle(objects, last);
		close_object(objects, last);
	}
}

/* Finds or makes the object of inode @nid.  Returns NULL without memory. */
static struct object *find(struct cfs_fuse_objects *objects, uint64_t nid)
{
	const struct object key = { .nid = nid };
	struct object *object;
	const void **slot;

	if (!cfs_table_reserve(&objects->table))
		return NULL;
	slot = cfs_table_slot(&objects->table, hash_of(&key), same_nid, &nid);
	memcpy(&object, slot, sizeof(object));
	if (object)
		return object;
	object = calloc(1, sizeof(*object));
	if (!object)
		return NULL;
	object->nid = nid;
	object->is.fd = -EBADF;
	cfs_table_fill(&objects->table, slot, object);
	return object;
}

int cfs_fuse_object_path(const struct cfs_erofs_backing *backing,
			 char path[static CFS_FUSE_PATH_MAX],
			 struct cfs_err *err)
{
	char own[CFS_OBJECT_PATH_MAX];
	struct cfs_bytes from = backing->path;

	if (from.len == 0 && backing->has_digest) {
		cfs_digest_to_path(&backing->digest, own);
		from = (struct cfs_bytes){ (const uint8_t *)own, strlen(own) };
	}
	if (from.len == 0 || from.len >= CFS_FUSE_PATH_MAX ||
	    memchr(from.data, '\0', from.len))
		return cfs_fail(err, EBADMSG,
				"the image does not say which object it is");
	memcpy(path, from.data, from.len);
	path[from.len] = '\0';
	return 0;
}

/* Returns whether the file @a is still what it was when it was @b. */
static bool is_unchanged(const struct stat *a, const struct stat *b)
{
	return cfs_is_same_file(a, b) && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int verify(const struct cfs_fuse_objects *objects, struct object *object,
		  int fd, const struct stat *st,
		  const struct cfs_digest *digest, struct cfs_err *err)
{
	struct stat after;
	int r;

	if (object->hashed && is_unchanged(st, &object->seen))
		return 0;
	if (objects->verify == CFS_FUSE_VERIFY && st->st_size >= HASH_IS_LONG)
		announce_wait(objects);
	r = cfs_object_check(fd, digest, err);
	if (r < 0 || r == CFS_CHECKED_MEASURED)
		return r < 0 ? r : 0;
	if (objects->verify == CFS_FUSE_VERIFY_KERNEL)
		return cfs_fail(err, EBADMSG,
				"no fs-verity, which the repository demands");
	if (fstat(fd, &after) < 0)
		return cfs_fail_errno(err, "stat");
	/* Otherwise other bytes than were hashed may be read later. */
	if (!is_unchanged(st, &after))
		return cfs_fail(err, EBADMSG, "it changed while it was read");
	object->seen = after;
	object->hashed = true;
	return 0;
}

/* Opens and verifies in one go what the kernel vouches for.  After the first
 * object for which it does not, that is not tried again. */
static int open_vouched(struct cfs_fuse_objects *objects, const char *path,
			const struct cfs_digest *digest, struct stat *ret)
{
	int fd;

	if (objects->device == 0 || objects->unusual)
		return -1;
	fd = cfs_object_open_measured(objects->dir, objects->device, path,
				      digest, ret);
	if (fd < 0)
		objects->unusual = true;
	return fd;
}

static int open_at(struct cfs_fuse_objects *objects, struct object *object,
		   const struct cfs_erofs_stat *st,
		   const struct cfs_erofs_backing *backing, const char *path,
		   struct cfs_err *err)
{
	bool check = objects->verify != CFS_FUSE_VERIFY_NOT;
	struct cfs_digest digest = backing->digest;
	CFS_AUTOFD int fd = -EBADF;
	struct stat is;
	bool vouched;

	if (check && !backing->has_digest && !cfs_object_of_path(path, &digest))
		return cfs_fail(err, EBADMSG,
				"the image has no digest of it (--no-verify "
				"takes it as it is)");
	if (check)
		fd = open_vouched(objects, path, &digest, &is);
	vouched = fd >= 0;
	if (!vouched)
		fd = cfs_object_open_path(objects->dir, path, &is);
	if (fd < 0)
		return cfs_fail_code(err, fd, "open");
	if ((uint64_t)is.st_size != st->size)
		return cfs_fail(err, EBADMSG,
				"it has %llu bytes, and the file %llu",
				(unsigned long long)is.st_size,
				(unsigned long long)st->size);
	if (check && !vouched &&
	    verify(objects, object, fd, &is, &digest, err) < 0)
		return -err->code;
	object->is.fd = cfs_steal_fd(&fd);
	return 0;
}

static int open_object(struct cfs_fuse_objects *objects, struct object *object,
		       const struct cfs_erofs_stat *st, struct cfs_err *err)
{
	struct cfs_erofs_backing backing;
	char path[CFS_FUSE_PATH_MAX];

	if (cfs_erofs_view_backing(objects->view, st, &backing, err) < 0 ||
	    cfs_fuse_object_path(&backing, path, err) < 0)
		return -err->code;
	if (open_at(objects, object, st, &backing, path, err) < 0)
		return cfs_ctx(err, "object %s", path);
	return 0;
}

/* Registers the open object with the kernel, and closes it. */
static void pass_through(const struct cfs_fuse_objects *objects,
			 struct object *object)
{
	int backing = cfs_fuse_backing_open(objects->session, object->is.fd);

	if (backing <= 0)
		return;
	object->is.backing = backing;
	cfs_closep(&object->is.fd);
}

/* How an object is wanted. */
enum want {
	WANT_FD,
	WANT_BACKING, /* if it can be had */
};

static bool has(const struct object *object, enum want want)
{
	return want == WANT_FD ? object->is.fd >= 0 : is_open(object);
}

/* Opens an object that this thread has made busy. */
static int open_as(struct cfs_fuse_objects *objects, struct object *object,
		   const struct cfs_erofs_stat *st, enum want want,
		   struct cfs_err *err)
{
	int r = open_object(objects, object, st, err);

	if (r == 0 && want == WANT_BACKING && objects->session >= 0)
		pass_through(objects, object);
	return r;
}

static int get(struct cfs_fuse_objects *objects,
	       const struct cfs_erofs_stat *st, enum want want,
	       struct cfs_fuse_object **ret, struct cfs_err *err)
{
	struct object *object;
	int r = 0;

	(void)pthread_mutex_lock(&objects->lock);
	object = find(objects, st->nid);
	if (!object) {
		(void)pthread_mutex_unlock(&objects->lock);
		*ret = NULL;
		return cfs_no_memory(err);
	}
	if (is_idle(object))
		unlink_idle(objects, object);
	object->users++;
	if (object->busy)
		announce_wait(objects);
	while (object->busy)
		(void)pthread_cond_wait(&objects->opened, &objects->lock);
	if (!has(object, want)) {
		/* Hashing takes its time: others go on meanwhile. */
		object->busy = true;
		(void)pthread_mutex_unlock(&objects->lock);
		r = open_as(objects, object, st, want, err);
		(void)pthread_mutex_lock(&objects->lock);
		object->busy = false;
		(void)pthread_cond_broadcast(&objects->opened);
	}
	(void)pthread_mutex_unlock(&objects->lock);
	*ret = &object->is;
	return r;
}

int cfs_fuse_object_get(struct cfs_fuse_objects *objects,
			const struct cfs_erofs_stat *st,
			struct cfs_fuse_object **ret, struct cfs_err *err)
{
	return get(objects, st, WANT_FD, ret, err);
}

int cfs_fuse_object_get_backing(struct cfs_fuse_objects *objects,
				const struct cfs_erofs_stat *st,
				struct cfs_fuse_object **ret,
				struct cfs_err *err)
{
	return get(objects, st, WANT_BACKING, ret, err);
}

/* Adds the path of the object, if it can be told. */
static int name_object(const struct cfs_fuse_objects *objects,
		       const struct object *object, struct cfs_err *err)
{
	struct cfs_erofs_backing backing;
	struct cfs_err ignored = { 0 };
	struct cfs_erofs_stat st;
	char path[CFS_FUSE_PATH_MAX];

	if (cfs_erofs_view_stat(objects->view, object->nid, &st, &ignored) <
		    0 ||
	    cfs_erofs_view_backing(objects->view, &st, &backing, &ignored) <
		    0 ||
	    cfs_fuse_object_path(&backing, path, &ignored) < 0)
		return -err->code;
	return cfs_ctx(err, "object %s", path);
}

int cfs_fuse_object_read(const struct cfs_fuse_objects *objects,
			 const struct cfs_fuse_object *used, void *buf,
			 size_t size, uint64_t off, struct cfs_err *err)
{
	/* The first member. */
	const struct object *object = (const struct object *)used;
	ssize_t n = cfs_pread_full(used->fd, buf, size, off);

	if (n >= 0 && (size_t)n == size)
		return 0;
	if (n < 0)
		(void)cfs_fail_code(err, (int)n, "read");
	else
		(void)cfs_fail(err, EBADMSG,
			       "it was truncated while it was open");
	return name_object(objects, object, err);
}

/* With the lock held. */
static void put(struct cfs_fuse_objects *objects, struct object *object)
{
	if (object->users == 0 || --object->users > 0)
		return;
	if (is_open(object))
		link_idle(objects, object);
}

void cfs_fuse_object_put(struct cfs_fuse_objects *objects,
			 struct cfs_fuse_object *used)
{
	if (!used)
		return;
	(void)pthread_mutex_lock(&objects->lock);
	/* The first member. */
	put(objects, (struct object *)used);
	(void)pthread_mutex_unlock(&objects->lock);
}

void cfs_fuse_object_put_nid(struct cfs_fuse_objects *objects, uint64_t nid)
{
	struct object *object = NULL;

	(void)pthread_mutex_lock(&objects->lock);
	object = find(objects, nid);
	if (object)
		put(objects, object);
	(void)pthread_mutex_unlock(&objects->lock);
}
