/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Writes the xattrs of inodes: references to the shared table, then entries. */
#include "erofs/write_xattrs.h"
#include "erofs/write_attrs.h"

/* Writes an entry up to its value. */
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

/* Writes zeros up to a multiple of 4 bytes from @start. */
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

/* Writes the entry of an overlay xattr. */
static uint8_t *put_overlay(const struct cfs_erofs_plan *plan,
			    const struct cfs_erofs_inode *inode,
			    enum cfs_erofs_overlay which, uint8_t *p)
{
	size_t len = cfs_erofs_overlay_len(plan, inode, which);
	uint8_t *end = put_name(&plan->overlay[which], len, p);

	return put_padding(p, cfs_erofs_put_overlay(plan, inode, which, end));
}

/* The xattrs of an inode while they are written. */
struct area {
	const struct cfs_erofs_plan *plan;
	const uint32_t *pairs; /* those of the list that are still to come */
	uint32_t left;	       /* how many more references are allowed */
	uint8_t *p;
};

/* Returns whether an xattr is written as a reference.  @shared: 1 + its index
 * in the table, or 0. */
static inline bool refers(struct area *area, uint32_t shared)
{
	if (!shared || area->left == 0)
		return false;
	area->left--;
	return true;
}

/* Writes a reference, which counts 4-byte words from the block in which the
 * table begins, or from the start of the image. */
static inline void put_reference(struct area *area, uint32_t shared)
{
	const struct cfs_erofs_shared *table = area->plan->shared.v;
	uint64_t at = area->plan->reference_base + table[shared - 1].offset;
	cfs_le32 ref = cfs_put32((uint32_t)(at / 4));

	memcpy(area->p, &ref, sizeof(ref));
	area->p += sizeof(ref);
}

/* Writes those of the next @n pairs of the list that are references. */
static inline void put_references(struct area *area, uint32_t n)
{
	const struct cfs_erofs_pair *pairs = area->plan->pairs;

	for (; n > 0; n--) {
		uint32_t shared = pairs[*area->pairs++].shared;

		if (refers(area, shared))
			put_reference(area, shared);
	}
}

/* Writes those of the next @n pairs of the list that are entries. */
static inline void put_entries(struct area *area, uint32_t n)
{
	const struct cfs_erofs_pair *pairs = area->plan->pairs;

	for (; n > 0; n--) {
		const struct cfs_erofs_pair *pair = &pairs[*area->pairs++];

		if (!refers(area, pair->shared))
			area->p =
				cfs_erofs_put_entry(pair, pair->value, area->p);
	}
}

/* Writes an overlay xattr of @inode if it is a reference. */
static inline void put_overlay_reference(struct area *area,
					 const struct cfs_erofs_inode *inode,
					 enum cfs_erofs_overlay which)
{
	if (cfs_erofs_has_overlay(inode, which) &&
	    refers(area, inode->overlay[which]))
		put_reference(area, inode->overlay[which]);
}

/* Writes an overlay xattr of @inode if it is an entry. */
static inline void put_overlay_entry(struct area *area,
				     const struct cfs_erofs_inode *inode,
				     enum cfs_erofs_overlay which)
{
	if (cfs_erofs_has_overlay(inode, which) &&
	    !refers(area, inode->overlay[which]))
		area->p = put_overlay(area->plan, inode, which, area->p);
}

uint8_t *cfs_erofs_put_xattrs(const struct cfs_erofs_plan *plan,
			      const struct cfs_erofs_inode *inode, uint8_t *p)
{
	const struct cfs_erofs_list *list = cfs_erofs_list(plan, inode->list);
	uint32_t max = plan->rules->references_max;
	struct cfs_erofs_xattr_header header = { 0 };
	uint32_t names = list->filter;
	/* The overlay xattrs divide the list into three parts. */
	uint32_t first = list->before[CFS_EROFS_METACOPY];
	uint32_t second = list->before[CFS_EROFS_REDIRECT] - first;
	uint32_t third = list->n - list->before[CFS_EROFS_REDIRECT];
	struct area area = { plan, list->pairs, max, p + sizeof(header) };

	put_references(&area, first);
	put_overlay_reference(&area, inode, CFS_EROFS_METACOPY);
	put_references(&area, second);
	put_overlay_reference(&area, inode, CFS_EROFS_REDIRECT);
	put_references(&area, third);

	for (unsigned k = 0; k < CFS_EROFS_OVERLAYS; k++) {
		if (cfs_erofs_has_overlay(inode, k))
			names |= UINT32_C(1) << plan->overlay[k].filter_bit;
	}
	header.name_filter = cfs_put32(~names);
	header.shared_count = (uint8_t)(max - area.left);
	memcpy(p, &header, sizeof(header));

	area = (struct area){ plan, list->pairs, max, area.p };
	put_entries(&area, first);
	put_overlay_entry(&area, inode, CFS_EROFS_METACOPY);
	put_entries(&area, second);
	put_overlay_entry(&area, inode, CFS_EROFS_REDIRECT);
	put_entries(&area, third);
	return area.p;
}
