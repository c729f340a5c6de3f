/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/keeper.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include "fsverity/merkle.h"
#include "repo/object.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/store.h"

#define LONG  ((size_t)3 << 20)
#define FILES 200

static struct cfs_err err;

/* The digest of @size bytes that all depend on @seed, and the bytes. */
static struct cfs_bytes content(size_t size, unsigned seed,
				struct cfs_digest *id)
{
	uint8_t *buf = malloc(size);
	struct cfs_bytes data = { buf, size };

	CHECK(buf && size >= sizeof(seed));
	memset(buf, (int)(seed % 251), size);
	memcpy(buf, &seed, sizeof(seed));
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, data, id, &err), 0);
	return data;
}

static void drop(struct cfs_bytes data)
{
	union {
		const uint8_t *data;
		void *owned;
	} u = { .data = data.data };

	free(u.owned);
}

static int file_with(struct cfs_bytes data)
{
	FILE *f = tmpfile();
	int fd;

	CHECK(f);
	fd = dup(fileno(f));
	fclose(f);
	CHECK_EQ(write(fd, data.data, data.len), (ssize_t)data.len);
	return fd;
}

static off_t stored(const struct cfs_store *store, const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct stat st;

	if (cfs_object_open(store->objects, id, &fd, &err) != 1)
		return -1;
	CHECK(cfs_object_check(fd, id, &err) >= 0);
	CHECK_EQ(fstat(fd, &st), 0);
	return st.st_size;
}

/* Puts @text in the place of the object @id. */
static void spoil(const struct cfs_store *store, const struct cfs_digest *id,
		  const char *text)
{
	char path[CFS_OBJECT_PATH_MAX];
	int fd;

	cfs_digest_to_path(id, path);
	CHECK_EQ(unlinkat(store->objects, path, 0), 0);
	fd = openat(store->objects, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static unsigned leftovers(void)
{
	unsigned n = (unsigned)count(root, "objects", ".tmp-");

	for (unsigned i = 0; i < 256; i++) {
		char shard[16];
		struct stat st;
		CFS_AUTOFREE char *path = NULL;

		snprintf(shard, sizeof(shard), "objects/%02x", i);
		path = below(root, shard);
		if (stat(path, &st) == 0)
			n += (unsigned)count(root, shard, ".tmp-");
	}
	return n;
}

/* One long file with and without unnamed temporary files. */
static void store_long(enum cfs_temp_kind kind)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_keeper keeper;
	struct cfs_digest id;
	struct cfs_bytes data = content(LONG + 5, 7, &id);

	start(&store);
	store.temps = kind;
	cfs_store_keeper(&store, &keeper);
	fd = file_with(data);
	drop(data);
	CHECK_EQ(keeper.keep_file(keeper.ctx, fd, LONG + 5, &id, NULL, &err),
		 0);
	CHECK_EQ(store.stats.added, 1);
	CHECK_EQ(store.stats.added_bytes, LONG + 5);
	CHECK_EQ(stored(&store, &id), (off_t)LONG + 5);
	CHECK_EQ(keeper.keep_file(keeper.ctx, fd, LONG + 5, &id, NULL, &err),
		 0);
	CHECK_EQ(store.stats.added, 1);
	CHECK_EQ(store.stats.present, 1);
	spoil(&store, &id, "");
	CHECK_EQ(keeper.keep_file(keeper.ctx, fd, LONG + 5, &id, NULL, &err),
		 0);
	CHECK_EQ(store.stats.repaired, 1);
	CHECK_EQ(stored(&store, &id), (off_t)LONG + 5);
	CHECK_EQ(leftovers(), 0);
}

TEST(a_long_file_is_copied_from_its_start)
{
	store_long(CFS_TEMP_UNNAMED);
	store_long(CFS_TEMP_NAMED);
}

TEST(long_files_are_written_along_where_most_objects_are_new)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_keeper keeper;
	struct cfs_digest id;
	struct cfs_bytes data = content(100, 1, &id);
	void *file = NULL;

	start(&store);
	cfs_store_keeper(&store, &keeper);
	store.clones.refused = true;
	CHECK(!keeper.writes_along(keeper.ctx));
	CHECK_EQ(keeper.keep(keeper.ctx, data, &id, NULL, &err), 0);
	CHECK(keeper.writes_along(keeper.ctx));
	/* What shares its blocks is not written. */
	store.clones.refused = false;
	CHECK(!keeper.writes_along(keeper.ctx));
	store.clones.refused = true;
	CHECK_EQ(keeper.keep(keeper.ctx, data, &id, NULL, &err), 0);
	CHECK(!keeper.writes_along(keeper.ctx));
	drop(data);
	/* Its digest is known at the end, and it may be there by then. */
	data = content(LONG + 5, 7, &id);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(keeper.begin(keeper.ctx, data.len, NULL, &file, &err),
			 1);
		CHECK_EQ(keeper.write(keeper.ctx, file, 0, data, &err), 0);
		CHECK_EQ(keeper.end(keeper.ctx, file, &id, NULL, &err), 0);
		CHECK_EQ(store.stats.added, 2);
		CHECK_EQ(store.stats.present, 1 + i);
	}
	drop(data);
	CHECK_EQ(stored(&store, &id), (off_t)LONG + 5);
	CHECK_EQ(leftovers(), 0);
}

