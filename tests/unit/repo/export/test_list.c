/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/list.h"

#include "tests/test.h"

static struct cfs_err err;

static const struct cfs_export_packed objects[] = {
	{ { CFS_ALG_SHA256, { 1 } }, { 3, false, 0, 10 } },
	{ { CFS_ALG_SHA256, { 1, 5 } }, { 3, true, 10, 7 } },
	{ { CFS_ALG_SHA256, { 2 } }, { 3, false, 17, CFS_EXPORT_SMALL } },
};
#define TOTAL (17 + CFS_EXPORT_SMALL)

static void make(struct cfs_buf *buf)
{
	CHECK_EQ(cfs_export_list_write(CFS_ALG_SHA256, objects, 3, buf, &err),
		 0);
}

static int read_as(const struct cfs_buf *buf, uint64_t size)
{
	CFS_AUTOPACKS struct cfs_export_packs packs = { 0 };

	return cfs_export_list_read(cfs_buf_bytes(buf), CFS_ALG_SHA256, 3, size,
				    &packs, &err);
}

TEST(the_bytes_are_those_that_the_format_describes)
{
	static const uint8_t head[] = { 'C', 'F', 'S', 'L', 'S', 'T', 0, 1, 1,
					0,   0,	  0,   3,   0,	 0,   0, 1, 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	make(&buf);
	CHECK_EQ(buf.len, 16 + 3 * 36);
	CHECK_MEM(buf.data, head, sizeof(head));
	CHECK(buf.data[16 + 32] == 10 && buf.data[16 + 35] == 0);
	CHECK(buf.data[52] == 1 && buf.data[53] == 5);
	CHECK(buf.data[52 + 32] == 7 && buf.data[52 + 35] == 0x80);
}

TEST(objects_are_found_where_they_are_first)
{
	CFS_AUTOPACKS struct cfs_export_packs packs = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_digest other = { CFS_ALG_SHA256, { 1, 6 } };
	struct cfs_export_place place;

	make(&buf);
	for (uint32_t pack = 5; pack >= 4; pack--)
		CHECK_EQ(cfs_export_list_read(cfs_buf_bytes(&buf),
					      CFS_ALG_SHA256, pack, TOTAL,
					      &packs, &err),
			 0);
	for (size_t i = 0; i < 3; i++) {
		CHECK(cfs_export_packs_find(&packs, &objects[i].id, &place));
		CHECK_EQ(place.pack, 4);
		CHECK_EQ(place.zstd, objects[i].place.zstd);
		CHECK_EQ(place.offset, objects[i].place.offset);
		CHECK_EQ(place.stored, objects[i].place.stored);
	}
	CHECK(!cfs_export_packs_find(&packs, &other, &place));
	other.bytes[0] = 0;
	CHECK(!cfs_export_packs_find(&packs, &other, &place));
	other.bytes[0] = 3;
	CHECK(!cfs_export_packs_find(&packs, &other, &place));
}

TEST(an_empty_list_is_that_of_an_empty_pack)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	CHECK_EQ(cfs_export_list_write(CFS_ALG_SHA256, NULL, 0, &buf, &err), 0);
	CHECK_EQ(read_as(&buf, 0), 0);
	CHECK_EQ(read_as(&buf, 1), -EBADMSG);
}

TEST(a_list_that_is_not_that_of_the_pack_is_refused)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	make(&buf);
	CHECK_EQ(read_as(&buf, TOTAL), 0);
	CHECK_EQ(read_as(&buf, TOTAL + 1), -EBADMSG);
	CHECK_EQ(read_as(&buf, 0), -EBADMSG);
	for (size_t len = buf.len; buf.len-- > 0;)
		CHECK_EQ(read_as(&buf, len), -EBADMSG);
}

static int read_changed(size_t at, uint8_t value)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	make(&buf);
	buf.data[at] = value;
	return read_as(&buf, TOTAL);
}

TEST(what_is_damaged_is_refused)
{
	CHECK_EQ(read_changed(0, 'X'), -EBADMSG);
	CHECK_EQ(read_changed(7, 2), -EOPNOTSUPP);
	CHECK_EQ(read_changed(8, 2), -EBADMSG);
	CHECK_EQ(read_changed(12, 2), -EBADMSG);
	CHECK_EQ(read_changed(16, 2), -EBADMSG);	       /* order */
	CHECK_EQ(read_changed(16 + 32, 0), -EBADMSG);	       /* empty */
	CHECK_EQ(read_changed(16 + 2 * 36 + 32, 1), -EBADMSG); /* large */
	CHECK_EQ(read_changed(16 + 3, 1), 0); /* another digest */
}
