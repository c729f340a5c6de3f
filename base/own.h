/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Scope-bound ownership (base/auto.h) of objects behind pointers: those of our
 * own types, those of libraries, and streams.
 */
#ifndef CFS_BASE_OWN_H
#define CFS_BASE_OWN_H

#include <stdio.h>

#include "base/auto.h"

static inline void cfs_fclosep(FILE **f)
{
	if (*f)
		(void)fclose(*f);
	*f = NULL;
}

#define CFS_AUTOFILE __attribute__((cleanup(cfs_fclosep)))

/* Transfers ownership of a pointer, as cfs_steal_fd() does of a descriptor. */
#define cfs_steal_ptr(pp)                     \
	__extension__({                       \
		__typeof__(*(pp)) p_ = *(pp); \
		*(pp) = NULL;                 \
		p_;                           \
	})

/* Example: CFS_AUTO(cfs_repo_free) struct cfs_repo *repo = NULL; */
#define CFS_AUTO(fn) __attribute__((cleanup(fn##p)))

/* Defines the helper that CFS_AUTO(@fn) needs.  @fn is not called with NULL: it
 * may belong to a library that was never loaded (base/library.h). */
#define CFS_DEFINE_AUTO(type, fn)          \
	static inline void fn##p(type **p) \
	{                                  \
		if (*p)                    \
			fn(*p);            \
		*p = NULL;                 \
	}                                  \
	struct cfs_auto_needs_a_semicolon

#endif
