/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lists of strings: arguments, and an environment. */
#ifndef CFS_OCI_RUN_TEXTS_H
#define CFS_OCI_RUN_TEXTS_H

#include "base/err.h"
#include "base/vec.h"

/* Zero-initialise it. */
struct cfs_texts {
	CFS_VEC(char *); /* owned, and so are the strings */
};

void cfs_texts_free(struct cfs_texts *list);

#define CFS_AUTOTEXTS __attribute__((cleanup(cfs_texts_free)))

/* Appends a copy of @text.  Errors: -ENOMEM. */
int cfs_texts_add(struct cfs_texts *list, const char *text,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Sets a variable of an environment: a copy of @assignment, "NAME=VALUE",
 * replaces the one of that name, or is appended.
 * Errors: -EINVAL there is no name or no "="; -ENOMEM.
 */
int cfs_texts_set(struct cfs_texts *env, const char *assignment,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns the value of the variable @name of an environment, valid until it is
 * changed, or NULL. */
const char *cfs_texts_get(const struct cfs_texts *env,
			  const char *name) CFS_NONNULL;

#endif
