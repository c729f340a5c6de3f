/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/fetch_parts.h"

#include "tests/unit/ops/served.h"

#define PACK "packs/00000000.pack"

/* Changes the last byte of the pack, which is one of its last object. */
static void change_pack(void)
{
	CFS_AUTOFREE char *path = below(web, PACK);
	CFS_AUTOFD int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;
	off_t at = lseek(fd, -1, SEEK_END);

	CHECK(fd >= 0 && pread(fd, &byte, 1, at) == 1);
	byte ^= 0x20;
	CHECK_EQ(pwrite(fd, &byte, 1, at), 1);
}

TEST(an_object_of_a_pack_is_stored_only_if_it_is_right)
{
	struct cfs_digest id = publish_letters("ab");
	struct fetch f;

	change_pack();
	begin(&f);
	CHECK_EQ(cfs_fetch_image(f.fetching, &id, "mine", &err), -EBADMSG);
	CHECK(strstr(err.msg, "object ") && strstr(err.msg, PACK));
	/* The one before it stays, and is not asked for again. */
	CHECK_EQ(cfs_fetch_result(f.fetching).fetched, 1);
	CHECK_EQ(count(root, ".", "images"), 0);
	end(&f);
}

TEST(a_pack_that_is_cut_or_gone_is_an_error)
{
	struct cfs_digest id = publish_letters("ab");
	CFS_AUTOFREE char *path = below(web, PACK);
	struct fetch f;

	CHECK_EQ(truncate(path, 20), 0);
	begin(&f);
	CHECK(cfs_fetch_image(f.fetching, &id, "mine", &err) < 0);
	CHECK(strstr(err.msg, PACK));
	end(&f);
	spoil(PACK, NULL);
	fetch_fails(&id, -ENOENT, PACK);
}
