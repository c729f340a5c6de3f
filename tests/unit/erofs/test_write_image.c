/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/erofs/planned.h"

struct pieces {
	struct cfs_buf image;
	size_t n, largest;
	size_t fail_at; /* the piece that is refused, from 1; 0: none */
};

static int take(void *ctx, const void *data, size_t len, struct cfs_err *e)
{
	struct pieces *pieces = ctx;

	if (++pieces->n == pieces->fail_at)
		return cfs_fail(e, ENOSPC, "no room");
	CHECK(!pieces->fail_at || pieces->n < pieces->fail_at);
	if (len > pieces->largest)
		pieces->largest = len;
	cfs_buf_add(&pieces->image, data, len);
	return cfs_buf_check(&pieces->image, e);
}

static int emit(struct planned *p, struct pieces *pieces)
{
	const struct cfs_sink sink = { take, pieces };

	return cfs_erofs_emit(&p->plan, &sink, &err);
}

static const void *at(const struct pieces *pieces, uint64_t pos)
{
	CHECK(pos < pieces->image.len);
	return pieces->image.data + pos;
}

TEST(the_image_has_the_size_and_the_places_that_were_planned)
{
	const struct cfs_erofs_super *super;
	const struct cfs_erofs_compact *compact;
	const struct cfs_erofs_inode *inode;
	struct pieces pieces = { 0 };
	struct planned p;

	plan_layout(&p, 1,
		    ROOT "\n/f 3 100640 1 7 8 0 0.0 - abc -"
			 "\n/tty 0 20620 1 0 0 1281 0.0 - - -\n");
	CHECK_EQ(emit(&p, &pieces), 0);
	CHECK_EQ(pieces.image.len, p.plan.size);
	super = at(&pieces, CFS_EROFS_SUPER_START);
	CHECK_EQ(cfs_get64(super->inos), p.plan.n);
	CHECK_EQ(cfs_get32(super->blocks), p.plan.size / CFS_EROFS_BLOCK);
	inode = inode_at(&p, "/f");
	compact = at(&pieces, inode->nid * CFS_EROFS_SLOT);
	CHECK_EQ(cfs_get16(compact->mode), 0100640);
	CHECK_EQ(cfs_get32(compact->size), 3);
	CHECK_EQ(cfs_get16(compact->uid), 7);
	CHECK_EQ(cfs_get16(compact->gid), 8);
	CHECK_MEM(compact + 1, "abc", 3);
	inode = inode_at(&p, "/tty");
	compact = at(&pieces, inode->nid * CFS_EROFS_SLOT);
	CHECK_EQ(cfs_get32(compact->u), 1281);
	cfs_buf_free(&pieces.image);
	plan_end(&p);
}

TEST(content_of_a_block_and_more_has_blocks_and_a_tail)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	const struct cfs_erofs_compact *compact;
	const struct cfs_erofs_inode *inode;
	struct pieces pieces = { 0 };
	struct planned p;
	uint64_t block;

	cfs_buf_adds(&text, ROOT "\n/f 5000 100644 1 0 0 0 0.0 - ");
	for (unsigned i = 0; i < 5000; i++)
		cfs_buf_addc(&text, (char)('a' + i % 26));
	cfs_buf_adds(&text, " -\n");
	plan_layout(&p, 1, cfs_buf_text(&text));
	CHECK_EQ(emit(&p, &pieces), 0);
	inode = inode_at(&p, "/f");
	CHECK_EQ(inode->blocks, 1);
	CHECK_EQ(inode->tail, 904);
	compact = at(&pieces, inode->nid * CFS_EROFS_SLOT);
	block = cfs_get32(compact->u) * (uint64_t)CFS_EROFS_BLOCK;
	CHECK(block >= p.plan.data_start);
	for (unsigned i = 0; i < 5000; i++) {
		const char *c =
			i < 4096 ? (const char *)at(&pieces, block + i)
				 : (const char *)(compact + 1) + i - 4096;

		CHECK_EQ(*c, 'a' + (int)i % 26);
	}
	cfs_buf_free(&pieces.image);
	plan_end(&p);
}

