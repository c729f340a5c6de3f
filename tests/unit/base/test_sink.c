/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/sink.h"

#include <fcntl.h>

#include "tests/test.h"

static struct cfs_err err;

static int refuse(void *ctx, const void *data, size_t len, struct cfs_err *e)
{
	(void)data;
	*(size_t *)ctx += len;
	return cfs_fail(e, ENOSPC, "full");
}

TEST(a_buffer_takes_what_is_written)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_sink sink = cfs_sink_of_buf(&buf);

	CHECK_EQ(cfs_sink_write(&sink, "abc", 3, &err), 0);
	CHECK_EQ(cfs_sink_write(&sink, NULL, 0, &err), 0);
	CHECK_EQ(cfs_sink_write(&sink, "de", 2, &err), 0);
	CHECK_EQ(buf.len, 5);
	CHECK_MEM(buf.data, "abcde", 5);
	buf.failed = true;
	CHECK_EQ(cfs_sink_write(&sink, "f", 1, &err), -ENOMEM);
}

TEST(a_source_is_copied_to_its_end)
{
	static uint8_t big[150000];
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_sink sink = cfs_sink_of_buf(&buf);
	struct cfs_bytes rest = { big, sizeof(big) };
	struct cfs_source source = cfs_source_of_bytes(&rest);
	uint64_t len = 0;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 11);
	CHECK_EQ(cfs_sink_copy(&sink, &source, &len, &err), 0);
	CHECK_EQ(len, sizeof(big));
	CHECK_EQ(buf.len, sizeof(big));
	CHECK_MEM(buf.data, big, sizeof(big));
}

TEST(copying_ends_with_the_first_failure_of_either_side)
{
	size_t tried = 0;
	struct cfs_sink sink = { refuse, &tried };
	struct cfs_bytes rest = { (const uint8_t *)"abc", 3 };
	struct cfs_source source = cfs_source_of_bytes(&rest);
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_sink good = cfs_sink_of_buf(&buf);
	int bad_fd = -1;
	struct cfs_source bad = cfs_source_of_fd(&bad_fd);

	CHECK_EQ(cfs_sink_copy(&sink, &source, NULL, &err), -ENOSPC);
	CHECK_EQ(tried, 3);
	CHECK_STR(err.msg, "full");
	CHECK_EQ(cfs_sink_copy(&good, &bad, NULL, &err), -EBADF);
}

TEST(a_descriptor_takes_what_is_written)
{
	char path[4096], data[4] = "";
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_sink sink = cfs_sink_of_fd(&fd);

	snprintf(path, sizeof(path), "%s/sink-XXXXXX", getenv("TMPDIR"));
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK_EQ(cfs_sink_write(&sink, "xyz", 3, &err), 0);
	CHECK_EQ(pread(fd, data, 4, 0), 3);
	CHECK_MEM(data, "xyz", 3);
	close(fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK_EQ(cfs_sink_write(&sink, "x", 1, &err), -EBADF);
	CHECK(strstr(err.msg, "write: "));
}
