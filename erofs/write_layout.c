/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/write_attrs.h"
#include "erofs/write_dir.h"
#include "erofs/write_inode.h"

/* The longest tail; longer data gets a block of its own, as in mkcomposefs.
 * It trades a mostly empty block for inodes that are close together. */
#define TAIL_MAX (CFS_EROFS_BLOCK / 2)

/* Divides the entries of a directory into blocks and tail.  No entry may cross
 * the end of a block. */
static int split_dir(const struct cfs_erofs_plan *plan,
		     struct cfs_erofs_inode *inode, struct cfs_err *err)
{
	struct cfs_erofs_dir_iter it = cfs_erofs_dir_start(plan, inode->node);
	const struct cfs_node *entry;
	uint32_t used = 0;

	while ((entry = cfs_erofs_dir_next(&it))) {
		uint32_t n = sizeof(struct cfs_erofs_dirent) + entry->name_len;

		if (entry->flags & CFS_NODE_LINK &&
		    cfs_erofs_ino(plan, inode->node, entry) ==
			    CFS_EROFS_NO_INODE)
			return cfs_fail(err, EINVAL,
					"%s: hard link target is missing",
					entry->name);
		if (used + n > CFS_EROFS_BLOCK) {
			inode->blocks++;
			used = 0;
		}
		used += n;
	}
	if (used > TAIL_MAX) {
		inode->blocks++;
		used = 0;
	}
	inode->tail = used;
	return 0;
}

static uint64_t chunk_count(uint64_t size, unsigned bits)
{
	return (size - 1) / (UINT64_C(1) << bits) + 1;
}

/* Divides the contents of a regular file, or its chunk index, into blocks and
 * tail. */
static void split_regular(const struct cfs_erofs_plan *plan,
			  struct cfs_erofs_inode *inode)
{
	const struct cfs_node *node = inode->node;
	unsigned bits = cfs_erofs_chunk_bits(node->size);

	if (node->flags & CFS_NODE_INLINE) {
		inode->tail = (uint32_t)node->size;
		if (!plan->rules->splits_contents)
			return;
		inode->blocks = (uint32_t)(node->size / CFS_EROFS_BLOCK);
		inode->tail = (uint32_t)(node->size % CFS_EROFS_BLOCK);
		if (inode->tail > TAIL_MAX) {
			inode->blocks++;
			inode->tail = 0;
		}
	} else if (node->size == 0) {
		return;
	} else if (node->file.digest || !plan->rules->index_needs_digest) {
		inode->tail = (uint32_t)(4 * chunk_count(node->size, bits));
	}
}

static int split(const struct cfs_erofs_plan *plan,
		 struct cfs_erofs_inode *inode, struct cfs_err *err)
{
	switch (inode->type) {
	case CFS_EROFS_FT_DIR:
		return split_dir(plan, inode, err);
	case CFS_EROFS_FT_SYMLINK:
		inode->tail = (uint32_t)inode->node->size;
		return 0;
	case CFS_EROFS_FT_REG:
		if (!(inode->flags & CFS_EROFS_I_WHITEOUT))
			split_regular(plan, inode);
		return 0;
	default:
		return 0;
	}
}

/* Returns whether the inode must be an extended one.  As in mkcomposefs, the
 * size of a device counts although it is not written. */
static bool needs_extended(const struct cfs_erofs_plan *plan,
			   const struct cfs_erofs_inode *inode)
{
	const struct cfs_node *node = inode->node;
	uint64_t size = node->size;

	if (S_ISDIR(node->mode) || inode->flags & CFS_EROFS_I_WHITEOUT)
		size = cfs_erofs_size(inode);
	return !plan->rules->compact || node->mtime_sec != plan->mtime_sec ||
	       node->mtime_nsec != plan->mtime_nsec ||
	       inode->nlink > UINT16_MAX || node->uid > UINT16_MAX ||
	       node->gid > UINT16_MAX || size > UINT32_MAX;
}

/* Xattrs beyond the maximum number of references are entries in the inode
 * although they are shared.  Returns the bytes that this adds. */
static uint64_t beyond(const struct cfs_erofs_plan *plan,
		       const struct cfs_erofs_inode *inode)
{
	uint32_t n = cfs_erofs_attrs(plan, inode), shared = 0;
	uint64_t bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct cfs_erofs_attr attr = cfs_erofs_attr_at(plan, inode, i);

		if (!attr.shared || shared++ < plan->rules->references_max)
			continue;
		bytes += cfs_erofs_entry_size(attr.pair, attr.value_len) -
			 sizeof(cfs_le32);
	}
	return bytes;
}

/* Returns the bytes that an overlay xattr takes in @inode. */
static uint32_t size_overlay(const struct cfs_erofs_plan *plan,
			     const struct cfs_erofs_inode *inode,
			     enum cfs_erofs_overlay which)
{
	if (!cfs_erofs_has_overlay(inode, which))
		return 0;
	if (inode->overlay[which])
		return sizeof(cfs_le32);
	return cfs_erofs_entry_size(&plan->overlay[which],
				    cfs_erofs_overlay_len(plan, inode, which));
}

static int size_xattrs(const struct cfs_erofs_plan *plan,
		       struct cfs_erofs_inode *inode, struct cfs_err *err)
{
	const struct cfs_erofs_list *list = cfs_erofs_list(plan, inode->list);
	uint32_t shared = list->shared +
			  (inode->overlay[CFS_EROFS_METACOPY] != 0) +
			  (inode->overlay[CFS_EROFS_REDIRECT] != 0);
	uint32_t max = plan->rules->references_max;
	uint64_t bytes = list->bytes +
			 size_overlay(plan, inode, CFS_EROFS_METACOPY) +
			 size_overlay(plan, inode, CFS_EROFS_REDIRECT);

