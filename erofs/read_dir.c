/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "erofs/read_image.h"

void cfs_erofs_dir_open(struct cfs_erofs_dir_read *dir,
			const struct cfs_erofs_stat *st)
{
	*dir = (struct cfs_erofs_dir_read){ .st = st, .rest = st->blocks };
}

static struct cfs_erofs_dirent dirent(const struct cfs_erofs_dir_read *dir,
				      size_t i)
{
	struct cfs_erofs_dirent disk;

	memcpy(&disk, dir->block.data + i * sizeof(disk), sizeof(disk));
	return disk;
}

/* Moves to the next block, or to the tail.  Returns 1, or 0 at the end. */
static int next_block(struct cfs_erofs_dir_read *dir, struct cfs_err *err)
{
	struct cfs_erofs_dirent first;
	size_t head;

	if (dir->rest.len > 0) {
		/* The last block may be short: plain data ends with the size of
		 * the directory. */
		size_t len = dir->rest.len < CFS_EROFS_BLOCK ? dir->rest.len
							     : CFS_EROFS_BLOCK;

		(void)!cfs_bytes_slice(dir->rest, 0, len, &dir->block);
		(void)!cfs_bytes_slice(dir->rest, len, dir->rest.len - len,
				       &dir->rest);
	} else if (!dir->in_tail && dir->st->tail.len > 0) {
		dir->in_tail = true;
		dir->block = dir->st->tail;
	} else {
		return 0;
	}
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

int cfs_erofs_dir_read(struct cfs_erofs_dir_read *dir,
		       struct cfs_erofs_entry_read *ret, struct cfs_err *err)
{
	struct cfs_erofs_dirent disk;
	struct cfs_bytes name = { 0 };

	if (dir->at == dir->n) {
		int r = next_block(dir, err);

		if (r <= 0)
			return r;
	}
	disk = dirent(dir, dir->at);
	if (disk.reserved)
		return cfs_fail(err, EBADMSG,
				"reserved byte of an entry is not zero");
	if (!name_of(dir, dir->at, &name))
		return cfs_fail(err, EBADMSG,
				"name does not lie between its neighbours");
	if (check_name(name, err) < 0)
		return -err->code;
	/* The kernel finds names by binary search. */
	if (dir->last.len > 0 && compare(dir->last, name) >= 0)
		return cfs_fail(err, EBADMSG, "names out of order");
	dir->last = name;
	dir->at++;
	*ret = (struct cfs_erofs_entry_read){
		.nid = cfs_get64(disk.nid),
		.file_type = disk.file_type,
		.name = name,
	};
	return 1;
}
