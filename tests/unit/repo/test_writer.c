/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/writer.h"

#include "repo/lock.h"
#include "repo/object.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static char root[4096];

static void start(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
	CHECK(cfs_repo_open(AT_FDCWD, root, &repo, &err) == 1);
	CHECK(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err) == 1);
	CHECK(cfs_store_open(&repo, false, NULL, store, &err) == 0);
}

/* A file of @size bytes that all depend on @seed. */
static int file_of(size_t size, unsigned seed)
{
	CFS_AUTOFREE char *buf = malloc(size);
	FILE *f = tmpfile();
	int fd;

	CHECK(buf && f);
	memset(buf, (int)(seed % 251), size);
	memcpy(buf, &seed, sizeof(seed));
	fd = dup(fileno(f));
	fclose(f);
	CHECK(write(fd, buf, size) == (ssize_t)size);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

static off_t stored(const struct cfs_store *store, const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct stat st;

	if (cfs_object_open(store->objects, id, &fd, &err) != 1)
		return -1;
	CHECK(cfs_object_check(fd, id, &err) == CFS_CHECKED_HASHED);
	CHECK(fstat(fd, &st) == 0);
	return st.st_size;
}

TEST(files_are_all_there_in_the_end)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTO(cfs_writer_free) struct cfs_writer *writer = NULL;
	static struct cfs_digest ids[300];
	uint64_t size;

	start(&store);
	CHECK(cfs_writer_new(&store, &writer, &err) == 0);
	for (unsigned i = 0; i < 300; i++) {
		CFS_AUTOFD int fd = file_of(100 + i * 7, i);

		CHECK(cfs_writer_add_file(writer, fd, &ids[i], &size, &err) ==
		      0);
		CHECK(size == 100 + i * 7);
	}
	CHECK(cfs_writer_finish(writer, &err) == 0);
	CHECK(store.stats.added == 300);
	for (unsigned i = 0; i < 300; i++)
		CHECK(stored(&store, &ids[i]) == 100 + i * 7);
}

TEST(long_files_and_repeated_ones_go_in_between)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTO(cfs_writer_free) struct cfs_writer *writer = NULL;
	struct cfs_digest id, again;
	uint64_t size;

	start(&store);
	CHECK(cfs_writer_new(&store, &writer, &err) == 0);
	for (unsigned i = 0; i < 8; i++) {
		size_t len = i % 2 ? 2 * CFS_OBJECT_IN_MEMORY : 1000;
		CFS_AUTOFD int fd = file_of(len, i % 2);

		CHECK(cfs_writer_add_file(writer, fd, i ? &again : &id, &size,
					  &err) == 0);
		CHECK(size == len);
		CHECK(i % 2 || i == 0 || cfs_digest_equal(&id, &again));
	}
	CHECK(cfs_writer_finish(writer, &err) == 0);
	CHECK(store.stats.added == 2 && store.stats.present == 6);
	CHECK(stored(&store, &id) == 1000);
	CHECK(stored(&store, &again) == 2 * CFS_OBJECT_IN_MEMORY);
}

TEST(what_went_wrong_in_between_is_told_in_the_end)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTO(cfs_writer_free) struct cfs_writer *writer = NULL;
	struct cfs_digest id;
	uint64_t size;
	int r = 0;

	start(&store);
	for (unsigned i = 0; i < 256; i++) {
		char name[16];

		snprintf(name, sizeof(name), "objects/%02x", i);
		make_link(root, name, "/tmp");
	}
	CHECK(cfs_writer_new(&store, &writer, &err) == 0);
	for (unsigned i = 0; r == 0 && i < 100; i++) {
		CFS_AUTOFD int fd = file_of(1000, i);

		r = cfs_writer_add_file(writer, fd, &id, &size, &err);
	}
	CHECK(r == 0 || r == -ELOOP);
	CHECK(cfs_writer_finish(writer, &err) == -ELOOP);
	CHECK(store.stats.added == 0);
}

TEST(a_writer_may_be_given_up)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTO(cfs_writer_free) struct cfs_writer *writer = NULL;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	uint64_t size;

	start(&store);
	CHECK(cfs_writer_new(&store, &writer, &err) == 0);
	fd = file_of(1000, 1);
	CHECK(cfs_writer_add_file(writer, fd, &id, &size, &err) == 0);
	cfs_writer_free(writer);
	writer = NULL;
	CHECK(count(root, "objects", ".tmp-") == 0);
}
