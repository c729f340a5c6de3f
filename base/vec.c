/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/vec.h"

#include <stdint.h>

/* Elements of a first allocation: most arrays of ours are short. */
#define ROOM_FIRST 16

bool cfs_vec_grow(void *place, size_t n, size_t *room, size_t size, size_t more)
{
	size_t need, next = *room ? *room : ROOM_FIRST;
	void *v;

	/* The margin keeps the doubling below from overflowing. */
	if (__builtin_add_overflow(n, more, &need) || need > SIZE_MAX / 4)
		return false;
	while (next < need)
		next *= 2;
	/* @place points to a pointer of some other type, which C does not allow
	 * to be read as a void *: its bytes are copied. */
	memcpy(&v, place, sizeof(v));
	v = reallocarray(v, next, size);
	if (!v)
		return false;
	memcpy(place, &v, sizeof(v));
	*room = next;
	return true;
}
