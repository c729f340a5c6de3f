/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_OCI_LAYER_KEEPER_H
#define CFS_OCI_LAYER_KEEPER_H

#include "fsverity/digester.h"
#include "repo/store.h"

/*
 * What stores the members of layers: a store's keeper (repo/keeper.h) that
 * also tells their place in the layer's stream, a struct cfs_stream_slot, that
 * they are stored.  That is what it is given as the name of a file; NULL for
 * files without one.
 */
struct cfs_layer_keeper {
	struct cfs_keeper store;
};

/* @keeper and @store outlive the digester that *@ret is given to. */
void cfs_layer_keeper_init(struct cfs_layer_keeper *keeper,
			   struct cfs_store *store,
			   struct cfs_keeper *ret) CFS_NONNULL;

#endif
