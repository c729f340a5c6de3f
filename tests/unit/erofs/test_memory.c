/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Memory that is short: of everything that reads or writes trees each
 * allocation fails once.  It ends with -ENOMEM, and gives all memory back.
 * The linker puts these functions between the rooms and the C library
 * (Makefile).
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "base/io.h"
#include "erofs/format.h"
#include "erofs/locate.h"
#include "erofs/reader.h"
#include "erofs/writer.h"
#include "tests/test.h"
#include "tree/dump/dump.h"
#include "tree/scan.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void __wrap_free(void *p);

static unsigned long calls, fail_at;
static long live; /* allocations not freed yet */

static bool refuse(void)
{
	return ++calls == fail_at;
}

static void *count(void *p)
{
	live += p != NULL;
	return p;
}

void *__wrap_malloc(size_t size)
{
	return refuse() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refuse() ? NULL : count(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
	if (refuse())
		return NULL;
	live -= p != NULL;
	return count(__real_realloc(p, size));
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	if (refuse())
		return NULL;
	live -= p != NULL;
	return count(__real_reallocarray(p, n, size));
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return refuse() ? NULL : count(__real_aligned_alloc(align, size));
}

void __wrap_free(void *p)
{
	live -= p != NULL;
	__real_free(p);
}

/* Runs @work until it succeeds with every allocation before that refused. */
static void exhaust(int (*work)(struct cfs_err *err))
{
	unsigned long n = 0;
	int r;

	do {
		struct cfs_err err = { 0 };

		calls = 0;
		live = 0;
		fail_at = ++n;
		r = work(&err);
		fail_at = 0;
		if (calls >= n && (r != -ENOMEM || !strstr(err.msg, "memory")))
			printf("# allocation %lu: %d, %s\n", n, r, err.msg);
		CHECK(calls < n ? r == 0 : r == -ENOMEM && err.msg[0]);
		if (live != 0)
			printf("# allocation %lu: %ld are left\n", n, live);
		CHECK_EQ(live, 0);
	} while (calls >= n);
	printf("# %lu allocations\n", n - 1);
	CHECK(n > 5);
}

static struct cfs_buf dump, image[3];

/* Enough of everything that tables and buffers grow. */
static void prepare(void)
{
	static const char hex[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_err err;

	if (dump.len > 0)
		return;
	cfs_buf_adds(&dump, "/ 0 40755 2 0 0 0 0.0 - - -\n"
			    "/d 0 40755 2 0 0 0 0.0 - - - user.a=b\n"
			    "/d/w 0 20644 1 0 0 0 0.0 - - -\n");
	for (int i = 0; i < 600; i++) {
		cfs_buf_addf(&dump,
			     "/f\\x20%d 3 100644 1 0 0 0 0.0 - \\x01bc - "
			     "user.a=\\x20%d user.s=shared\n"
			     "/l%d 0 @120000 - - - - 0.0 /f\\x20%d - -\n"
			     "/d/l%d 0 120777 1 0 0 0 0.0 target - -\n",
			     i, i, i, i, i);
		cfs_buf_addf(&dump,
			     "/d/x%d 99 100644 1 0 0 0 0.0 %02x/%s%06x - "
			     "%02x%s%06x\n",
			     i, i & 7, hex, i, i & 7, hex, i);
		cfs_buf_addf(&dump, "/s%d 0 40755 2 0 0 0 0.0 - - -\n", i);
	}
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&dump), 0, &tree, &err), 0);
	for (unsigned v = 0; v < 3; v++)
		CHECK_EQ(cfs_erofs_write(tree, v, 0, &image[v], &err), 0);
}

static int read_dump(struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	return cfs_dump_read(cfs_buf_bytes(&dump), 0, &tree, err);
}

static int read_dump_leniently(struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	return cfs_dump_read(cfs_buf_bytes(&dump), CFS_DUMP_LENIENT, &tree,
			     err);
}

static int dump_fd = -EBADF;

static int read_dump_file(struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	CHECK_EQ(lseek(dump_fd, 0, SEEK_SET), 0);
	return cfs_dump_read_fd(dump_fd, 0, &tree, err);
}

TEST(readers_of_dumpfiles_say_that_memory_is_short)
{
	prepare();
	exhaust(read_dump);
	exhaust(read_dump_leniently);
	dump_fd = memfd_create("dump", MFD_CLOEXEC);
	CHECK_EQ(cfs_write_full(dump_fd, dump.data, dump.len), 0);
	exhaust(read_dump_file);
	close(dump_fd);
}

static struct cfs_tree *whole;
static unsigned version;

static int write_dump(struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	return cfs_dump_write(whole, &out, err);
}

static int write_image(struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	return cfs_erofs_write(whole, version, 0, &out, err);
}

TEST(writers_say_that_memory_is_short)
{
	struct cfs_err err;

	prepare();
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&dump), 0, &whole, &err), 0);
	exhaust(write_dump);
	for (version = 0; version <= CFS_EROFS_VERSION_MAX; version++)
		exhaust(write_image);
	cfs_tree_free(whole);
}

static int read_image(struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	return cfs_erofs_read(cfs_buf_bytes(&image[version]), 0, &tree, NULL,
			      err);
}

static int read_details(struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_erofs_detail **details;
	unsigned found;

	return cfs_erofs_read_details(cfs_buf_bytes(&image[version]), &tree,
				      &found, &details, err);
}

static int locate(struct cfs_err *err)
{
	struct cfs_erofs_place place;

	return cfs_erofs_locate(cfs_buf_bytes(&image[version]),
				CFS_EROFS_INODES_START, &place, err);
}

TEST(readers_of_images_say_that_memory_is_short)
{
	prepare();
	for (version = 0; version <= CFS_EROFS_VERSION_MAX; version++) {
		exhaust(read_image);
		exhaust(read_details);
		exhaust(locate);
	}
}

static int scanned = -EBADF;

static int scan(struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_scan how = { 0 };

	if (cfs_digester_new(CFS_ALG_SHA256, 1, NULL, &digester, err) < 0)
		return -err->code;
	how.digester = digester;
	return cfs_tree_scan(scanned, &how, &tree, err);
}

static void put(const char *name, size_t size)
{
	static const uint8_t data[300000];
	CFS_AUTOFD int fd =
		openat(scanned, name, O_WRONLY | O_CREAT | O_EXCL, 0640);

	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, data, size), 0);
}

TEST(the_reader_of_directories_says_that_memory_is_short)
{
	char path[512], name[32];

	snprintf(path, sizeof(path), "%s/scan-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(path));
	scanned = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(scanned >= 0);
	CHECK_EQ(mkdirat(scanned, "d", 0755), 0);
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		put(name, (size_t)i * 13);
		snprintf(name, sizeof(name), "%d", i);
		CHECK_EQ(symlinkat("target", scanned, name), 0);
	}
	put("large", 300000);
	CHECK_EQ(linkat(scanned, "large", scanned, "again", 0), 0);
	exhaust(scan);
	close(scanned);
}
