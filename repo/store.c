/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/store.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/init.h"
#include "repo/lock.h"
#include "repo/temp.h"

void cfs_store_close(struct cfs_store *store)
{
	/* A store of zeros is not open either. */
	for (size_t i = 0; store->objects >= 0 && i < 256; i++)
		cfs_closep(&store->shards[i]);
	cfs_closep(&store->objects);
	cfs_sigpacks_free(&store->packs);
	store->has_packs = false;
	cfs_repo_close(&store->repo);
}

int cfs_repo_check_writable(const struct cfs_repo *repo, struct cfs_err *err)
{
	struct statvfs st;

	if (repo->meta.unknown_ro_compat)
		return cfs_fail(err, EOPNOTSUPP,
				"it has a feature that this program does not "
				"know and may only be read: use a newer one");
	if (fstatvfs(repo->fd, &st) < 0)
		return cfs_fail_errno(err, "look at the repository");
	if (st.f_flag & ST_RDONLY)
		return cfs_fail(err, EROFS,
				"not writable: read-only file system");
	if (faccessat(repo->fd, ".", W_OK, AT_EACCESS) < 0)
		return cfs_fail_errno(err, "not writable");
	return 0;
}

/* Temporary names of links stand beside the links, so all refs are seen. */
static void sweep_below(int dirfd, const char *path, unsigned depth)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int fd = cfs_dir_open(dirfd, path);
	struct cfs_err ignored;

	if (fd < 0 || depth == CFS_DIR_DEPTH_MAX)
		return;
	cfs_temp_sweep(fd);
	if (cfs_dir_list(fd, ".", &names, &ignored) < 0)
		return;
	for (unsigned i = 0; i < names.n; i++) {
		const char *name = names.v[i].name;
		struct stat st;

		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode))
			sweep_below(fd, name, depth + 1);
	}
}

/* Temporary files are made under the shared lock.  A process that gets the lock
 * alone knows that those it finds are left over. */
static int sweep(struct cfs_store *store, cfs_lock_waiting_fn *waiting,
		 struct cfs_err *err)
{
	const struct cfs_repo *repo = &store->repo;

	if (cfs_repo_trylock(repo, CFS_LOCK_EXCLUSIVE)) {
		cfs_temp_sweep(repo->fd);
		cfs_temp_sweep(store->objects);
		sweep_below(repo->fd, "images", 0);
		sweep_below(repo->fd, "streams", 0);
		sweep_below(repo->fd, "signatures", 0);
	}
	return cfs_repo_lock(repo, CFS_LOCK_SHARED, waiting, err);
}

static void hand_over(struct cfs_store *store, struct cfs_store *ret)
{
	*ret = *store;
	/* A mutex must not be copied. */
	pthread_mutex_init(&ret->lock, NULL);
	store->objects = -EBADF;
	store->repo.fd = -EBADF;
}

int cfs_store_open(struct cfs_repo *repo, unsigned flags,
		   cfs_lock_waiting_fn *waiting, struct cfs_store *ret,
		   struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r;

	store.repo = *repo;
	repo->fd = -EBADF;
	store.sync = true;
	memset(store.shards, -1, sizeof(store.shards));
	r = cfs_repo_check_writable(&store.repo, err);
	if (r == 0 && !(flags & CFS_STORE_INSECURE))
		r = cfs_repo_is_secure(&store.repo, err);
	if (r < 0)
		return r;
	store.secure = r > 0;
	store.objects = cfs_dir_make_synced(store.repo.fd, "objects", err);
	if (store.objects < 0)
		return store.objects;
	store.temps = cfs_temp_best_kind(store.objects);
	r = sweep(&store, waiting, err);
	if (r < 0)
		return r;
	hand_over(&store, ret);
	return 0;
}

/* Does the umask take something from the mode that objects have? */
static int masked(struct cfs_store *store, struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	struct stat st;
	int r = cfs_temp_open(store->objects, store->temps, &temp, err);

	if (r < 0)
		return r;
	if (fstat(temp.fd, &st) < 0)
		return cfs_fail_errno(err, "stat a temporary file");
	return (st.st_mode & 07777) != CFS_TEMP_MODE;
}

