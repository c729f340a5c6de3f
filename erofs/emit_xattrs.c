/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Xattrs: references to the shared table, then what stands in the inode. */
#include "erofs/emit.h"

static uint8_t *put_name(const struct cfs_erofs_pair *pair, size_t value_len,
			 uint8_t *p)
{
	size_t suffix = (size_t)pair->key_len - pair->prefix_len;
	struct cfs_erofs_xattr entry = {
		.name_len = (uint8_t)suffix,
		.name_index = pair->index,
		.value_size = cfs_put16((uint16_t)value_len),
	};

	memcpy(p, &entry, sizeof(entry));
	memcpy(p + sizeof(entry), pair->key + pair->prefix_len, suffix);
	return p + sizeof(entry) + suffix;
}

/* Zeros up to a multiple of 4 bytes from @start. */
static uint8_t *put_padding(const uint8_t *start, uint8_t *p)
{
	while ((p - start) % 4)
		*p++ = 0;
	return p;
}

uint8_t *cfs_erofs_put_entry(const struct cfs_erofs_pair *pair,
			     struct cfs_bytes value, uint8_t *p)
{
	uint8_t *end = put_name(pair, value.len, p);

	if (value.len > 0)
		memcpy(end, value.data, value.len);
	return put_padding(p, end + value.len);
}

/* An attribute that stands in @inode, overlay's own or another. */
static uint8_t *put_attr(const struct cfs_erofs_plan *plan,
			 const struct cfs_erofs_inode *inode,
			 const struct cfs_erofs_pair *pair, uint8_t *p)
{
	uint8_t *end;

	if (pair == &plan->metacopy) {
		end = put_name(pair, cfs_erofs_metacopy_len(plan, inode), p);
		end = cfs_erofs_put_metacopy(plan, inode, end);
	} else if (pair == &plan->redirect) {
		end = put_name(pair, cfs_erofs_redirect_len(plan, inode), p);
		end = cfs_erofs_put_redirect(plan, inode, end);
	} else {
		return cfs_erofs_put_entry(pair, pair->value, p);
	}
	return put_padding(p, end);
}

/* What a reference counts: words from the block that holds the table's start,
 * or (version 2) from the start of the image. */
static uint32_t reference(const struct cfs_erofs_plan *plan, uint32_t shared)
{
	const struct cfs_erofs_shared *table =
		(const struct cfs_erofs_shared *)plan->shared.data;
	uint64_t at = plan->version == 2 ? plan->inodes_end
					 : plan->inodes_end % CFS_EROFS_BLOCK;

	return (uint32_t)((at + table[shared - 1].offset) / 4);
}

uint8_t *cfs_erofs_put_xattrs(const struct cfs_erofs_plan *plan,
			      const struct cfs_erofs_inode *inode, uint8_t *p)
{
	uint32_t max = plan->version < 2 ? CFS_EROFS_SHARED_MAX_V1
					 : CFS_EROFS_SHARED_MAX_V2;
	uint32_t n = cfs_erofs_attrs(plan, inode), shared = 0, passed = 0;
	uint32_t names = cfs_erofs_list(plan, inode->list)->filter;
	struct cfs_erofs_xattr_header header = { 0 };
	uint8_t *start = p;

	if (inode->flags & CFS_EROFS_I_METACOPY)
		names |= UINT32_C(1) << plan->metacopy.filter_bit;
	if (inode->flags & CFS_EROFS_I_REDIRECT)
		names |= UINT32_C(1) << plan->redirect.filter_bit;
	p += sizeof(header);
	for (uint32_t i = 0; i < n && shared < max; i++) {
		struct cfs_erofs_attr attr = cfs_erofs_attr_at(plan, inode, i);
		cfs_le32 ref;

		if (!attr.shared)
			continue;
		ref = cfs_put32(reference(plan, attr.shared));
		memcpy(p, &ref, sizeof(ref));
		p += sizeof(ref);
		shared++;
	}
	for (uint32_t i = 0; i < n; i++) {
		struct cfs_erofs_attr attr = cfs_erofs_attr_at(plan, inode, i);

		if (attr.shared && passed++ < max)
			continue;
		p = put_attr(plan, inode, attr.pair, p);
	}
	header.name_filter = cfs_put32(~names);
	header.shared_count = (uint8_t)shared;
	memcpy(start, &header, sizeof(header));
	return p;
}
