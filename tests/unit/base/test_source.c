/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/source.h"

#include <fcntl.h>

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

/* Gives one byte at a time, and fails after the third when told to. */
struct drip {
	int given;
	int fail_after;
};

static ssize_t drip_read(void *ctx, void *data, size_t len, struct cfs_err *e)
{
	struct drip *drip = ctx;

	CHECK(len > 0);
	if (drip->given == drip->fail_after)
		return cfs_fail(e, EIO, "the drip ran dry");
	if (drip->given == 5)
		return 0;
	*(char *)data = (char)('a' + drip->given++);
	return 1;
}

TEST(bytes_are_read_front_to_back)
{
	struct cfs_bytes rest = text("hello");
	struct cfs_source source = cfs_source_of_bytes(&rest);
	char data[8];

	CHECK_EQ(cfs_source_read(&source, data, 2, &err), 2);
	CHECK_MEM(data, "he", 2);
	CHECK_EQ(rest.len, 3);
	CHECK_EQ(cfs_source_read(&source, data, 0, &err), 0);
	CHECK_EQ(rest.len, 3);
	CHECK_EQ(cfs_source_full(&source, data, sizeof(data), &err), 3);
	CHECK_MEM(data, "llo", 3);
	CHECK_EQ(cfs_source_read(&source, data, 1, &err), 0);
	CHECK_EQ(cfs_source_read(&source, data, 1, &err), 0);
}

TEST(short_reads_are_continued)
{
	struct drip drip = { .fail_after = -1 };
	struct cfs_source source = { drip_read, &drip };
	char data[8];

	CHECK_EQ(cfs_source_full(&source, data, 3, &err), 3);
	CHECK_MEM(data, "abc", 3);
	CHECK_EQ(cfs_source_full(&source, data, 8, &err), 2);
	CHECK_MEM(data, "de", 2);
}

TEST(a_failure_in_the_middle_is_a_failure)
{
	struct drip drip = { .fail_after = 3 };
	struct cfs_source source = { drip_read, &drip };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char data[8];

	CHECK_EQ(cfs_source_full(&source, data, 8, &err), -EIO);
	CHECK_STR(err.msg, "the drip ran dry");
	drip.given = 0;
	CHECK_EQ(cfs_source_all(&source, 100, &buf, &err), -EIO);
}

TEST(everything_is_read_up_to_the_limit_and_no_further)
{
	static char big[200000];
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_bytes rest;
	struct cfs_source source = cfs_source_of_bytes(&rest);

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7);
	rest = (struct cfs_bytes){ (uint8_t *)big, sizeof(big) };
	CHECK_EQ(cfs_source_all(&source, sizeof(big), &buf, &err), 0);
	CHECK_EQ(buf.len, sizeof(big));
	CHECK_MEM(buf.data, big, buf.len);
	rest = (struct cfs_bytes){ (uint8_t *)big, sizeof(big) };
	CHECK_EQ(cfs_source_all(&source, sizeof(big) - 1, &buf, &err), -EFBIG);
	CHECK_STR(err.msg, "longer than 199999 bytes");
	CHECK_EQ(cfs_source_all(&source, SIZE_MAX, &buf, &err), 0);
}

TEST(descriptors_are_read_from_their_position)
{
	char path[4096], data[8];
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_source source = cfs_source_of_fd(&fd);

	snprintf(path, sizeof(path), "%s/source-XXXXXX", getenv("TMPDIR"));
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK_EQ(write(fd, "0123456789", 10), 10);
	CHECK_EQ(lseek(fd, 4, SEEK_SET), 4);
	CHECK_EQ(cfs_source_full(&source, data, sizeof(data), &err), 6);
	CHECK_MEM(data, "456789", 6);
	close(fd);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	CHECK_EQ(cfs_source_read(&source, data, 1, &err), -EBADF);
	CHECK(strstr(err.msg, "read: "));
}
