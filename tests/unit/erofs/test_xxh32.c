/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/xxh32.h"

#include "erofs/format.h"
#include "erofs/prefix.h"
#include "tests/test.h"

static uint32_t hash(const char *s, uint32_t seed)
{
	return cfs_erofs_xxh32(
		(struct cfs_bytes){ (const uint8_t *)s, strlen(s) }, seed);
}

/* Source: the reference implementation, `xxhsum -H0` and XXH32() of
 * libxxhash. */
TEST(hashes_are_those_of_the_reference)
{
	CHECK_EQ(hash("", 0), 0x02cc5d05);
	CHECK_EQ(hash("abc", 0), 0x32d153ff);
	CHECK_EQ(hash("0123456789abcdef0123", CFS_EROFS_FILTER_SEED),
		 0x984d9c7e);
}

/* Source: images of mkcomposefs 1.0.8, h_name_filter of an inode that has one
 * attribute only. */
TEST(filters_are_those_of_mkcomposefs)
{
	static const struct {
		const char *key;
		uint32_t v1, v2;
	} known[] = {
		{ "security.selinux", 0xfffff7ff, 0xfffff7ff },
		{ "trusted.overlay.opaque", 0xffefffff, 0xffefffff },
		{ "trusted.overlay.metacopy", 0x7fffffff, 0x7fffffff },
		{ "trusted.overlay.redirect", 0xfffdffff, 0xfffdffff },
		{ "system.posix_acl_access", 0xbfffffff, 0xbfffffff },
		{ "lustre.lov", 0xfffffdff, 0xffdfffff },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(known); i++) {
		for (unsigned version = 1; version <= 2; version++) {
			uint8_t len;
			uint8_t index = cfs_erofs_prefix_of(
				known[i].key, &cfs_erofs_rules[version], &len);
			uint32_t h = hash(known[i].key + len,
					  CFS_EROFS_FILTER_SEED + index);

			CHECK_EQ((UINT32_MAX & ~(1u << h % 32)),
				 (version == 1 ? known[i].v1 : known[i].v2));
		}
	}
}
