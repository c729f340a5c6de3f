/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Progress of a verb, for a face that shows it to a user who waits. */
#ifndef CFS_OPS_WATCH_H
#define CFS_OPS_WATCH_H

#include <stddef.h>
#include <stdint.h>

/* Functions of the face.  A NULL pointer to this struct: nobody watches. */
struct cfs_watch {
	/* The files below the directory @path are about to be read.  Returns
	 * the counter that their bytes are to be added to, or NULL; it stays
	 * valid until end(). */
	_Atomic uint64_t *(*begin)(void *arg, const char *path);
	/* One more of them is read. */
	void (*file)(void *arg);
	void (*end)(void *arg);
	void *arg;
};

static inline _Atomic uint64_t *cfs_watch_begin(const struct cfs_watch *watch,
						const char *path)
{
	return watch ? watch->begin(watch->arg, path) : NULL;
}

static inline void cfs_watch_end(const struct cfs_watch *watch)
{
	if (watch)
		watch->end(watch->arg);
}

#endif
