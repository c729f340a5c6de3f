/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/index.h"

#include "tests/unit/repo/export/places.h"

static struct cfs_err err;

static int read_one(const struct cfs_export_place *place, uint64_t size)
{
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_export_need need = { { CFS_ALG_SHA256, { 1 } }, size };
	struct cfs_export_place got;

	CHECK(cfs_vec_add(&needs, need));
	CHECK_EQ(cfs_export_index_write(CFS_ALG_SHA256, place, 1, &buf, &err),
		 0);
	return cfs_export_index_read(cfs_buf_bytes(&buf), CFS_ALG_SHA256,
				     &needs, &got, &err);
}

/* Written by hand from the description of the format. */
TEST(the_bytes_are_those_that_the_format_describes)
{
	static const uint8_t want[] = {
		'C',  'F',  'S',  'I',	'D',  'X',  0,	  1,	2,    0,
		0,    0,    4,	  0,	0,    0,    1,	  0,	0,    0,
		10,   0,    0,	  0,	0,    0,    0,	  0,	0,    0,
		0,    0,    1,	  0,	0,    0,    7,	  0,	0,    0x80,
		10,   0,    0,	  0,	0,    0,    0,	  0,	0xff, 0xff,
		0xff, 0xff, 0,	  0,	0,    0,    0x20, 0xa1, 7,    0,
		0,    0,    0,	  0,	0xff, 0xff, 0xff, 0xff, 0,    0,
		0,    0x80, 0x1f, 0xa1, 7,    0,    0,	  0,	0,    0,
	};
	CFS_AUTOBUF struct cfs_buf buf = { 0 };

	CHECK_EQ(cfs_export_index_write(CFS_ALG_SHA512, places, PLACES, &buf,
					&err),
		 0);
	CHECK_EQ(buf.len, CFS_EXPORT_INDEX_SIZE(PLACES));
	CHECK_EQ(buf.len, sizeof(want));
	CHECK_MEM(buf.data, want, sizeof(want));
}

TEST(what_was_written_is_read)
{
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_export_place got[PLACES];

	make_needs(CFS_ALG_SHA512, &needs);
	CHECK_EQ(cfs_export_index_write(CFS_ALG_SHA512, places, PLACES, &buf,
					&err),
		 0);
	CHECK_EQ(cfs_export_index_read(cfs_buf_bytes(&buf), CFS_ALG_SHA512,
				       &needs, got, &err),
		 0);
	for (size_t i = 0; i < PLACES; i++) {
		CHECK_EQ(got[i].pack, places[i].pack);
		CHECK_EQ(got[i].zstd, places[i].zstd);
		CHECK_EQ(got[i].offset, places[i].offset);
		CHECK_EQ(got[i].stored, places[i].stored);
	}
}

TEST(an_index_of_another_image_algorithm_or_version_is_refused)
{
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_export_place got[PLACES];
	struct cfs_bytes bytes;

	make_needs(CFS_ALG_SHA512, &needs);
	CHECK_EQ(cfs_export_index_write(CFS_ALG_SHA512, places, PLACES, &buf,
					&err),
		 0);
	bytes = cfs_buf_bytes(&buf);
	CHECK_EQ(
		cfs_export_index_read(bytes, CFS_ALG_SHA256, &needs, got, &err),
		-EBADMSG);
	for (bytes.len = 0; bytes.len < buf.len; bytes.len++)
		CHECK_EQ(cfs_export_index_read(bytes, CFS_ALG_SHA512, &needs,
					       got, &err),
			 -EBADMSG);
	needs.n--;
	CHECK_EQ(
		cfs_export_index_read(bytes, CFS_ALG_SHA512, &needs, got, &err),
		-EBADMSG);
	needs.n++;
	buf.data[7] = 2;
	CHECK_EQ(
		cfs_export_index_read(bytes, CFS_ALG_SHA512, &needs, got, &err),
		-EOPNOTSUPP);
	buf.data[7] = 1;
	buf.data[15] = 1; /* 16777220 objects */
	CHECK_EQ(
		cfs_export_index_read(bytes, CFS_ALG_SHA512, &needs, got, &err),
		-EBADMSG);
}

TEST(a_place_that_cannot_hold_the_object_is_refused)
{
	const struct cfs_export_place wrong[] = {
		{ 1, false, 0, 9 },
		{ 1, false, 0, 11 },
		{ 1, true, 0, 10 },
		{ 1, true, 0, 0 },
		{ OWN, false, 0, 9 },
		{ OWN, true, 0, 10 },
		{ OWN, true, 0, 0 },
		{ CFS_EXPORT_PACKS_MAX + 1, false, 0, 10 },
		{ 1, false, CFS_EXPORT_PACK_MAX, 10 },
		{ 1, false, UINT64_MAX, 10 },
	};
	const struct cfs_export_place large = { 1, false, 0,
						CFS_EXPORT_SMALL + 1 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(wrong); i++)
		CHECK_EQ(read_one(&wrong[i], 10), -EBADMSG);
	CHECK_EQ(read_one(&large, CFS_EXPORT_SMALL + 1), -EBADMSG);
	CHECK_EQ(read_one(&places[0], 10), 0);
	CHECK_EQ(read_one(&places[1], 20), 0);
	CHECK_EQ(read_one(&places[2], 500000), 0);
}

TEST(a_record_has_one_meaning)
{
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_export_place got[PLACES];

	make_needs(CFS_ALG_SHA512, &needs);
	CHECK_EQ(cfs_export_index_write(CFS_ALG_SHA512, places, PLACES, &buf,
					&err),
		 0);
	/* Bytes in a pack, of a file of its own. */
	buf.data[16 + 2 * 16 + 4] = 1;
	CHECK_EQ(cfs_export_index_read(cfs_buf_bytes(&buf), CFS_ALG_SHA512,
				       &needs, got, &err),
		 -EBADMSG);
}