/* An image of over a megabyte, with xattrs as large as they can be. */
static void plan_large(struct planned *p)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	cfs_buf_adds(&text, ROOT "\n");
	for (unsigned i = 0; i < 40; i++) {
		cfs_buf_addf(&text, "/f%02u" FILE " user.k=%02u", i, i);
		for (unsigned k = 0; k < 32000; k++)
			cfs_buf_addc(&text, 'v');
		cfs_buf_addc(&text, '\n');
	}
	plan_layout(p, 1, cfs_buf_text(&text));
}

TEST(a_large_image_comes_in_pieces)
{
	struct pieces pieces = { 0 };
	struct planned p;

	plan_large(&p);
	CHECK_EQ(emit(&p, &pieces), 0);
	CHECK_EQ(pieces.image.len, p.plan.size);
	CHECK(pieces.n > 5 && pieces.largest < 512 * 1024);
	cfs_buf_free(&pieces.image);
	plan_end(&p);
}

TEST(nothing_is_written_after_a_refusal)
{
	struct pieces whole = { 0 };
	struct planned p;

	plan_large(&p);
	CHECK_EQ(emit(&p, &whole), 0);
	cfs_buf_free(&whole.image);
	for (size_t i = 1; i <= whole.n; i++) {
		struct pieces pieces = { .fail_at = i };

		CHECK_EQ(emit(&p, &pieces), -ENOSPC);
		CHECK_STR(err.msg, "no room");
		cfs_buf_free(&pieces.image);
	}
	plan_end(&p);
}

#define ZEROS "000000000000000000000000000000000000000000000000000000000000"

/* The bytes that the comment at the top of erofs/format.h shows. */
TEST(the_example_of_the_format_is_true)
{
	static const struct {
		uint16_t at;
		const char *hex;
	} rows[] = {
		{ 0x0000, "9a 62 78 d0 01 00 00 00" },
		{ 0x000c, "02 00 00 00" },
		{ 0x0400, "e2 e1 f5 e0" },
		{ 0x040c, "0c" },
		{ 0x040e, "24 00" },
		{ 0x0410, "03 00 00 00 00 00 00 00" },
		{ 0x0424, "01 00 00 00" },
		{ 0x0480, "05 00" },
		{ 0x0482, "00 00" },
		{ 0x0484, "ed 41" },
		{ 0x0488, "36 00 00 00 00 00 00 00" },
		{ 0x04ac, "02 00 00 00" },
		{ 0x04c0, "24 00 00 00 00 00 00 00" },
		{ 0x04c8, "30 00" },
		{ 0x04ca, "02 00" },
		{ 0x04cc, "24 00 00 00 00 00 00 00" },
		{ 0x04d8, "28 00 00 00 00 00 00 00" },
		{ 0x04e4, "2b 00 00 00 00 00 00 00" },
		{ 0x04f0, "2e 2e 2e 68 69 78" },
		{ 0x0500, "05 00" },
		{ 0x0508, "03 00 00 00 00 00 00 00" },
		{ 0x0540, "79 6f 0a" },
		{ 0x0560, "09 00" },
		{ 0x0562, "25 00" },
		{ 0x0568, "05 00 00 00 00 00 00 00" },
		{ 0x0570, "1f 00 00 00" },
		{ 0x05a0, "ff ff fd 7f" },
		{ 0x05a4, "00" },
		{ 0x05ac, "10 04 24 00" },
		{ 0x05b0, "6f 76 65 72 6c 61 79 2e" },
		{ 0x05c0, "00 24 00 01 0a 00 00 00" },
		{ 0x05e4, "10 04 42 00" },
		{ 0x05f8, "2f 30 61 2f 30 30 30 30" },
		{ 0x063c, "ff ff ff ff" },
	};
	const char *text = ROOT "\n/hi 3 100644 1 0 0 0 0.0 - yo\\n -\n"
				"/x 5 100644 1 0 0 0 0.0 0a/" ZEROS
				"07 - 0a" ZEROS "07\n";
	struct pieces pieces = { 0 };
	struct planned p;

	plan_layout(&p, 2, text);
	CHECK(emit(&p, &pieces) == 0 && pieces.image.len == 4096);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		const uint8_t *have = at(&pieces, rows[i].at);

		for (const char *hex = rows[i].hex; *hex; hex += 2) {
			hex += *hex == ' ';
			CHECK_EQ(*have++, strtoul((char[]){ hex[0], hex[1], 0 },
						  NULL, 16));
		}
	}
	cfs_buf_free(&pieces.image);
	plan_end(&p);
}
