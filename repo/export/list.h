/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which objects the packs of an export have (repo/export/format.h). */
#ifndef CFS_REPO_EXPORT_LIST_H
#define CFS_REPO_EXPORT_LIST_H

#include "base/buf.h"
#include "base/vec.h"
#include "repo/export/format.h"

struct cfs_export_packed {
	struct cfs_digest id;
	struct cfs_export_place place;
};

/* Zero-initialise it. */
struct cfs_export_packs {
	CFS_VEC(struct cfs_export_packed);
	bool unsorted; /* of cfs_export_packs_find() */
};

void cfs_export_packs_free(struct cfs_export_packs *packs);
#define CFS_AUTOPACKS __attribute__((cleanup(cfs_export_packs_free)))

/*
 * Adds the objects of the pack @pack of @pack_size bytes, whose list is
 * @bytes.
 * Errors: -EBADMSG it is no list, or none of such a pack; -EOPNOTSUPP it is of
 * a newer version; -ENOMEM.
 */
int cfs_export_list_read(struct cfs_bytes bytes, enum cfs_alg alg,
			 uint32_t pack, uint64_t pack_size,
			 struct cfs_export_packs *packs,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(5, 6)));

/* Appends the list of a pack of the @n objects @packed to @out, which have the
 * order of the pack.  Errors: -ENOMEM. */
int cfs_export_list_write(enum cfs_alg alg,
			  const struct cfs_export_packed *packed, size_t n,
			  struct cfs_buf *out,
			  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(4, 5)));

/* Sets *@ret to the place of the object @id, in the pack of the lowest number
 * that has it.  Returns false if none does. */
bool cfs_export_packs_find(
	struct cfs_export_packs *packs, const struct cfs_digest *id,
	struct cfs_export_place *ret) CFS_MUST_CHECK CFS_NONNULL;

#endif
