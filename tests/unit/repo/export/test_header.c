/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/header.h"

#include "tests/test.h"

static struct cfs_err err;

TEST(a_header_is_read_as_it_was_written)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_bytes rest;
	uint32_t n = 0;

	cfs_export_header_write(CFS_EXPORT_LIST_MAGIC, CFS_ALG_SHA512,
				CFS_EXPORT_OBJECTS_MAX, &buf);
	cfs_buf_adds(&buf, "rest");
	CHECK_EQ(cfs_export_header_read(cfs_buf_bytes(&buf),
					CFS_EXPORT_LIST_MAGIC, CFS_ALG_SHA512,
					&n, &rest, &err),
		 0);
	CHECK_EQ(n, CFS_EXPORT_OBJECTS_MAX);
	CHECK(cfs_bytes_is(rest, "rest"));
	CHECK_EQ(cfs_export_header_read(cfs_buf_bytes(&buf),
					CFS_EXPORT_INDEX_MAGIC, CFS_ALG_SHA512,
					&n, &rest, &err),
		 -EBADMSG);
	buf.len = 15;
	CHECK_EQ(cfs_export_header_read(cfs_buf_bytes(&buf),
					CFS_EXPORT_LIST_MAGIC, CFS_ALG_SHA512,
					&n, &rest, &err),
		 -EBADMSG);
}

TEST(too_many_objects_are_refused)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_bytes rest;
	uint32_t n;

	cfs_export_header_write(CFS_EXPORT_LIST_MAGIC, CFS_ALG_SHA512,
				CFS_EXPORT_OBJECTS_MAX + 1, &buf);
	CHECK_EQ(cfs_export_header_read(cfs_buf_bytes(&buf),
					CFS_EXPORT_LIST_MAGIC, CFS_ALG_SHA512,
					&n, &rest, &err),
		 -EBADMSG);
}
