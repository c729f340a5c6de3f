/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/write_dir.h"
#include "tests/unit/erofs/planned.h"

/* Reads entry @i of a block of @len bytes: its name, in a static buffer. */
static const char *entry(const uint8_t *block, size_t len, size_t i,
			 struct cfs_erofs_dirent *ret)
{
	size_t n, from, to = len;
	static char name[256];

	memcpy(ret, block, sizeof(*ret));
	n = cfs_get16(ret->nameoff) / sizeof(*ret);
	CHECK(i < n);
	if (i + 1 < n) {
		memcpy(ret, block + (i + 1) * sizeof(*ret), sizeof(*ret));
		to = cfs_get16(ret->nameoff);
	}
	memcpy(ret, block + i * sizeof(*ret), sizeof(*ret));
	from = cfs_get16(ret->nameoff);
	CHECK(from <= to && to <= len && to - from < sizeof(name));
	memcpy(name, block + from, to - from);
	name[to - from] = '\0';
	return name;
}

TEST(entries_lead_to_inodes_and_say_their_types)
{
	static const struct {
		const char *name, *path;
		uint8_t type;
	} want[] = {
		{ "+", "/d/+", CFS_EROFS_FT_DIR },
		{ ".", "/d", CFS_EROFS_FT_DIR },
		{ "..", "/", CFS_EROFS_FT_DIR },
		{ "fifo", "/d/fifo", CFS_EROFS_FT_FIFO },
		{ "link", "/f", CFS_EROFS_FT_REG },
		{ "to", "/d/to", CFS_EROFS_FT_SYMLINK },
		{ "w", "/d/w", CFS_EROFS_FT_REG },
	};
	const struct cfs_erofs_inode *dir;
	struct cfs_erofs_dirent disk;
	uint8_t block[CFS_EROFS_BLOCK];
	struct planned p;

	plan_layout(&p, 1,
		    ROOT "\n/f" FILE "\n/d" DIR "\n/d/+" DIR
			 "\n/d/fifo 0 10644 1 0 0 0 0.0 - - -"
			 "\n/d/link 0 @100644 1 0 0 0 0.0 /f - -"
			 "\n/d/to 1 120777 1 0 0 0 0.0 x - -"
			 "\n/d/w 0 20000 1 0 0 0 0.0 - - -\n");
	dir = inode_at(&p, "/d");
	CHECK_EQ(cfs_erofs_put_dir_tail(&p.plan, dir, block),
		 block + dir->tail);
	CHECK_EQ(cfs_get16(((struct cfs_erofs_dirent *)block)->nameoff),
		 CFS_ARRAY_SIZE(want) * sizeof(disk));
	for (size_t i = 0; i < CFS_ARRAY_SIZE(want); i++) {
		const char *name = entry(block, dir->tail, i, &disk);

		CHECK_STR(name, want[i].name);
		CHECK_EQ(disk.file_type, want[i].type);
		CHECK(!disk.reserved);
		CHECK_EQ(cfs_get64(disk.nid), inode_at(&p, want[i].path)->nid);
	}
	plan_end(&p);
}

TEST(blocks_and_tail_hold_each_entry_once)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	const struct cfs_erofs_inode *dir;
	struct cfs_erofs_dir_iter it;
	uint8_t block[CFS_EROFS_BLOCK], *end;
	struct cfs_erofs_dirent disk;
	unsigned next = 0;
	struct planned p;

	cfs_buf_adds(&text, ROOT "\n/d" DIR "\n");
	for (unsigned i = 0; i < 430; i++)
		cfs_buf_addf(&text, "/d/%010u" FILE "\n", i);
	plan_layout(&p, 1, cfs_buf_text(&text));
	dir = inode_at(&p, "/d");
	CHECK_EQ(dir->blocks, 2);
	CHECK(dir->tail > 0);
	it = cfs_erofs_dir_start(&p.plan, dir->node);
	for (uint32_t b = 0; b <= dir->blocks; b++) {
		size_t n, skip = b == 0 ? 2 : 0;

		end = b < dir->blocks
			      ? cfs_erofs_put_dir_block(&p.plan, dir, &it,
							block)
			      : cfs_erofs_put_dir_tail(&p.plan, dir, block);
		CHECK(end <= block + sizeof(block));
		memcpy(&disk, block, sizeof(disk));
		n = cfs_get16(disk.nameoff) / sizeof(disk);
		for (size_t i = skip; i < n; i++) {
			const char *name =
				entry(block, (size_t)(end - block), i, &disk);

			CHECK_EQ((unsigned)atoi(name), next++);
		}
	}
	CHECK_EQ(next, 430);
	plan_end(&p);
}
