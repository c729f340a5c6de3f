/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/incoming.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/enable.h"
#include "fsverity/measure.h"
#include "fsverity/merkle.h"
#include "repo/object.h"

static const char *rest(const struct cfs_incoming *in)
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
static enum cfs_temp_kind kind_of(const struct cfs_store *store)
{
	return store->verity == CFS_STORE_VERITY_LACKING ? store->temps
							 : CFS_TEMP_NAMED;
}

int cfs_incoming_open(struct cfs_store *store, int shard, struct cfs_temp *ret,
		      struct cfs_err *err)
{
	enum cfs_temp_kind kind = kind_of(store);
	bool in_shard = kind == CFS_TEMP_UNNAMED && shard >= 0;
	int r = cfs_temp_open(in_shard ? shard : store->objects, kind, ret,
			      err);

	/* It lies near its neighbours, but gets a name where temporary files
	 * are swept. */
	ret->dirfd = store->objects;
	if (r == 0 && store->chmod && fchmod(ret->fd, CFS_TEMP_MODE) < 0)
		r = cfs_fail_errno(err, "chmod");
	return r;
}

int cfs_incoming_prepare(struct cfs_store *store, struct cfs_incoming *in,
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

static int compare(int fd, const struct cfs_incoming *in, struct cfs_err *err)
{
	int r;

	if (in->data.data)
		return same_bytes(fd, in->data, err);
	r = cfs_object_check(fd, &in->id, err);
	if (r == -EBADMSG)
		return 0;
	return r < 0 ? r : 1;
}

/* Can all of @fd be read, and is it what the digest names? */
static bool reads_right(int fd, const struct cfs_digest *id)
{
	struct cfs_digest have;
	struct cfs_err ignored;

	return cfs_verity_digest_fd(id->alg, fd, &have, NULL, &ignored) == 0 &&
	       cfs_digest_equal(&have, id);
}

/* Never back from LACKING: files that were begun without a name must not get
 * fs-verity (see kind_of()). */
static void learn(struct cfs_store *store, enum cfs_store_verity what)
{
	enum cfs_store_verity try = CFS_STORE_VERITY_TRY;

	if (what == CFS_STORE_VERITY_LACKING)
		store->verity = what;
	else
		atomic_compare_exchange_strong(&store->verity, &try, what);
}

/*
 * fs-verity is welcome, but not demanded: a kernel that wants signatures, or an
 * object that another user owns, is no reason not to store.
 */
static bool is_excused(const struct cfs_store *store, int r)
{
	return !store->secure && (r == -EPERM || r == -EKEYREJECTED ||
				  r == -EACCES || store->plain);
}

/* The signature that a pack has for the object, or none.  Packs that cannot be
 * read are fsck's business. */
static struct cfs_bytes kept_signature(struct cfs_store *store,
				       const struct cfs_digest *id)
{
	struct cfs_bytes der = { 0 };
	struct cfs_err ignored;

	if (store->plain)
		return der;
	pthread_mutex_lock(&store->packs_lock);
	if (!store->has_packs)
		(void)!cfs_sigpacks_read(&store->repo, NULL, &store->packs,
					 &ignored);
	store->has_packs = true;
	pthread_mutex_unlock(&store->packs_lock);
	(void)!cfs_sigpacks_find(&store->packs, id, &der);
	return der;
}

/* Is it the signature that the kernel does not accept?  It may lack the
 * signer's certificate. */
static bool is_about_signature(int r)
{
	return r == -ENOKEY || r == -EKEYREJECTED || r == -EBADMSG ||
	       r == -ENOPKG;
}

/* With its signature, if one is kept and this kernel accepts it: what replaces
 * a signed object that was damaged is signed, too. */
static int enable(struct cfs_store *store, int fd, const struct cfs_digest *id,
		  struct cfs_err *err)
{
	struct cfs_bytes none = { 0 }, der = kept_signature(store, id);
	int r = cfs_verity_enable(fd, id->alg, der, err);

	return r < 0 && der.len > 0 && is_about_signature(r)
		       ? cfs_verity_enable(fd, id->alg, none, err)
		       : r;
}

/*
 * Turns fs-verity on for @fd where that is possible, and then asks the kernel
 * what it measures.  Returns 1 when the kernel vouches for it, 0 when not.
 */
static int protect(struct cfs_store *store, int fd,
		   const struct cfs_incoming *in, struct cfs_err *err)
{
	int r;

	if (store->verity == CFS_STORE_VERITY_LACKING && !store->secure)
		return 0;
	r = enable(store, fd, &in->id, err);
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

/* Believes the name of a file of the right size, which has fs-verity where that
 * is demanded: one call.  A process that can put other bytes there could have
 * put them where they are looked at as well. */
static int glance(struct cfs_store *store, const struct cfs_incoming *in,
		  struct cfs_err *err)
{
	struct statx st;

	if (statx(in->shard, rest(in), AT_SYMLINK_NOFOLLOW,
		  STATX_TYPE | STATX_SIZE, &st) < 0)
		return errno == ENOENT ? CFS_FOUND_ABSENT
				       : cfs_fail_errno(err, "stat");
	if (!S_ISREG(st.stx_mode) || st.stx_size != in->size ||
	    (store->secure && !(st.stx_attributes & STATX_ATTR_VERITY)))
		return CFS_FOUND_DAMAGED;
	return CFS_FOUND_GOOD;
}

int cfs_incoming_look(struct cfs_store *store, const struct cfs_incoming *in,
		      struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest have;
	struct stat st;
	int r;

	/* The object was found damaged by a closer look than this one. */
	if (store->replaces) {
		r = cfs_name_exists(in->shard, rest(in));
		if (r < 0)
			return cfs_fail(err, -r, "stat: %s", strerror(-r));
		return r > 0 ? CFS_FOUND_DAMAGED : CFS_FOUND_ABSENT;
	}
	if (store->trusts_names) {
		r = glance(store, in, err);
		if (r != CFS_FOUND_DAMAGED)
			return r;
	}
	if (fstatat(in->shard, rest(in), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? CFS_FOUND_ABSENT
				       : cfs_fail_errno(err, "stat");
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != in->size)
		return CFS_FOUND_DAMAGED;
	fd = openat(in->shard, rest(in),
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? CFS_FOUND_ABSENT
				       : cfs_fail_errno(err, "open");
	if (store->rereads && !reads_right(fd, &in->id))
		return CFS_FOUND_DAMAGED;
	/* The kernel's word, where it gives it, saves reading the object. */
	r = store->verity == CFS_STORE_VERITY_LACKING
		    ? 0
		    : cfs_verity_measure(fd, &have, err);
	if (r > 0)
		return cfs_digest_equal(&have, &in->id) ? CFS_FOUND_GOOD
							: CFS_FOUND_DAMAGED;
	if (r == 0)
		r = compare(fd, in, err);
	if (r <= 0)
		return r < 0 ? r : CFS_FOUND_DAMAGED;
	r = protect(store, fd, in, err);
	return r < 0 ? r : CFS_FOUND_GOOD;
}

/* The copy is right if the kernel says so, or when it is read once more. */
static int vouch(struct cfs_store *store, struct cfs_temp *temp,
		 const struct cfs_incoming *in, struct cfs_err *err)
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
		   const struct cfs_incoming *in, struct cfs_err *err)
{
	int r;

	pthread_mutex_lock(&store->lock);
	r = cfs_incoming_look(store, in, err);
	if (r == CFS_FOUND_GOOD) {
		store->stats.present++;
	} else if (r >= 0) {
		r = cfs_temp_replace(temp, in->shard, rest(in), err);
		store->stats.repaired += r == 0;
	}
	pthread_mutex_unlock(&store->lock);
	return r < 0 ? r : 0;
}

int cfs_incoming_publish(struct cfs_store *store, struct cfs_temp *temp,
			 const struct cfs_incoming *in, enum cfs_found found,
			 struct cfs_err *err)
{
	int r;

	store->dirty = true;
	r = vouch(store, temp, in, err);
	if (r < 0)
		return r;
	if (found == CFS_FOUND_DAMAGED)
		return replace(store, temp, in, err);
	r = cfs_temp_publish(temp, in->shard, rest(in), err);
	/* Another writer was faster.  It holds the lock too, so its object is
	 * trusted. */
	if (r == 0)
		store->stats.present++;
	if (r <= 0)
		return r;
	store->stats.added++;
	store->stats.added_bytes += in->size;
	return 0;
}
