/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/object.h"

#include "tests/unit/repo/store.h"

static struct cfs_err err;

/* Adds an object of "shared" to @from, and starts another repository, @to. */
static struct cfs_digest start_two(struct cfs_store *from, struct cfs_store *to,
				   char path[static CFS_OBJECT_PATH_MAX])
{
	struct cfs_digest id;

	start(from);
	CHECK_EQ(cfs_object_add_bytes(
			 from,
			 (struct cfs_bytes){ (const uint8_t *)"shared", 6 },
			 &id, &err),
		 0);
	start(to);
	cfs_digest_to_path(&id, path);
	return id;
}

static struct stat status(const struct cfs_store *store, const char *path)
{
	struct stat st;

	CHECK_EQ(fstatat(store->objects, path, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static void replace(const struct cfs_store *store, const char *path,
		    const char *text)
{
	CFS_AUTOFD int fd =
		openat(store->objects, path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	size_t len = strlen(text);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, text, len), len);
}

TEST(an_object_is_linked_on_the_same_file_system)
{
	CFS_AUTOSTORE struct cfs_store from = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store to = CFS_STORE_INIT;
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id = start_two(&from, &to, path);
	struct stat a, b;

	CHECK_EQ(cfs_object_add_shared(&to, from.objects, &id, &err), 0);
	CHECK_EQ(to.stats.added, 1);
	a = status(&from, path);
	b = status(&to, path);
	CHECK_EQ(b.st_size, 6);
	/* Or copied, where the kernel does not let this user link. */
	CHECK_EQ(a.st_ino == b.st_ino, a.st_nlink == 2);
	CHECK_EQ(to.stats.linked, a.st_nlink == 2);
}

TEST(an_object_that_others_may_write_to_is_copied)
{
	CFS_AUTOSTORE struct cfs_store from = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store to = CFS_STORE_INIT;
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id = start_two(&from, &to, path);

	CHECK_EQ(fchmodat(from.objects, path, 0664, 0), 0);
	CHECK_EQ(cfs_object_add_shared(&to, from.objects, &id, &err), 0);
	CHECK_EQ(to.stats.added, 1);
	CHECK_EQ(to.stats.linked, 0);
	CHECK_EQ(status(&from, path).st_nlink, 1);
	CHECK_EQ(status(&to, path).st_nlink, 1);
	CHECK_EQ(status(&to, path).st_size, 6);
}

TEST(an_object_that_is_there_is_left_alone)
{
	CFS_AUTOSTORE struct cfs_store from = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store to = CFS_STORE_INIT;
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id = start_two(&from, &to, path);
	ino_t before;

	CHECK_EQ(cfs_object_add_bytes(
			 &to,
			 (struct cfs_bytes){ (const uint8_t *)"shared", 6 },
			 &id, &err),
		 0);
	before = status(&to, path).st_ino;
	CHECK_EQ(cfs_object_add_shared(&to, from.objects, &id, &err), 0);
	CHECK_EQ(status(&to, path).st_ino, before);
	CHECK_EQ(to.stats.present, 1);
}

TEST(what_is_missing_or_another_is_not_added)
{
	CFS_AUTOSTORE struct cfs_store from = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store to = CFS_STORE_INIT;
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id = start_two(&from, &to, path);

	replace(&from, path, "Shared");
	CHECK_EQ(cfs_object_add_shared(&to, from.objects, &id, &err), -EBADMSG);
	CHECK(strstr(err.msg, path));
	CHECK_EQ(unlinkat(from.objects, path, 0), 0);
	CHECK_EQ(cfs_object_add_shared(&to, from.objects, &id, &err), -ENOENT);
	CHECK_EQ(symlinkat("/etc/passwd", from.objects, path), 0);
	CHECK(cfs_object_add_shared(&to, from.objects, &id, &err) < 0);
	CHECK_EQ(faccessat(to.objects, path, F_OK, 0), -1);
}

TEST(a_damaged_object_that_is_there_gives_way)
{
	CFS_AUTOSTORE struct cfs_store from = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store to = CFS_STORE_INIT;
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest id = start_two(&from, &to, path);
	char got[8] = "";
	CFS_AUTOFD int fd = -EBADF;

	CHECK_EQ(cfs_object_add_bytes(
			 &to,
			 (struct cfs_bytes){ (const uint8_t *)"shared", 6 },
			 &id, &err),
		 0);
	replace(&to, path, "short");
	CHECK_EQ(cfs_object_add_shared(&to, from.objects, &id, &err), 0);
	fd = openat(to.objects, path, O_RDONLY | O_CLOEXEC);
	CHECK_EQ(read(fd, got, sizeof(got)), 6);
	CHECK_STR(got, "shared");
}