TEST(a_long_file_that_changed_gets_no_name)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_keeper keeper;
	struct cfs_digest id;
	struct cfs_bytes data = content(LONG, 1, &id);

	start(&store);
	cfs_store_keeper(&store, &keeper);
	fd = file_with(data);
	drop(data);
	CHECK_EQ(pwrite(fd, "x", 1, LONG - 1), 1);
	CHECK_EQ(keeper.keep_file(keeper.ctx, fd, LONG, &id, NULL, &err),
		 -ESTALE);
	CHECK(strstr(err.msg, "changed while it was read"));
	CHECK_EQ(ftruncate(fd, 4096), 0);
	CHECK_EQ(keeper.keep_file(keeper.ctx, fd, LONG, &id, NULL, &err),
		 -ESTALE);
	CHECK_EQ(stored(&store, &id), -1);
	CHECK_EQ(store.stats.added, 0);
	CHECK_EQ(leftovers(), 0);
}

/* With a kernel that measures, its word is what counts. */
TEST(the_kernel_measures_the_copy_where_it_can)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_keeper keeper;
	struct cfs_digest id;
	struct cfs_bytes data = content(LONG, 1, &id);

	start(&store);
	cfs_store_keeper(&store, &keeper);
	fake = (struct fake_kernel){ .model = 1 };
	for (unsigned i = 0; i < 3; i++) {
		struct cfs_digest small;
		struct cfs_bytes few = content(100, i, &small);

		CHECK_EQ(keeper.keep(keeper.ctx, few, &small, NULL, &err), 0);
		drop(few);
	}
	CHECK_EQ(store.verity, CFS_STORE_VERITY_WORKS);
	CHECK_EQ(fake.n_files, 3);
	fd = file_with(data);
	drop(data);
	CHECK_EQ(keeper.keep_file(keeper.ctx, fd, LONG, &id, NULL, &err), 0);
	CHECK_EQ(stored(&store, &id), (off_t)LONG);
	CHECK_EQ(fake.n_files, 4);
	id.bytes[3] ^= 1;
	CHECK_EQ(keeper.keep_file(keeper.ctx, fd, LONG, &id, NULL, &err),
		 -ESTALE);
	/* One that cannot vouch after all does not excuse from looking. */
	fake.fail_at = 1;
	fake.enable_result = -EOPNOTSUPP;
	CHECK_EQ(keeper.keep_file(keeper.ctx, fd, LONG, &id, NULL, &err),
		 -ESTALE);
	CHECK_EQ(stored(&store, &id), -1);
	CHECK_EQ(leftovers(), 0);
}

struct racer {
	struct cfs_store *store;
	pthread_barrier_t *line;
	unsigned shift;
	int result;
};

static void *race(void *arg)
{
	struct racer *racer = arg;
	struct cfs_keeper keeper;
	struct cfs_err e;

	cfs_store_keeper(racer->store, &keeper);
	pthread_barrier_wait(racer->line);
	for (unsigned i = 0; racer->result == 0 && i < FILES; i++) {
		/* Half of the time all threads have the same content. */
		unsigned seed = i % 2 ? i : (i + racer->shift) % FILES & ~1u;
		struct cfs_digest id;
		struct cfs_bytes data = content(64 + seed * 50, seed, &id);

		racer->result = keeper.keep(keeper.ctx, data, &id, NULL, &e);
		drop(data);
	}
	return NULL;
}

static void race_all(struct cfs_store *store)
{
	pthread_barrier_t line;
	struct racer racers[4];
	pthread_t threads[4];

	CHECK_EQ(pthread_barrier_init(&line, NULL, 4), 0);
	for (unsigned i = 0; i < 4; i++) {
		racers[i] = (struct racer){ store, &line, i * 17, 0 };
		CHECK_EQ(pthread_create(&threads[i], NULL, race, &racers[i]),
			 0);
	}
	for (unsigned i = 0; i < 4; i++) {
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
		CHECK_EQ(racers[i].result, 0);
	}
	CHECK_EQ(pthread_barrier_destroy(&line), 0);
}

TEST(threads_with_the_same_contents_make_one_object)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	start(&store);
	race_all(&store);
	CHECK_EQ(store.stats.added, FILES);
	CHECK_EQ(store.stats.added + store.stats.present, 4 * FILES);
	CHECK_EQ(leftovers(), 0);
	for (unsigned i = 0; i < FILES; i++) {
		struct cfs_digest id;

		drop(content(64 + i * 50, i, &id));
		CHECK_EQ(stored(&store, &id), 64 + i * 50);
		spoil(&store, &id, i % 3 ? "" : "spoiled");
	}
	/* What all of them see damaged is mended once. */
	race_all(&store);
	CHECK_EQ(store.stats.repaired, FILES);
	CHECK_EQ(store.stats.added, FILES);
	CHECK_EQ(leftovers(), 0);
}

