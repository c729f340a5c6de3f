/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "erofs/read_image.h"

void cfs_erofs_dir_open(struct cfs_erofs_dir_read *dir,
			const struct cfs_erofs_stat *st)
{
	*dir = (struct cfs_erofs_dir_read){ .st = st };
}

static struct cfs_erofs_dirent dirent(const struct cfs_erofs_dir_read *dir,
				      size_t i)
{
	struct cfs_erofs_dirent disk;

	memcpy(&disk, dir->block.data + i * sizeof(disk), sizeof(disk));
	return disk;
}

/* Returns the number of blocks of @st, its tail included. */
static uint64_t count_blocks(const struct cfs_erofs_stat *st)
{
	return (st->blocks.len + CFS_EROFS_BLOCK - 1) / CFS_EROFS_BLOCK +
	       (st->tail.len > 0);
}

/* The bytes of block @i, which must be below count_blocks(). */
static struct cfs_bytes block_bytes(const struct cfs_erofs_stat *st, uint64_t i)
{
	struct cfs_bytes ret = st->tail;
	uint64_t start = i * CFS_EROFS_BLOCK;

	/* The last block may be short: plain data ends with the size of the
	 * directory. */
	if (start < st->blocks.len)
		(void)!cfs_bytes_slice(st->blocks, start,
				       st->blocks.len - start < CFS_EROFS_BLOCK
					       ? st->blocks.len - start
					       : CFS_EROFS_BLOCK,
				       &ret);
	return ret;
}

/* Moves to block @i.  Returns 1, or 0 if there is no such block. */
static int open_block(struct cfs_erofs_dir_read *dir, uint64_t i,
		      struct cfs_err *err)
{
	struct cfs_erofs_dirent first;
	size_t head;

	if (i >= count_blocks(dir->st))
		return 0;
	dir->block = block_bytes(dir->st, i);
	if (dir->block.len < sizeof(first))
		return cfs_fail(err, EBADMSG, "directory block too short");
	first = dirent(dir, 0);
	/* Names follow the entries, so that the first name's offset is the size
	 * of all entries.  The kernel derives their number from it, too. */
	head = cfs_get16(first.nameoff);
	if (head == 0 || head % sizeof(first) != 0 || head > dir->block.len)
		return cfs_fail(err, EBADMSG,
				"directory block has its first name at "
				"%zu",
				head);
	dir->next = i + 1;
	dir->at = 0;
	dir->n = head / sizeof(first);
	return 1;
}

/* Sets *@ret to the name of entry @i, which ends where the next one begins.
 * The last name of a block ends at its first NUL. */
static bool name_of(const struct cfs_erofs_dir_read *dir, size_t i,
		    struct cfs_bytes *ret)
{
	size_t start = cfs_get16(dirent(dir, i).nameoff);
	size_t end = dir->block.len;

	if (i + 1 < dir->n)
		end = cfs_get16(dirent(dir, i + 1).nameoff);
	if (end <= start ||
	    !cfs_bytes_slice(dir->block, start, end - start, ret))
		return false;
	if (i + 1 == dir->n)
		ret->len = strnlen((const char *)ret->data, ret->len);
	return true;
}

static int compare(struct cfs_bytes a, struct cfs_bytes b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int r = memcmp(a.data, b.data, len);

	return r ? r : (a.len > b.len) - (a.len < b.len);
}

/* A slash would make a path of a name, and a NUL would end it early for C. */
static int check_name(struct cfs_bytes name, struct cfs_err *err)
{
	if (name.len == 0 || name.len > CFS_NAME_MAX)
		return cfs_fail(err, EBADMSG,
				"name is %zu bytes; allowed are 1 to %d",
				name.len, CFS_NAME_MAX);
	if (memchr(name.data, '/', name.len) ||
	    memchr(name.data, '\0', name.len))
		return cfs_fail(err, EBADMSG, "slash or NUL in a name");
	return 0;
}

