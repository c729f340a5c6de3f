/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/objects.h"

#include <pthread.h>

#include "base/io.h"
#include "erofs/writer.h"
#include "fsverity/merkle.h"
#include "tests/fake/kernel.h"
#include "tests/test.h"
#include "tests/unit/repo/repo.h"
#include "tree/dump/dump.h"

/* More files than may be open at once. */
#define FILES (CFS_FUSE_OPEN_MAX + 100)

static struct cfs_err err;

/* An image, its objects and what is opened of them. */
struct rig {
	char dir[4096];
	int objects_fd;
	struct cfs_buf image;
	struct cfs_erofs_view *view;
	struct cfs_fuse_objects *objects;
};

static void content_of(unsigned i, char text[static 32])
{
	snprintf(text, 32, "this is file %05u\n", i);
}

/* Writes object @i, and its path below the directory of objects to @path. */
static void put_object(const struct rig *rig, unsigned i,
		       char path[static CFS_OBJECT_PATH_MAX])
{
	struct cfs_digest digest;
	char text[32], parent[3];

	content_of(i, text);
	CHECK_EQ(cfs_verity_digest_bytes(
			 CFS_ALG_SHA256,
			 (struct cfs_bytes){ (uint8_t *)text, strlen(text) },
			 &digest, &err),
		 0);
	cfs_digest_to_path(&digest, path);
	snprintf(parent, sizeof(parent), "%.2s", path);
	(void)!mkdirat(rig->objects_fd, parent, 0755);
	put(rig->dir, path, text);
}

static void start_with(struct rig *rig, unsigned n, enum cfs_fuse_verify verify)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf dump = { 0 };

	*rig = (struct rig){ .objects_fd = -EBADF };
	fake = (struct fake_kernel){ .measure_result = -ENODATA };
	snprintf(rig->dir, sizeof(rig->dir), "%s", fresh_dir());
	rig->objects_fd = open_dir(rig->dir);
	cfs_buf_adds(&dump, "/ 4096 40755 3 0 0 0 1.5 - - -\n");
	for (unsigned i = 0; i < n; i++) {
		char path[CFS_OBJECT_PATH_MAX];

		put_object(rig, i, path);
		cfs_buf_addf(&dump,
			     "/f%05u 19 100644 1 0 0 0 1.0 %s - %.2s%s\n", i,
			     path, path, path + 3);
	}
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&dump), 0, &tree, &err), 0);
	CHECK_EQ(cfs_erofs_write(tree, 1, 0, &rig->image, &err), 0);
	CHECK_EQ(cfs_erofs_view_new(cfs_buf_bytes(&rig->image), &rig->view,
				    &err),
		 0);
	CHECK_EQ(cfs_fuse_objects_new(rig->view, rig->objects_fd, verify,
				      &rig->objects, &err),
		 0);
}

static void stop(struct rig *rig)
{
	cfs_fuse_objects_freep(&rig->objects);
	cfs_erofs_view_freep(&rig->view);
	cfs_buf_free(&rig->image);
	cfs_closep(&rig->objects_fd);
}

static struct cfs_erofs_stat file(const struct rig *rig, unsigned i)
{
	struct cfs_erofs_stat root, st;
	char name[8];

	snprintf(name, sizeof(name), "f%05u", i);
	CHECK_EQ(cfs_erofs_view_stat(rig->view, cfs_erofs_view_root(rig->view),
				     &root, &err),
		 0);
	CHECK_EQ(cfs_erofs_view_find(
			 rig->view, &root,
			 (struct cfs_bytes){ (uint8_t *)name, strlen(name) },
			 &st, &err),
		 1);
	return st;
}

