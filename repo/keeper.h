/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_REPO_KEEPER_H
#define CFS_REPO_KEEPER_H

#include "fsverity/digester.h"
#include "repo/store.h"

/*
 * What makes a digester store the files it digests (fsverity/digester.h): an
 * object that is there and right stays, a short file is written from the
 * buffer it was hashed in, a long one is copied and checked; or it is written
 * while it is hashed, if most objects so far were new and cannot share blocks
 * with what they are made from.  Nothing is synced: cfs_store_flush(), after
 * cfs_digester_finish().
 *
 * @store outlives the digester, whose algorithm is the store's.
 * Errors of the two functions: as of cfs_object_add_bytes(); -ESTALE.
 */
void cfs_store_keeper(struct cfs_store *store,
		      struct cfs_keeper *ret) CFS_NONNULL;

#endif
