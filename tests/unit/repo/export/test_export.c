/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/export.h"

#include <fcntl.h>
#include <sys/file.h>

#include "fsverity/merkle.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static char root[4096];

static void start(void)
{
	strcpy(root, fresh_dir());
	fake = (struct fake_kernel){ .measure_result = -ENODATA };
}

static int open_at(const char *name, struct cfs_export *e)
{
	CFS_AUTOFREE char *path = below(root, name);

	return cfs_export_open(path, CFS_ALG_SHA256, e, &err);
}

/* An object of @size bytes, which are all @byte; its digest in @need. */
static int object(size_t size, char byte, struct cfs_export_need *need)
{
	CFS_AUTOBUF struct cfs_buf content = { 0 };
	CFS_AUTOFREE char *path = NULL;
	char name[] = "object-?";
	int fd;

	for (size_t i = 0; i < size; i++)
		cfs_buf_addc(&content, byte);
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256,
					 cfs_buf_bytes(&content), &need->id,
					 &err),
		 0);
	need->size = size;
	name[7] = byte;
	put(root, name, cfs_buf_text(&content));
	path = below(root, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

TEST(what_was_added_is_found_and_stays)
{
	CFS_AUTOEXPORT struct cfs_export e = CFS_EXPORT_INIT;
	struct cfs_export_need small, large;
	struct cfs_export_place place;

	start();
	make_dir(root, "web");
	CHECK_EQ(open_at("web", &e), 0);
	for (unsigned round = 0; round < 2; round++) {
		CFS_AUTOFD int a = object(1000, 'a', &small);
		CFS_AUTOFD int b = object(300000, 'b', &large);

		CHECK_EQ(cfs_export_find(&e, &small, &place), round > 0);
		CHECK_EQ(cfs_export_find(&e, &large, &place), round > 0);
		if (round > 0)
			break;
		CHECK_EQ(cfs_export_add(&e, &small, a, &err), 0);
		CHECK_EQ(cfs_export_add(&e, &large, b, &err), 0);
		CHECK_EQ(cfs_export_end_pack(&e, &err), 0);
		CHECK_EQ(cfs_export_commit(&e, &err), 0);
		cfs_export_close(&e);
		CHECK_EQ(open_at("web", &e), 0);
	}
	CHECK(cfs_export_find(&e, &small, &place));
	CHECK_EQ(place.pack, 0);
	CHECK(place.zstd && place.stored < 1000);
	CHECK(cfs_export_find(&e, &large, &place));
	CHECK_EQ(place.pack, CFS_EXPORT_NO_PACK);
	CHECK_EQ(e.next_pack, 1);
}

TEST(an_object_that_is_another_is_refused)
{
	CFS_AUTOEXPORT struct cfs_export e = CFS_EXPORT_INIT;
	struct cfs_export_need need;
	CFS_AUTOFD int fd = -EBADF;

	start();
	make_dir(root, "web");
	CHECK_EQ(open_at("web", &e), 0);
	fd = object(1000, 'a', &need);
	need.id.bytes[0] ^= 1;
	CHECK_EQ(cfs_export_add(&e, &need, fd, &err), -EBADMSG);
}

TEST(files_are_written_once)
{
	CFS_AUTOEXPORT struct cfs_export e = CFS_EXPORT_INIT;
	struct cfs_bytes text = { (const uint8_t *)"text", 4 };

	start();
	make_dir(root, "web");
	for (unsigned round = 0; round < 2; round++) {
		CHECK_EQ(open_at("web", &e), 0);
		CHECK_EQ(cfs_export_put(&e, "images/x", text, &err), 0);
		CHECK_EQ(e.staged.n, round == 0);
		CHECK_EQ(cfs_export_commit(&e, &err), 0);
		CHECK_EQ(e.staged.n, 2 * (round == 0)); /* and export.json */
		cfs_export_close(&e);
	}
	CHECK(holds(root, "web/images/x", "text"));
	CHECK_EQ(count(root, "web", CFS_EXPORT_STAGING), 0);
}

TEST(a_pack_without_a_list_keeps_its_number)
{
	CFS_AUTOEXPORT struct cfs_export e = CFS_EXPORT_INIT;

	start();
	make_dir(root, "web");
	make_dir(root, "web/packs");
	put(root, "web/packs/00000004.pack", "?");
	put(root, "web/packs/00000007.list", "?");
	put(root, "web/packs/9.pack", "?");
	CHECK_EQ(open_at("web", &e), 0);
	CHECK_EQ(e.next_pack, 5);
	CHECK_EQ(e.packs.n, 0);
}

TEST(other_directories_are_refused)
{
	CFS_AUTOEXPORT struct cfs_export e = CFS_EXPORT_INIT;
	CFS_AUTOFREE char *path = NULL;
	CFS_AUTOFD int fd = -EBADF;

	start();
	make_dir(root, "web");
	put(root, "web/index.html", "mine");
	CHECK_EQ(open_at("web", &e), -EEXIST);
	make_dir(root, "old");
	make_dir(root, "old/images");
	make_dir(root, "old/images/refs");
	CHECK_EQ(open_at("old", &e), -EEXIST);
	make_dir(root, "used");
	path = below(root, "used");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_EQ(flock(fd, LOCK_EX), 0);
	CHECK_EQ(open_at("used", &e), -EBUSY);
}
