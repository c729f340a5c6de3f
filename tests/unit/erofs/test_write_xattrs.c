/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/write_attrs.h"
#include "erofs/write_xattrs.h"
#include "tests/unit/erofs/planned.h"

TEST(an_entry_is_padded_to_words)
{
	static const struct {
		const char *value;
		size_t len;
		const char *want;
	} entries[] = {
		{ "", 8, "\3\1\0\0key" },
		{ "v", 8, "\3\1\1\0keyv" },
		{ "va", 12, "\3\1\2\0keyva\0\0\0" },
	};
	struct cfs_erofs_pair pair = {
		.key = "user.key", .key_len = 8, .prefix_len = 5, .index = 1
	};
	uint8_t got[16];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(entries); i++) {
		struct cfs_bytes value = { (const uint8_t *)entries[i].value,
					   strlen(entries[i].value) };

		memset(got, 0xee, sizeof(got));
		CHECK_EQ(cfs_erofs_put_entry(&pair, value, got),
			 got + entries[i].len);
		CHECK_MEM(got, entries[i].want, entries[i].len);
		CHECK_EQ(cfs_erofs_entry_size(&pair, value.len),
			 entries[i].len);
	}
}

/* The area of @path, of which the layout's length is written. */
static uint8_t *area(struct planned *p, const char *path)
{
	const struct cfs_erofs_inode *inode = inode_at(p, path);
	uint8_t *got = malloc(inode->xattr_bytes + 1);

	CHECK(got);
	got[inode->xattr_bytes] = 0xee;
	CHECK_EQ(cfs_erofs_put_xattrs(&p->plan, inode, got),
		 got + inode->xattr_bytes);
	CHECK_EQ(got[inode->xattr_bytes], 0xee);
	return got;
}

TEST(references_come_before_what_stands_in_the_inode)
{
	struct cfs_erofs_xattr_header header;
	CFS_AUTOFREE uint8_t *got = NULL;
	struct planned p;
	cfs_le32 ref;

	plan_layout(&p, 1,
		    ROOT "\n/a 9 100644 1 0 0 0 0.0 " OBJ_A
			 " user.a=1 user.b=2\n/b" FILE " user.b=2\n");
	got = area(&p, "/a");
	memcpy(&header, got, sizeof(header));
	CHECK_EQ(header.shared_count, 1);
	CHECK_EQ(__builtin_popcount(~cfs_get32(header.name_filter)), 4);
	memcpy(&ref, got + 12, sizeof(ref));
	CHECK_EQ(cfs_get32(ref), p.plan.inodes_end % CFS_EROFS_BLOCK / 4);
	/* Their keys come before the user's. */
	CHECK_MEM(got + 16, "\x10\x04\x24\0overlay.metacopy\0\x24\0\1\x0a", 25);
	CHECK_MEM(got + 72, "\x10\x04\x42\0overlay.redirect/0a/34", 26);
	CHECK_MEM(got + 160, "\1\1\1\0a1\0\0", 8);
	plan_end(&p);
}

TEST(version_2_counts_references_from_the_start_of_the_image)
{
	CFS_AUTOFREE uint8_t *got = NULL;
	struct planned p;
	cfs_le32 ref;

	plan_layout(&p, 2, ROOT "\n/a" FILE " user.b=2\n/b" FILE " user.b=2\n");
	got = area(&p, "/a");
	memcpy(&ref, got + 12, sizeof(ref));
	CHECK_EQ(cfs_get32(ref), p.plan.inodes_end / 4);
	plan_end(&p);
}

TEST(the_hundred_and_twenty_ninth_reference_is_an_entry)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_erofs_xattr_header header;
	CFS_AUTOFREE uint8_t *got = NULL;
	struct planned p;

	cfs_buf_adds(&text, ROOT "\n");
	for (unsigned k = 0; k < 2; k++) {
		/* They share overlay's own, too: the first two references. */
		cfs_buf_addf(&text, "/%c 9 100644 1 0 0 0 0.0 " OBJ_A, 'a' + k);
		for (unsigned i = 0; i < 127; i++)
			cfs_buf_addf(&text, " user.%03u=v", i);
		cfs_buf_addc(&text, '\n');
	}
	plan_layout(&p, 1, cfs_buf_text(&text));
	got = area(&p, "/a");
	memcpy(&header, got, sizeof(header));
	CHECK_EQ(header.shared_count, 128);
	CHECK_EQ(inode_at(&p, "/a")->xattr_bytes, 12 + 128 * 4 + 8);
	CHECK_MEM(got + 12 + 128 * 4, "\3\1\1\000126v", 8);
	plan_end(&p);
}