int cfs_store_open_plain(int dirfd, enum cfs_alg alg, struct cfs_store *ret,
			 struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r;

	store.plain = true;
	store.repo.meta.alg = alg;
	store.sync = true;
	memset(store.shards, -1, sizeof(store.shards));
	store.objects = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store.objects < 0)
		return cfs_fail_errno(err, "open the directory of objects");
	store.temps = cfs_temp_best_kind(store.objects);
	r = masked(&store, err);
	if (r < 0)
		return r;
	store.chmod = r > 0;
	hand_over(&store, ret);
	return 0;
}

int cfs_store_shard(struct cfs_store *store, uint8_t first, struct cfs_err *err)
{
	/* Opened once and kept: no lock is taken for a shard that is open. */
	int fd = __atomic_load_n(&store->shards[first], __ATOMIC_ACQUIRE);
	char name[3];

	if (fd >= 0)
		return fd;
	snprintf(name, sizeof(name), "%02x", first);
	pthread_mutex_lock(&store->lock);
	fd = store->shards[first];
	if (fd < 0)
		fd = cfs_dir_make(store->objects, name, err);
	if (fd >= 0)
		__atomic_store_n(&store->shards[first], fd, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&store->lock);
	return fd;
}

/* One syncfs() before a name is given, instead of an fsync() for each object.
 * The kernel reports lost writes once, so that another syncfs() would succeed:
 * a failure is final. */
int cfs_store_flush(struct cfs_store *store, struct cfs_err *err)
{
	if (!store->sync || !store->dirty)
		return 0;
	if (!store->flush_error && syncfs(store->objects) < 0)
		store->flush_error = errno;
	if (store->flush_error)
		return cfs_fail_code(err, -store->flush_error,
				     "write objects to the disk");
	store->dirty = false;
	return 0;
}

/* Opens the directory that @path names something in; *@ret is the name. */
static int open_parent(struct cfs_store *store, const char *path,
		       const char **ret, struct cfs_err *err)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX];

	if (!slash || (size_t)(slash - path) >= sizeof(dir))
		return cfs_fail(err, EINVAL, "cannot name %s", path);
	memcpy(dir, path, slash - path);
	dir[slash - path] = '\0';
	*ret = slash + 1;
	return store->sync ? cfs_dir_make_synced(store->repo.fd, dir, err)
			   : cfs_dir_make(store->repo.fd, dir, err);
}

static bool points_to(int dirfd, const char *name, const char *target)
{
	char have[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, have, sizeof(have));

	return n >= 0 && (size_t)n == strlen(target) &&
	       memcmp(have, target, (size_t)n) == 0;
}

/* Objects are on the disk before a name leads to them: a power cut leaves no
 * name without its objects. */
int cfs_store_link(struct cfs_store *store, const char *path,
		   const char *target, struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	const char *name;
	int r;

	r = cfs_store_flush(store, err);
	if (r < 0)
		return r;
	dir = open_parent(store, path, &name, err);
	if (dir < 0)
		return dir;
	if (!points_to(dir, name, target))
		r = cfs_temp_symlink(target, dir, name, err);
	if (r == 0 && store->sync)
		r = cfs_dir_sync(dir, err);
	return r < 0 ? cfs_ctx(err, "name %s", path) : 0;
}

int cfs_store_write_file(struct cfs_store *store, const char *path,
			 struct cfs_bytes data, struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	CFS_AUTOFD int dir = -EBADF;
	const char *name;
	int r;

	dir = open_parent(store, path, &name, err);
	if (dir < 0)
		return dir;
	r = cfs_temp_open(dir, store->temps, &temp, err);
	if (r < 0)
		return r;
	r = cfs_write_full(temp.fd, data.data, data.len);
	if (r < 0)
		return cfs_fail(err, -r, "write %s: %s", path, strerror(-r));
	if (store->sync && fsync(temp.fd) < 0)
		return cfs_fail_errno(err, "write %s to the disk", path);
	r = cfs_temp_replace(&temp, dir, name, err);
	if (r == 0 && store->sync)
		r = cfs_dir_sync(dir, err);
	return r < 0 ? cfs_ctx(err, "write %s", path) : 0;
}
