/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/write_inode.h"
#include "tests/unit/erofs/planned.h"

#define NOW " 1 0 0 0 0.0 - - -"

static uint64_t position(const struct cfs_erofs_inode *inode)
{
	return inode->nid * CFS_EROFS_SLOT;
}

/* Adds directory /d with @n files of 10-byte names to @text. */
static void add_dir(struct cfs_buf *text, unsigned n)
{
	cfs_buf_adds(text, ROOT "\n/d" DIR "\n");
	for (unsigned i = 0; i < n; i++)
		cfs_buf_addf(text, "/d/%010u" FILE "\n", i);
}

TEST(entries_fill_blocks_and_leave_a_tail)
{
	/* "." and ".." take 27 bytes, a file 22, and none is split. */
	static const struct {
		unsigned files, blocks, tail;
	} want[] = {
		{ 0, 0, 27 },	    { 91, 0, 27 + 91 * 22 },
		{ 92, 1, 0 },	    { 184, 1, 0 },
		{ 185, 1, 22 },	    { 184 + 93, 1, 2046 },
		{ 184 + 94, 2, 0 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(want); i++) {
		CFS_AUTOBUF struct cfs_buf text = { 0 };
		const struct cfs_erofs_inode *dir;
		struct planned p;

		add_dir(&text, want[i].files);
		plan_layout(&p, 1, cfs_buf_text(&text));
		dir = inode_at(&p, "/d");
		CHECK_EQ(dir->blocks, want[i].blocks);
		CHECK_EQ(dir->tail, want[i].tail);
		CHECK_EQ(cfs_erofs_size(dir),
			 (uint64_t)dir->blocks * CFS_EROFS_BLOCK + dir->tail);
		plan_end(&p);
	}
}

TEST(an_inode_is_compact_when_its_numbers_fit)
{
	static const struct {
		const char *numbers;
		bool compact;
	} want[] = {
		{ "0 100644 1 0 0 0 0.0", true },
		{ "0 100644 65535 65535 65535 0 0.0", true },
		{ "0 100644 65536 0 0 0 0.0", false },
		{ "0 100644 1 65536 0 0 0.0", false },
		{ "0 100644 1 0 65536 0 0.0", false },
		{ "0 100644 1 0 0 0 1.0", false },
		{ "0 100644 1 0 0 0 0.1", false },
		{ "4294967295 100644 1 0 0 0 0.0", true },
		{ "4294967296 100644 1 0 0 0 0.0", false },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(want); i++) {
		const struct cfs_erofs_inode *inode;
		char text[128];
		struct planned p;

		snprintf(text, sizeof(text), ROOT "\n/f %s - - -\n",
			 want[i].numbers);
		plan_layout(&p, 1, text);
		inode = inode_at(&p, "/f");
		CHECK_EQ(cfs_erofs_head_size(inode),
			 (want[i].compact ? sizeof(struct cfs_erofs_compact)
					  : sizeof(struct cfs_erofs_extended)));
		plan_end(&p);
		plan_layout(&p, 2, text);
		inode = inode_at(&p, "/f");
		CHECK(inode->flags & CFS_EROFS_I_EXTENDED);
		plan_end(&p);
	}
}

TEST(chunks_are_as_large_as_they_can_be)
{
	CHECK_EQ(cfs_erofs_chunk_bits(1), 12);
	CHECK_EQ(cfs_erofs_chunk_bits(4096), 12);
	CHECK_EQ(cfs_erofs_chunk_bits(4097), 13);
	CHECK_EQ(cfs_erofs_chunk_bits(UINT64_C(1) << 40), 40);
	CHECK_EQ(cfs_erofs_chunk_bits(UINT64_C(1) << 60), 43);
}

TEST(a_file_elsewhere_has_an_entry_for_each_chunk)
{
	static const char text[] = ROOT
		"\n/a 9 100644 1 0 0 0 0.0 " OBJ_A
		"\n/b 17592186044416 100644 1 0 0 0 0.0 - - -\n";
	struct planned p;

	plan_layout(&p, 1, text);
	CHECK_EQ(inode_at(&p, "/a")->tail, 4);
	CHECK_EQ(inode_at(&p, "/b")->tail, 8);
	CHECK_EQ(cfs_erofs_layout_of(inode_at(&p, "/a")), CFS_EROFS_CHUNKS);
	plan_end(&p);
}

TEST(inodes_follow_each_other_and_what_they_hold)
{
	const struct cfs_erofs_inode *root, *stub, *last;
	struct planned p;

	plan_layout(&p, 1, ROOT "\n/z 3 100644 1 0 0 0 0.0 - abc -\n");
	root = &p.plan.inodes[0];
	stub = &p.plan.inodes[1];
	last = inode_at(&p, "/z");
	CHECK_EQ(position(root), CFS_EROFS_INODES_START);
	/* The root's entries fill a block and leave a tail. */
	CHECK_EQ(root->blocks, 1);
	CHECK_EQ(root->xattr_bytes, 12 + 4 + 15 + 1);
	CHECK_EQ(position(stub),
		 cfs_erofs_round_up(CFS_EROFS_INODES_START + 32 +
					    root->xattr_bytes + root->tail,
				    32));
	CHECK_EQ(position(last), position(stub) + UINT64_C(256) * 32);
	CHECK_EQ(last->tail, 3);
	CHECK_EQ(p.plan.inodes_end, position(last) + 64);
	CHECK_EQ(p.plan.data_start,
		 cfs_erofs_round_up(p.plan.inodes_end, CFS_EROFS_BLOCK));
	CHECK_EQ(p.plan.size, p.plan.data_start + CFS_EROFS_BLOCK);
	plan_end(&p);
}

TEST(a_tail_never_crosses_a_block)
{
	for (unsigned n = 0; n < 200; n++) {
		CFS_AUTOBUF struct cfs_buf text = { 0 };
		struct planned p;

		cfs_buf_adds(&text, ROOT "\n");
		for (unsigned i = 0; i < n; i++)
			cfs_buf_addf(&text, "/%03u" FILE "\n", i);
		cfs_buf_addf(&text, "/f %u 100644 1 0 0 0 0.0 - ", 1500 + n);
		for (unsigned i = 0; i < 1500 + n; i++)
			cfs_buf_addc(&text, 'x');
		cfs_buf_adds(&text, " -\n");
		plan_layout(&p, 1, cfs_buf_text(&text));
		for (uint32_t i = 0; i < p.plan.n; i++) {
			const struct cfs_erofs_inode *inode = &p.plan.inodes[i];
			uint64_t from = position(inode) +
					cfs_erofs_head_size(inode) +
					inode->xattr_bytes;

			CHECK(inode->tail == 0 ||
			      from / CFS_EROFS_BLOCK == (from + inode->tail -
							 1) / CFS_EROFS_BLOCK);
		}
		plan_end(&p);
	}
}

TEST(a_link_to_what_was_removed_is_refused)
{
	struct cfs_node *dir;
	struct planned p;

	plan_start(&p, 1, 0,
		   ROOT "\n/d" DIR "\n/d/f" FILE
			"\n/l 0 @100644 1 0 0 0 0.0 /d/f - -\n");
	CHECK_EQ(cfs_tree_lookup(p.tree, "/d", &dir, &err), 1);
	cfs_node_remove(p.tree, dir);
	CHECK_EQ(cfs_tree_sort(p.tree, &err), 0);
	CHECK_EQ(cfs_erofs_order(&p.plan, &err), 0);
	CHECK_EQ(cfs_erofs_share(&p.plan, &err), 0);
	CHECK_EQ(cfs_erofs_layout(&p.plan, &err), -EINVAL);
	CHECK_STR(err.msg, "/: l: hard link target is missing");
	plan_end(&p);
}

/* A file with @n xattrs of two letters, another with the same if @shared. */
static void add_xattrs(struct cfs_buf *text, unsigned n, size_t value,
		       bool shared)
{
	cfs_buf_adds(text, ROOT "\n");
	for (unsigned k = 0; k < 1u + shared; k++) {
		cfs_buf_addf(text, "/%c" FILE, 'a' + k);
		for (unsigned i = 0; i < n; i++) {
			cfs_buf_addf(text, " user.%03u=", i);
			for (size_t v = 0; v < value; v++)
				cfs_buf_addc(text, 'v');
		}
		cfs_buf_addc(text, '\n');
	}
}

TEST(what_is_shared_beyond_the_count_stands_in_the_inode)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct planned p;

	add_xattrs(&text, 130, 1, true);
	plan_layout(&p, 1, cfs_buf_text(&text));
	CHECK_EQ(inode_at(&p, "/a")->xattr_bytes, 12 + 128 * 4 + 2 * 8);
	plan_end(&p);
	plan_layout(&p, 2, cfs_buf_text(&text));
	CHECK_EQ(inode_at(&p, "/a")->xattr_bytes, 12 + 130 * 4);
	plan_end(&p);
}

TEST(version_2_refuses_more_than_it_can_count)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct planned p;

	add_xattrs(&text, 256, 1, true);
	plan_share(&p, 2, cfs_buf_text(&text));
	CHECK_EQ(cfs_erofs_layout(&p.plan, &err), -E2BIG);
	CHECK_STR(err.msg, "/a: over 255 xattrs shared with others");
	plan_end(&p);
}
