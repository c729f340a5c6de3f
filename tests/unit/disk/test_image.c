/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/image.h"

#include "tests/unit/disk/look.h"

static struct cfs_repo repo = CFS_REPO_INIT;

/* A plan of one file of @size bytes, which is gone when this returns. */
static void plan_file(struct cfs_plan *plan, uint64_t size)
{
	CFS_AUTOFD int fd = -EBADF;
	char path[512];

	snprintf(path, sizeof(path), "%s/file.XXXXXX", getenv("TMPDIR"));
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, (off_t)size), 0);
	CHECK_EQ(cfs_plan_add(plan, path, "/f", &err), 0);
	CHECK_EQ(unlink(path), 0);
}

TEST(sizes_are_read)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = { { "auto", 0 },
		     { "4096", 4096 },
		     { "8K", 8192 },
		     { "3m", UINT64_C(3) << 20 },
		     { "2G", UINT64_C(2) << 30 },
		     { "1T", UINT64_C(1) << 40 } };
	static const char *const bad[] = { "",
					   "0",
					   "M",
					   "1.5G",
					   "-1",
					   "4097",
					   "1K",
					   "1X",
					   "1GB",
					   "18446744073709551616",
					   "99999999999T" };
	uint64_t size = 7;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_disk_parse_size(bad[i], &size, &err), -EINVAL);
	CHECK_EQ(size, 7);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(good); i++) {
		CHECK_EQ(cfs_disk_parse_size(good[i].text, &size, &err), 0);
		CHECK_EQ(size, good[i].size);
	}
}

TEST(uuids_are_read)
{
	static const char *const bad[] = {
		"",
		"01234567-89ab-4cde-8f01-23456789abc",
		"01234567-89ab-4cde-8f01-23456789abcde",
		"0123456789ab-4cde-8f01-23456789abcd-",
		"01234567-89ab-4cde-8f01-23456789abcg",
		"01234567 89ab 4cde 8f01 23456789abcd",
	};
	uint8_t uuid[16] = { 9 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_disk_parse_uuid(bad[i], uuid, &err), -EINVAL);
	CHECK_EQ(uuid[0], 9);
	CHECK_EQ(cfs_disk_parse_uuid("01234567-89AB-4cde-8f01-23456789abcd",
				     uuid, &err),
		 0);
	CHECK_EQ(uuid[0], 0x01);
	CHECK_EQ(uuid[4], 0x89);
	CHECK_EQ(uuid[15], 0xcd);
}

TEST(too_small_says_what_would_do)
{
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };
	CFS_AUTOFD int fd = image_file();
	struct cfs_disk_params params = { .size = 8 * MIB, .time = 1 };
	struct cfs_disk_result result;
	char *said;

	plan_file(&plan, 20 * MIB);
	CHECK_EQ(cfs_disk_write(&plan, &repo, &params, fd, &result, &err),
		 -ENOSPC);
	said = strstr(err.msg, "the contents need ");
	CHECK(said);
	CHECK(strtoul(said + 18, NULL, 10) >= 25);
	CHECK(strtoul(said + 18, NULL, 10) <= 40);
}

TEST(file_that_vanished_is_an_error)
{
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };
	CFS_AUTOFD int fd = image_file();
	struct cfs_disk_params params = { .time = 1 };
	struct cfs_disk_result result = { .size = 7 };

	plan_file(&plan, 5000);
	CHECK_EQ(cfs_disk_write(&plan, &repo, &params, fd, &result, &err),
		 -ENOENT);
	CHECK_EQ(result.size, 7);
}

static void count(void *arg, uint64_t bytes)
{
	uint64_t *n = arg;

	CHECK_EQ(bytes, 0);
	(*n)++;
}

TEST(progress_is_told)
{
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };
	CFS_AUTOFD int fd = image_file();
	struct cfs_digest id = { .alg = CFS_ALG_SHA256 };
	struct cfs_disk_result result;
	uint64_t calls = 0;
	struct cfs_disk_params params = { .time = 1,
					  .progress = count,
					  .progress_arg = &calls };

	CHECK_EQ(cfs_plan_state(&plan, &id, 0755, 0755, &err), 0);
	CHECK_EQ(cfs_disk_write(&plan, &repo, &params, fd, &result, &err), 0);
	CHECK_EQ(calls, plan.n - 1);
	CHECK(result.size >= 32 * MIB && result.size <= 64 * MIB);
	/* Version 8, as it is made from the content. */
	CHECK_EQ(result.uuid[6] >> 4, 8);
	CHECK_EQ(image_run(fd, "e2fsck -fn >/dev/null"), 0);
}