/* Reads file @i through its object.  Returns what opening it returned. */
static int read_file(const struct rig *rig, unsigned i)
{
	struct cfs_erofs_stat st = file(rig, i);
	struct cfs_fuse_object *object;
	struct cfs_err e = { 0 };
	char want[32], have[32] = { 0 };
	int r = cfs_fuse_object_get(rig->objects, &st, &object, &e);

	content_of(i, want);
	if (r == 0) {
		CHECK_EQ(cfs_pread_full(object->fd, have, sizeof(have), 0), 19);
		CHECK_STR(have, want);
	}
	cfs_fuse_object_put(rig->objects, object);
	err = e;
	return r;
}

static unsigned count_open(void)
{
	CFS_AUTODIR DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	CHECK(dir);
	while (readdir(dir))
		n++;
	return n;
}

static void spoil(const struct rig *rig, unsigned i, const char *text)
{
	char path[CFS_OBJECT_PATH_MAX];

	put_object(rig, i, path);
	if (text)
		put(rig->dir, path, text);
	else
		CHECK_EQ(unlinkat(rig->objects_fd, path, 0), 0);
}

TEST(every_file_is_read_with_a_bounded_number_of_descriptors)
{
	struct rig rig;
	unsigned before;

	start_with(&rig, FILES, CFS_FUSE_VERIFY);
	before = count_open();
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < FILES; i++)
			CHECK_EQ(read_file(&rig, i), 0);
		CHECK(count_open() - before <= CFS_FUSE_OPEN_MAX);
	}
	cfs_fuse_objects_freep(&rig.objects);
	CHECK_EQ(count_open(), before);
	stop(&rig);
}

TEST(a_wrong_object_is_refused_and_a_repaired_one_is_read)
{
	struct rig rig;

	start_with(&rig, 1, CFS_FUSE_VERIFY);
	spoil(&rig, 0, "this is file 00001\n");
	CHECK_EQ(read_file(&rig, 0), -EBADMSG);
	CHECK(strstr(err.msg, "object "));
	CHECK_EQ(read_file(&rig, 0), -EBADMSG);
	spoil(&rig, 0, "short");
	CHECK_EQ(read_file(&rig, 0), -EBADMSG);
	CHECK(strstr(err.msg, "5 bytes"));
	spoil(&rig, 0, NULL);
	CHECK_EQ(read_file(&rig, 0), -ENOENT);
	spoil(&rig, 0, "this is file 00000\n");
	CHECK_EQ(read_file(&rig, 0), 0);
	stop(&rig);
}

TEST(an_object_that_changed_after_it_was_closed_is_verified_again)
{
	struct rig rig;

	start_with(&rig, FILES, CFS_FUSE_VERIFY);
	for (unsigned i = 0; i < FILES; i++)
		CHECK_EQ(read_file(&rig, i), 0);
	spoil(&rig, 0, "this is file 00001\n");
	CHECK_EQ(read_file(&rig, 0), -EBADMSG);
	stop(&rig);
}

TEST(without_verification_only_the_size_counts)
{
	struct rig rig;
	struct cfs_erofs_stat st;
	struct cfs_fuse_object *object;

	start_with(&rig, 1, CFS_FUSE_VERIFY_NOT);
	spoil(&rig, 0, "THIS IS FILE 00000\n");
	st = file(&rig, 0);
	CHECK_EQ(cfs_fuse_object_get(rig.objects, &st, &object, &err), 0);
	cfs_fuse_object_put(rig.objects, object);
	stop(&rig);
	start_with(&rig, 1, CFS_FUSE_VERIFY_NOT);
	spoil(&rig, 0, "");
	CHECK_EQ(read_file(&rig, 0), -EBADMSG);
	stop(&rig);
}

