/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An object on its way into the store: what has its name already, what vouches
 * for its bytes, and how it gets the name.  Private to the two ways of storing
 * (repo/object.c, repo/writer.c).
 */
#ifndef CFS_REPO_INCOMING_H
#define CFS_REPO_INCOMING_H

#include "base/bytes.h"
#include "repo/store.h"
#include "repo/temp.h"

enum cfs_found {
	CFS_FOUND_ABSENT,
	CFS_FOUND_GOOD,
	CFS_FOUND_DAMAGED, /* to be replaced */
};

struct cfs_incoming {
	struct cfs_digest id;
	uint64_t size;
	struct cfs_bytes data; /* its content, when it is in memory */
	bool hashed;	       /* what is written is known to be right */
	char path[CFS_OBJECT_PATH_MAX];
	int shard; /* borrowed */
};

/* Fills in path and shard.  Errors: of making the directory. */
int cfs_incoming_prepare(struct cfs_store *store, struct cfs_incoming *in,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* What has the object's name now: enum cfs_found.  One that lacks fs-verity
 * gets it. */
int cfs_incoming_look(struct cfs_store *store, const struct cfs_incoming *in,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Opens the file for the object's bytes, where cfs_incoming_publish() wants
 * it.  @shard: that of the object, or -1 while its digest is not known. */
int cfs_incoming_open(struct cfs_store *store, int shard, struct cfs_temp *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Gives the complete file @temp its name, @found being there.  Counts it. */
int cfs_incoming_publish(struct cfs_store *store, struct cfs_temp *temp,
			 const struct cfs_incoming *in, enum cfs_found found,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
