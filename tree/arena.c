/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/arena.h"

#include <stdbool.h>
#include <string.h>

/* Chunks double, so small trees stay small and large ones take few calls. */
#define CHUNK_FIRST 16384
#define CHUNK_MAX   (1u << 20)
/* Far more than anything a tree holds, and small enough that the size sums
 * below cannot overflow on 32 bits. */
#define PIECE_MAX (1u << 30)

struct cfs_arena_chunk {
	struct cfs_arena_chunk *older;
	size_t size; /* of data */
	uint8_t data[];
};

void cfs_arena_free(struct cfs_arena *arena)
{
	struct cfs_arena_chunk *older;

	for (struct cfs_arena_chunk *c = arena->chunks; c; c = older) {
		older = c->older;
		free(c);
	}
	*arena = (struct cfs_arena){ 0 };
}

static bool add_chunk(struct cfs_arena *arena, size_t at_least)
{
	size_t size = arena->chunks ? 2 * arena->chunks->size : CHUNK_FIRST;
	struct cfs_arena_chunk *c;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < at_least)
		size = at_least;
	c = malloc(sizeof(*c) + size);
	if (!c)
		return false;
	c->size = size;
	c->older = arena->chunks;
	arena->chunks = c;
	arena->next = c->data;
	arena->left = size;
	return true;
}

void *cfs_arena_alloc(struct cfs_arena *arena, size_t size)
{
	void *p;

	if (size > PIECE_MAX)
		return NULL;
	/* An empty request gets an address too: NULL means out of memory
	 * only. */
	size = ((size ? size : 1) + 7) & ~(size_t)7;
	if (size > arena->left && !add_chunk(arena, size))
		return NULL;
	p = arena->next;
	arena->next += size;
	arena->left -= size;
	return p;
}

void *cfs_arena_dup(struct cfs_arena *arena, const void *data, size_t len)
{
	char *p = len < SIZE_MAX ? cfs_arena_alloc(arena, len + 1) : NULL;

	if (!p)
		return NULL;
	if (len > 0)
		memcpy(p, data, len);
	p[len] = '\0';
	return p;
}
