/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writes the blocks of directories. */
#include "erofs/write_dir.h"

/* Returns how many of the next entries fit into a block, and moves *@it behind
 * them. */
static uint32_t count_block(struct cfs_erofs_dir_iter *it)
{
	struct cfs_erofs_dir_iter next = *it;
	const struct cfs_node *entry;
	size_t used = 0;
	uint32_t n = 0;

	while ((entry = cfs_erofs_dir_next(&next))) {
		used += sizeof(struct cfs_erofs_dirent) + entry->name_len;
		if (used > CFS_EROFS_BLOCK)
			break;
		*it = next;
		n++;
	}
	return n;
}

uint8_t *cfs_erofs_put_dir_block(const struct cfs_erofs_plan *plan,
				 const struct cfs_erofs_inode *inode,
				 struct cfs_erofs_dir_iter *it, uint8_t *p)
{
	/* Twice over the entries: the number of them decides where the first
	 * name goes. */
	struct cfs_erofs_dir_iter from = *it;
	uint32_t n = count_block(it);
	uint8_t *name = p + n * sizeof(struct cfs_erofs_dirent);

	for (uint32_t i = 0; i < n; i++) {
		const struct cfs_node *entry = cfs_erofs_dir_next(&from);
		const struct cfs_erofs_inode *to =
			&plan->inodes[cfs_erofs_ino(plan, inode->node, entry)];
		struct cfs_erofs_dirent disk = {
			.nid = cfs_put64(to->nid),
			.nameoff = cfs_put16((uint16_t)(name - p)),
			.file_type = to->type,
		};

		memcpy(p + i * sizeof(disk), &disk, sizeof(disk));
		memcpy(name, entry->name, entry->name_len);
		name += entry->name_len;
	}
	return name;
}

uint8_t *cfs_erofs_put_dir_tail(const struct cfs_erofs_plan *plan,
				const struct cfs_erofs_inode *inode, uint8_t *p)
{
	struct cfs_erofs_dir_iter it = cfs_erofs_dir_start(plan, inode->node);

	/* Nothing was kept of how the entries were divided. */
	for (uint32_t i = 0; i < inode->blocks; i++)
		(void)count_block(&it);
	return cfs_erofs_put_dir_block(plan, inode, &it, p);
}
