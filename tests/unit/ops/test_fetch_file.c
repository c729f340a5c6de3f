/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/fetching.h"

#include "tests/unit/ops/served.h"

static int fetch_file(struct fetch *f, const char *path, uint64_t max,
		      bool zstd, struct cfs_buf *ret)
{
	const struct cfs_fetch_file file = { path, max, zstd };

	return cfs_fetch_file(f->fetching, &file, ret, &err);
}

TEST(files_come_into_memory_up_to_their_maximum)
{
	struct cfs_digest id = publish_letters("a");
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char path[CFS_EXPORT_PATH_MAX];
	struct fetch f;

	begin(&f);
	put(web, "text", "12345");
	CHECK_EQ(fetch_file(&f, "text", 5, false, &buf), 1);
	CHECK(buf.len == 5 && memcmp(buf.data, "12345", 5) == 0);
	CHECK(fetch_file(&f, "text", 4, false, &buf) < 0);
	CHECK(strstr(err.msg, f.url) && strstr(err.msg, "text"));
	CHECK_EQ(fetch_file(&f, "none", 5, false, &buf), 0);
	buf.len = 0;
	cfs_export_image_path(&id, ".image.zst", path);
	CHECK_EQ(fetch_file(&f, path, 1 << 20, true, &buf), 1);
	CHECK(buf.len >= 4096 && buf.len % 4096 == 0);
	/* What it is decompressed to counts. */
	CHECK_EQ(fetch_file(&f, path, 4096, true, &buf), -EBADMSG);
	CHECK(buf.len <= 4096);
	CHECK_EQ(fetch_file(&f, "text", 4096, true, &buf), -EBADMSG);
	end(&f);
}
