/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The xattrs in a plan: which of them an inode has, in which order, and how
 * many bytes each takes.  Private to the erofs room.
 */
#ifndef CFS_EROFS_WRITE_ATTRS_H
#define CFS_EROFS_WRITE_ATTRS_H

#include <string.h>

#include "erofs/write_plan.h"

/* The maximum size of an inode's xattrs: xattr_icount is 16 bits wide. */
#define CFS_EROFS_ICOUNT_MAX	  65535
#define CFS_EROFS_XATTR_BYTES_MAX (12 + 4 * (CFS_EROFS_ICOUNT_MAX - 1))

/* Fills plan->pairs and plan->lists, and counts their uses.
 * Errors: -ENOMEM, -ERANGE for a name that is too long once it is escaped. */
int cfs_erofs_list_all(struct cfs_erofs_plan *plan,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Computes the sums in plan->lists, once it is known which pairs are shared. */
void cfs_erofs_sum_lists(struct cfs_erofs_plan *plan) CFS_NONNULL;

/* Returns the size of an entry: its header, the name without prefix, @value_len
 * bytes of value, padding. */
static inline uint32_t cfs_erofs_entry_size(const struct cfs_erofs_pair *pair,
					    size_t value_len)
{
	size_t n = sizeof(struct cfs_erofs_xattr) + pair->key_len -
		   pair->prefix_len + value_len;

	return (uint32_t)((n + 3) & ~(size_t)3);
}

/* Returns whether @inode has the overlay xattr @which. */
static inline bool cfs_erofs_has_overlay(const struct cfs_erofs_inode *inode,
					 enum cfs_erofs_overlay which)
{
	return inode->flags & CFS_EROFS_I_METACOPY << which;
}

/* Returns the length of the value of an overlay xattr: that of metacopy is
 * empty for a file without a digest, that of redirect is a slash and the
 * backing path. */
static inline size_t cfs_erofs_overlay_len(const struct cfs_erofs_plan *plan,
					   const struct cfs_erofs_inode *inode,
					   enum cfs_erofs_overlay which)
{
	if (which == CFS_EROFS_METACOPY)
		return inode->node->file.digest ? 4 + plan->digest_len : 0;
	if (inode->flags & CFS_EROFS_I_BY_DIGEST) /* "/xx/" and other digits */
		return 2 + 2 * plan->digest_len;
	return 1 + strlen(inode->node->file.data);
}

/* Writes the value of an overlay xattr to @ret, which has room for it and one
 * byte more.  Returns its end. */
uint8_t *cfs_erofs_put_overlay(const struct cfs_erofs_plan *plan,
			       const struct cfs_erofs_inode *inode,
			       enum cfs_erofs_overlay which,
			       uint8_t *ret) CFS_NONNULL;

/* Returns the list with index @number. */
static inline struct cfs_erofs_list *cfs_erofs_list(
	const struct cfs_erofs_plan *plan, uint32_t number)
{
	return &plan->lists.v[number];
}

/* Returns the number of xattrs of @inode, including overlay xattrs. */
static inline uint32_t cfs_erofs_attrs(const struct cfs_erofs_plan *plan,
				       const struct cfs_erofs_inode *inode)
{
	uint32_t n = cfs_erofs_list(plan, inode->list)->n;

	for (unsigned k = 0; k < CFS_EROFS_OVERLAYS; k++)
		n += cfs_erofs_has_overlay(inode, k);
	return n;
}

struct cfs_erofs_attr {
	const struct cfs_erofs_pair *pair;
	size_t value_len;
	uint32_t shared; /* 1 + index into plan->shared, or 0 */
};

/*
 * Returns xattr @i of @inode, counted from 0 in the order in which they are
 * written.  Overlay xattrs come first, or where their keys sort
 * (rules->overlay_first).
 */
static inline struct cfs_erofs_attr cfs_erofs_attr_at(
	const struct cfs_erofs_plan *plan, const struct cfs_erofs_inode *inode,
	uint32_t i)
{
	const struct cfs_erofs_list *list = cfs_erofs_list(plan, inode->list);
	const struct cfs_erofs_pair *pair;

	for (unsigned k = 0; k < CFS_EROFS_OVERLAYS; k++) {
		if (!cfs_erofs_has_overlay(inode, k) || i < list->before[k])
			continue;
		if (i-- == list->before[k])
			return (struct cfs_erofs_attr){ &plan->overlay[k],
							cfs_erofs_overlay_len(
								plan, inode, k),
							inode->overlay[k] };
	}
	pair = &plan->pairs[list->pairs[i]];
	return (struct cfs_erofs_attr){ pair, pair->value.len, pair->shared };
}

#endif