/* Reads entry @i of the current block. */
static int read_entry(const struct cfs_erofs_dir_read *dir, size_t i,
		      struct cfs_erofs_entry_read *ret, struct cfs_err *err)
{
	struct cfs_erofs_dirent disk = dirent(dir, i);
	struct cfs_bytes name = { 0 };

	if (disk.reserved)
		return cfs_fail(err, EBADMSG,
				"reserved byte of an entry is not zero");
	if (!name_of(dir, i, &name))
		return cfs_fail(err, EBADMSG,
				"name does not lie between its neighbours");
	if (check_name(name, err) < 0)
		return -err->code;
	*ret = (struct cfs_erofs_entry_read){
		.nid = cfs_get64(disk.nid),
		.file_type = disk.file_type,
		.name = name,
	};
	return 0;
}

int cfs_erofs_dir_read(struct cfs_erofs_dir_read *dir,
		       struct cfs_erofs_entry_read *ret, struct cfs_err *err)
{
	struct cfs_erofs_entry_read entry;

	if (dir->at == dir->n) {
		int r = open_block(dir, dir->next, err);

		if (r <= 0)
			return r;
	}
	if (read_entry(dir, dir->at, &entry, err) < 0)
		return -err->code;
	/* The kernel finds names by binary search. */
	if (dir->last.len > 0 && compare(dir->last, entry.name) >= 0)
		return cfs_fail(err, EBADMSG, "names out of order");
	dir->last = entry.name;
	dir->at++;
	*ret = entry;
	return 1;
}

uint64_t cfs_erofs_dir_tell(const struct cfs_erofs_dir_read *dir)
{
	if (dir->at == dir->n)
		return dir->next << CFS_EROFS_BLOCK_BITS;
	return (dir->next - 1) << CFS_EROFS_BLOCK_BITS | dir->at;
}

int cfs_erofs_dir_seek(struct cfs_erofs_dir_read *dir, uint64_t pos,
		       struct cfs_err *err)
{
	/* The entries of a block are fewer than its bytes. */
	size_t at = pos % CFS_EROFS_BLOCK;
	uint64_t block = pos >> CFS_EROFS_BLOCK_BITS;
	int r = 1;

	cfs_erofs_dir_open(dir, dir->st);
	dir->next = block;
	if (at > 0)
		r = open_block(dir, block, err);
	if (r < 0)
		return r;
	dir->at = at < dir->n ? at : dir->n;
	return 0;
}

/* Makes current the block in which @name would be: the last one whose first
 * name does not come after @name.  Returns 1, or 0 for an empty directory. */
static int find_block(struct cfs_erofs_dir_read *dir, struct cfs_bytes name,
		      struct cfs_err *err)
{
	struct cfs_erofs_entry_read first = { 0 };
	uint64_t low = 0, high = count_blocks(dir->st);

	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (open_block(dir, middle, err) < 0 ||
		    read_entry(dir, 0, &first, err) < 0)
			return -err->code;
		/* Only first names are read: names are in order across
		 * blocks. */
		if (compare(first.name, name) <= 0)
			low = middle;
		else
			high = middle;
	}
	return open_block(dir, low, err);
}

int cfs_erofs_dir_find(const struct cfs_erofs_stat *st, struct cfs_bytes name,
		       struct cfs_erofs_entry_read *ret, struct cfs_err *err)
{
	struct cfs_erofs_dir_read dir;
	struct cfs_erofs_entry_read entry;
	size_t low = 0, high;
	int r;

	cfs_erofs_dir_open(&dir, st);
	r = find_block(&dir, name, err);
	if (r <= 0)
		return r;
	for (high = dir.n; low < high;) {
		size_t middle = low + (high - low) / 2;
		int order;

		if (read_entry(&dir, middle, &entry, err) < 0)
			return -err->code;
		order = compare(entry.name, name);
		if (order == 0) {
			*ret = entry;
			return 1;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}
