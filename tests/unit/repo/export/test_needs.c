/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/needs.h"

#include "tests/unit/erofs/forge.h"

static struct cfs_err err;

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"
#define ONE   "01" ZEROS
#define TWO   "02" ZEROS
#define DIR   "/ 4096 40755 2 0 0 0 1.0 - - -\n"
#define FILE_OF(name, size, path, digest) \
	"/" name " " size " 100644 1 0 0 0 1.0 " path " - " digest "\n"

static int needs_of(const char *dump, enum cfs_alg alg,
		    struct cfs_export_needs *needs)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	forge_build(dump, 0, CFS_DUMP_LENIENT, &image);
	return cfs_export_needs_read(cfs_buf_bytes(&image), alg, needs, &err);
}

TEST(each_object_is_listed_once_with_its_size)
{
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 };

	CHECK_EQ(needs_of(DIR FILE_OF("a", "7000", "02/" ZEROS, TWO) FILE_OF(
				  "b", "5000", "01/" ZEROS, ONE)
				  FILE_OF("c", "7000", "02/" ZEROS, TWO),
			  CFS_ALG_SHA256, &needs),
		 0);
	CHECK_EQ(needs.n, 2);
	CHECK_EQ(needs.v[0].id.bytes[0], 1);
	CHECK_EQ(needs.v[0].size, 5000);
	CHECK_EQ(needs.v[1].id.bytes[0], 2);
	CHECK_EQ(needs.v[1].size, 7000);
}

TEST(an_image_that_a_check_would_find_fault_with_is_refused)
{
	static const char *const dumps[] = {
		/* two sizes */
		DIR FILE_OF("a", "7000", "02/" ZEROS, TWO)
			FILE_OF("b", "5000", "02/" ZEROS, TWO),
		/* the content of another digest */
		DIR FILE_OF("a", "7000", "01/" ZEROS, TWO),
		/* no object */
		DIR FILE_OF("a", "7000", "elsewhere", TWO),
	};
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(dumps); i++)
		CHECK_EQ(needs_of(dumps[i], CFS_ALG_SHA256, &needs), -EBADMSG);
	CHECK_EQ(needs_of(DIR FILE_OF("a", "7000", "02/" ZEROS, TWO),
			  CFS_ALG_SHA512, &needs),
		 -EBADMSG);
	CHECK_EQ(cfs_export_needs_read((struct cfs_bytes){ 0 }, CFS_ALG_SHA256,
				       &needs, &err),
		 -EBADMSG);
	CHECK_EQ(needs.n, 0);
}

TEST(the_objects_of_several_images_are_merged)
{
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 }, more = { 0 };

	CHECK_EQ(needs_of(DIR FILE_OF("a", "7000", "02/" ZEROS, TWO),
			  CFS_ALG_SHA256, &needs),
		 0);
	CHECK_EQ(needs_of(DIR FILE_OF("a", "7000", "02/" ZEROS, TWO)
				  FILE_OF("b", "5000", "01/" ZEROS, ONE),
			  CFS_ALG_SHA256, &more),
		 0);
	CHECK_EQ(cfs_export_needs_merge(&needs, &more, &err), 0);
	CHECK_EQ(needs.n, 2);
	CHECK_EQ(needs.v[0].id.bytes[0], 1);
	more.v[0].size++;
	CHECK_EQ(cfs_export_needs_merge(&needs, &more, &err), -EBADMSG);
}
