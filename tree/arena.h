/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Memory that is given back all at once.  Zero-initialise; every pointer
 * taken from it lives until cfs_arena_free().
 */
#ifndef CFS_TREE_ARENA_H
#define CFS_TREE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct cfs_arena {
	struct cfs_arena_chunk *chunks; /* owned, the newest first */
	uint8_t *next;			/* free bytes of the newest */
	size_t left;
};

void cfs_arena_free(struct cfs_arena *arena);

/* @size bytes, 8-byte aligned, not initialised; NULL when memory is short. */
void *cfs_arena_alloc(struct cfs_arena *arena,
		      size_t size) CFS_MUST_CHECK CFS_NONNULL;

/* A copy of @len bytes with a NUL behind it; NULL when memory is short. */
void *cfs_arena_dup(struct cfs_arena *arena, const void *data,
		    size_t len) CFS_MUST_CHECK __attribute__((nonnull(1)));

#endif