/* Writing fails part way, as on a full disk. */
TEST(what_could_not_be_written_gets_no_name)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct rlimit no_limit, limit;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_keeper keeper;
	struct cfs_digest id, small;
	struct cfs_bytes data = content(LONG, 1, &id);
	struct cfs_bytes few = content(70000, 2, &small);

	start(&store);
	cfs_store_keeper(&store, &keeper);
	fd = file_with(data);
	drop(data);
	CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	CHECK_EQ(getrlimit(RLIMIT_FSIZE, &no_limit), 0);
	limit = no_limit;
	limit.rlim_cur = 65536;
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CHECK_EQ(keeper.keep(keeper.ctx, few, &small, NULL, &err), -EFBIG);
	CHECK(strstr(err.msg, "object ") && strstr(err.msg, "write: "));
	CHECK_EQ(keeper.keep_file(keeper.ctx, fd, LONG, &id, NULL, &err),
		 -EFBIG);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &no_limit), 0);
	CHECK_EQ(stored(&store, &id), -1);
	CHECK_EQ(stored(&store, &small), -1);
	CHECK_EQ(store.stats.added, 0);
	CHECK_EQ(leftovers(), 0);
	drop(few);
}

TEST(a_plain_store_is_objects_and_nothing_else)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_keeper keeper;
	struct cfs_digest id;
	struct cfs_bytes data = content(100, 1, &id);
	char path[CFS_OBJECT_PATH_MAX];
	CFS_AUTOFD int dir = -EBADF;
	struct stat st;
	mode_t before;

	start(&store);
	cfs_store_close(&store);
	dir = open_dir(root);
	CHECK_EQ(unlinkat(dir, "meta.json", 0), 0);
	CHECK_EQ(unlinkat(dir, "objects", AT_REMOVEDIR), 0);
	before = umask(077);
	CHECK_EQ(cfs_store_open_plain(dir, CFS_ALG_SHA256, &store, &err), 0);
	CHECK_EQ(count(root, ".", ""), 0);
	cfs_store_keeper(&store, &keeper);
	CHECK_EQ(keeper.keep(keeper.ctx, data, &id, NULL, &err), 0);
	umask(before);
	cfs_digest_to_path(&id, path);
	CHECK_EQ(fstatat(dir, path, &st, 0), 0);
	CHECK_EQ(st.st_size, 100);
	CHECK_EQ((st.st_mode & 07777), 0644);
	CHECK_EQ(count(root, ".", ""), 1);
	/* A power cut, and a stranger. */
	spoil(&store, &id, "");
	CHECK_EQ(keeper.keep(keeper.ctx, data, &id, NULL, &err), 0);
	CHECK_EQ(stored(&store, &id), 100);
	CHECK_EQ(store.stats.repaired, 1);
	path[2] = '\0';
	CHECK_EQ(fstatat(dir, path, &st, 0), 0);
	CHECK(S_ISDIR(st.st_mode));
	CHECK(store.dirty);
	CHECK_EQ(cfs_store_flush(&store, &err), 0);
	CHECK(!store.dirty);
	drop(data);
}

/* What @store makes of a first object when enabling fs-verity fails. */
static int keep_despite(struct cfs_store *store, int code, unsigned seed)
{
	struct cfs_keeper keeper;
	struct cfs_digest id;
	struct cfs_bytes data = content(100, seed, &id);
	int r;

	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 1,
				     .enable_result = code };
	store->verity = CFS_STORE_VERITY_TRY;
	cfs_store_keeper(store, &keeper);
	r = keeper.keep(keeper.ctx, data, &id, NULL, &err);
	CHECK_EQ((stored(store, &id) == 100), (r == 0));
	drop(data);
	return r;
}

TEST(lack_of_verity_is_excused_where_nobody_demands_it)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int dir = -EBADF;

	start(&store);
	CHECK_EQ(keep_despite(&store, -ENOTTY, 1), 0);
	CHECK_EQ(store.verity, CFS_STORE_VERITY_LACKING);
	CHECK_EQ(keep_despite(&store, -EPERM, 2), 0);
	CHECK_EQ(store.verity, CFS_STORE_VERITY_LACKING);
	CHECK_EQ(keep_despite(&store, -EACCES, 3), 0);
	CHECK_EQ(store.verity, CFS_STORE_VERITY_TRY);
	CHECK_EQ(keep_despite(&store, -ENOSPC, 4), -ENOSPC);
	store.secure = true;
	CHECK_EQ(keep_despite(&store, -EACCES, 5), -EACCES);
	CHECK_EQ(keep_despite(&store, -EPERM, 6), -EPERM);
	cfs_store_close(&store);
	dir = open_dir(root);
	CHECK_EQ(cfs_store_open_plain(dir, CFS_ALG_SHA256, &store, &err), 0);
	CHECK_EQ(keep_despite(&store, -ENOSPC, 7), 0);
	CHECK_EQ(keep_despite(&store, -EIO, 8), 0);
	CHECK_EQ(store.verity, CFS_STORE_VERITY_TRY);
}
