/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Files whose digests are known beforehand; all else is in test_digester.c. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/digester.h"
#include "fsverity/merkle.h"
#include "tests/test.h"

static struct cfs_err err;
static uint8_t data[3 * CFS_DIGESTER_SEGMENT];

/* Hashes @len bytes of a file that had another time when it was looked at. */
static int digest(size_t len, bool compares, uint8_t ret[static 32])
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *d = NULL;
	int fd = memfd_create("file", MFD_CLOEXEC);
	struct stat st;

	CHECK_EQ(cfs_write_full(fd, data, len), 0);
	CHECK_EQ(fstat(fd, &st), 0);
	st.st_mtim.tv_nsec ^= 1;
	CHECK_EQ(cfs_digester_new(CFS_ALG_SHA256, 1, NULL, &d, &err), 0);
	if (compares)
		cfs_digester_compares(d);
	(void)!cfs_digester_add(d, &fd, &st, ret, NULL, &err);
	return cfs_digester_finish(d, &err);
}

TEST(the_status_does_not_count_where_digests_are_compared)
{
	static const size_t lengths[] = { 5000, sizeof(data) };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(lengths); i++) {
		struct cfs_bytes bytes = { data, lengths[i] };
		struct cfs_digest want;
		uint8_t got[CFS_DIGEST_MAX];

		CHECK_EQ(digest(lengths[i], false, got), -ESTALE);
		CHECK_EQ(digest(lengths[i], true, got), 0);
		CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, bytes, &want,
						 &err),
			 0);
		CHECK_MEM(got, want.bytes, 32);
	}
}