	if (bytes == 0)
		return 0;
	if (shared > max && !plan->rules->entries_beyond)
		return cfs_fail(err, E2BIG, "over %u xattrs shared with others",
				max);
	if (shared > max)
		bytes += beyond(plan, inode);
	if (bytes / 4 + 1 > CFS_EROFS_ICOUNT_MAX)
		return cfs_fail(err, E2BIG,
				"%llu bytes of xattrs; the maximum is %d",
				(unsigned long long)bytes +
					sizeof(struct cfs_erofs_xattr_header),
				CFS_EROFS_XATTR_BYTES_MAX);
	inode->xattr_bytes =
		(uint32_t)(bytes + sizeof(struct cfs_erofs_xattr_header));
	return 0;
}

/* Returns where a symbolic link begins.  Kernels before 6.12 require its inode
 * and target to be in one block; a target that would not fit gets a block of
 * its own. */
static uint64_t place_symlink(struct cfs_erofs_inode *inode, uint64_t pos,
			      uint64_t meta)
{
	uint64_t total = meta + inode->tail;
	bool crosses = pos / CFS_EROFS_BLOCK !=
		       (pos + total - 1) / CFS_EROFS_BLOCK;

	if (total >= CFS_EROFS_BLOCK) {
		inode->blocks = 1;
		inode->tail = 0;
	}
	return crosses ? cfs_erofs_round_up(pos, CFS_EROFS_BLOCK) : pos;
}

/* Returns where an inode begins, so that its tail does not cross the end of a
 * block.  If it always would, the tail becomes a block. */
static uint64_t place_tail(struct cfs_erofs_inode *inode, uint64_t pos,
			   uint64_t meta)
{
	uint64_t room = CFS_EROFS_BLOCK - (pos + meta) % CFS_EROFS_BLOCK, pad;

	if (S_ISLNK(inode->node->mode))
		return place_symlink(inode, pos, meta);
	if (room >= inode->tail)
		return pos;
	pad = cfs_erofs_round_up(room, CFS_EROFS_SLOT);
	room = CFS_EROFS_BLOCK - (pos + meta + pad) % CFS_EROFS_BLOCK;
	if (inode->tail <= room)
		return pos + pad;
	inode->blocks++;
	inode->tail = 0;
	return cfs_erofs_round_up(pos, CFS_EROFS_BLOCK);
}

/* Returns where an inode begins under the rule of early tails: composefs-rs
 * also moves one whose tail would end exactly with the block. */
static uint64_t place_early_tail(const struct cfs_erofs_inode *inode,
				 uint64_t pos, uint64_t meta)
{
	uint64_t last = pos + meta - 1;
	uint64_t end = last + 1 + cfs_erofs_size(inode) % CFS_EROFS_BLOCK;

	if (cfs_erofs_layout_of(inode) != CFS_EROFS_INLINE ||
	    last / CFS_EROFS_BLOCK == end / CFS_EROFS_BLOCK)
		return pos;
	return cfs_erofs_round_up(
		pos + CFS_EROFS_BLOCK - last % CFS_EROFS_BLOCK, CFS_EROFS_SLOT);
}

static int place(struct cfs_erofs_plan *plan, struct cfs_erofs_inode *inode,
		 uint64_t *pos, struct cfs_err *err)
{
	uint64_t meta;

	if (split(plan, inode, err) < 0 || size_xattrs(plan, inode, err) < 0)
		return -err->code;
	if (needs_extended(plan, inode))
		inode->flags |= CFS_EROFS_I_EXTENDED;
	meta = cfs_erofs_head_size(inode) + inode->xattr_bytes;
	*pos = cfs_erofs_round_up(*pos, CFS_EROFS_SLOT);
	/* Moving an inode for its tail leaves the slots before it empty. */
	*pos = plan->rules->early_tails ? place_early_tail(inode, *pos, meta)
					: place_tail(inode, *pos, meta);
	inode->nid = *pos / CFS_EROFS_SLOT;
	*pos += meta + inode->tail;
	return 0;
}

int cfs_erofs_layout(struct cfs_erofs_plan *plan, struct cfs_err *err)
{
	uint64_t pos = CFS_EROFS_INODES_START, blocks = 0;
	char name[CFS_NODE_NAME_MAX];

	for (uint32_t i = 0; i < plan->n; i++) {
		struct cfs_erofs_inode *inode = &plan->inodes[i];

		if (place(plan, inode, &pos, err) < 0)
			return cfs_ctx(err, "%s",
				       cfs_node_name(inode->node, name));
		blocks += inode->blocks;
	}
	/* The superblock has 16 bits for it. */
	if (plan->inodes[0].nid >= UINT16_MAX)
		return cfs_fail(err, E2BIG, "/: too many xattrs");
	plan->inodes_end = cfs_erofs_round_up(pos, CFS_EROFS_SLOT);
	plan->reference_base = plan->rules->references_from_table
				       ? plan->inodes_end % CFS_EROFS_BLOCK
				       : plan->inodes_end;
	plan->data_start = cfs_erofs_round_up(
		plan->inodes_end + plan->shared_size, CFS_EROFS_BLOCK);
	plan->size = plan->data_start + blocks * CFS_EROFS_BLOCK;
	if (plan->size / CFS_EROFS_BLOCK > UINT32_MAX)
		return cfs_fail(err, EOVERFLOW,
				"the image would have more than 2^32 blocks");
	return 0;
}
