/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Arrays that grow, of any type:
 *
 *	struct cfs_names {
 *		CFS_VEC(struct cfs_name) all;
 *	};
 *
 *	if (!cfs_vec_add(&names->all, name))
 *		return cfs_no_memory(err);
 *	for (size_t i = 0; i < names->all.n; i++)
 *		use(&names->all.v[i]);
 *	cfs_vec_free(&names->all);
 *
 * Without a name ("CFS_VEC(struct cfs_name);") the members are those of the
 * structure around it, and the macros take that one: cfs_vec_add(names, name).
 *
 * All zero is an empty array. As with a struct cfs_buf, a failed allocation
 * leaves the elements as they are and sticks, so that it may be asked for once,
 * after everything was added. The macros evaluate @vec once.
 */
#ifndef CFS_BASE_VEC_H
#define CFS_BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define CFS_VEC(type)                                             \
	struct {                                                  \
		type *v;	/* owned; NULL while room is 0 */ \
		size_t n, room; /* elements in use; allocated */  \
		bool failed;	/* there was no memory for one */ \
	}

/* Grows the array to which @place points, of @n elements of @size bytes, by
 * room for at least @more. Returns false if that fails, and leaves it as it
 * is. */
bool cfs_vec_grow(void *place, size_t n, size_t *room, size_t size,
		  size_t more) CFS_MUST_CHECK CFS_NONNULL;

/* Makes room for @more further elements. False: there is no memory, now or
 * before. */
#define cfs_vec_reserve(vec, more)                                             \
	__extension__({                                                        \
		__typeof__(vec) vec_ = (vec);                                  \
		size_t more_ = (more);                                         \
		if (more_ > vec_->room - vec_->n && !vec_->failed)             \
			vec_->failed = !cfs_vec_grow(&vec_->v, vec_->n,        \
						     &vec_->room,              \
						     sizeof(*vec_->v), more_); \
		!vec_->failed;                                                 \
	})

/* Appends an element. False: there is no memory, now or before. */
#define cfs_vec_add(vec, ...)                             \
	__extension__({                                   \
		__typeof__(vec) to_ = (vec);              \
		bool fits_ = cfs_vec_reserve(to_, 1);     \
		if (fits_)                                \
			to_->v[to_->n++] = (__VA_ARGS__); \
		fits_;                                    \
	})

/* Appends an element of zeros. Returns it, valid until the next one is added,
 * or NULL: there is no memory, now or before. */
#define cfs_vec_new(vec)                                                   \
	__extension__({                                                    \
		__typeof__(vec) to_ = (vec);                               \
		cfs_vec_reserve(to_, 1)                                    \
			? (__typeof__(to_->v))memset(&to_->v[to_->n++], 0, \
						     sizeof(*to_->v))      \
			: NULL;                                            \
	})

/* 0 if everything could be added, otherwise -ENOMEM with a message. */
#define cfs_vec_check(vec, err) ((vec)->failed ? cfs_no_memory(err) : 0)

/* Hands all over to @to, an empty one of the same type, which is
 * overwritten. */
#define cfs_vec_move(to, from)                      \
	do {                                        \
		__typeof__(from) from_ = (from);    \
		*(to) = *from_;                     \
		*from_ = (__typeof__(*from_)){ 0 }; \
	} while (0)

/* Frees the array, which is empty then. Not what its elements own. */
#define cfs_vec_free(vec)                     \
	do {                                  \
		__typeof__(vec) vec_ = (vec); \
		free(vec_->v);                \
		vec_->v = NULL;               \
		vec_->n = vec_->room = 0;     \
		vec_->failed = false;         \
	} while (0)

#endif