TEST(an_object_is_measured_if_it_can_be)
{
	struct rig rig;
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_erofs_backing backing;
	struct cfs_erofs_stat st;

	start_with(&rig, 1, CFS_FUSE_VERIFY_KERNEL);
	CHECK_EQ(read_file(&rig, 0), -EBADMSG);
	CHECK(strstr(err.msg, "no fs-verity"));
	put_object(&rig, 0, path);
	fake = (struct fake_kernel){ .alg = CFS_ALG_SHA256, .fill = 7 };
	CHECK_EQ(read_file(&rig, 0), -EBADMSG);
	st = file(&rig, 0);
	CHECK_EQ(cfs_erofs_view_backing(rig.view, &st, &backing, &err), 0);
	fake.digest = backing.digest.bytes;
	CHECK_EQ(read_file(&rig, 0), 0);
	stop(&rig);
}

TEST(an_object_that_the_kernel_vouches_for_has_the_size_of_the_file)
{
	struct rig rig;
	struct cfs_erofs_backing backing;
	struct cfs_erofs_stat st;

	for (int wrong = 0; wrong < 2; wrong++) {
		start_with(&rig, 1, CFS_FUSE_VERIFY_KERNEL);
		st = file(&rig, 0);
		CHECK_EQ(cfs_erofs_view_backing(rig.view, &st, &backing, &err),
			 0);
		fake = (struct fake_kernel){ .alg = CFS_ALG_SHA256,
					     .digest = backing.digest.bytes };
		if (wrong)
			spoil(&rig, 0, "short");
		CHECK_EQ(read_file(&rig, 0), wrong ? -EBADMSG : 0);
		CHECK(!wrong || strstr(err.msg, "it has 5 bytes"));
		stop(&rig);
	}
}

TEST(an_object_that_became_shorter_is_not_read_in_part)
{
	struct rig rig;
	struct cfs_erofs_stat st;
	struct cfs_fuse_object *object;
	char path[CFS_OBJECT_PATH_MAX], buf[32];

	start_with(&rig, 1, CFS_FUSE_VERIFY);
	st = file(&rig, 0);
	CHECK_EQ(cfs_fuse_object_get(rig.objects, &st, &object, &err), 0);
	CHECK_EQ(cfs_fuse_object_read(rig.objects, object, buf, 11, 8, &err),
		 0);
	CHECK_EQ(memcmp(buf, "file 00000\n", 11), 0);
	put_object(&rig, 0, path);
	put(rig.dir, path, "this is file");
	CHECK_EQ(cfs_fuse_object_read(rig.objects, object, buf, 4, 8, &err), 0);
	CHECK_EQ(cfs_fuse_object_read(rig.objects, object, buf, 11, 8, &err),
		 -EBADMSG);
	CHECK(strstr(err.msg, "truncated") && strstr(err.msg, path));
	cfs_fuse_object_put(rig.objects, object);
	stop(&rig);
}

static void *reader(void *arg)
{
	struct rig *rig = arg;
	struct cfs_erofs_stat st;

	for (unsigned i = 0; i < 200; i++) {
		struct cfs_fuse_object *object;
		struct cfs_err e = { 0 };
		char want[32], have[32] = { 0 };
		struct cfs_erofs_stat root;
		char name[8];

		snprintf(name, sizeof(name), "f%05u", i % 20);
		CHECK_EQ(cfs_erofs_view_stat(rig->view,
					     cfs_erofs_view_root(rig->view),
					     &root, &e),
			 0);
		CHECK_EQ(
			cfs_erofs_view_find(rig->view, &root,
					    (struct cfs_bytes){ (uint8_t *)name,
								strlen(name) },
					    &st, &e),
			1);
		CHECK_EQ(cfs_fuse_object_get(rig->objects, &st, &object, &e),
			 0);
		content_of(i % 20, want);
		CHECK_EQ(cfs_pread_full(object->fd, have, sizeof(have), 0), 19);
		CHECK_STR(have, want);
		cfs_fuse_object_put(rig->objects, object);
	}
	return NULL;
}

TEST(many_threads_read_the_same_files)
{
	pthread_t threads[16];
	struct rig rig;

	start_with(&rig, 20, CFS_FUSE_VERIFY);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(threads); i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, reader, &rig), 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(threads); i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	stop(&rig);
}
