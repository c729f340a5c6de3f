/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"

void cfs_texts_free(struct cfs_texts *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i]);
	cfs_vec_free(list);
}

int cfs_texts_add(struct cfs_texts *list, const char *text, struct cfs_err *err)
{
	CFS_AUTOFREE char *copy = strdup(text);

	if (!copy || !cfs_vec_reserve(list, 1))
		return cfs_no_memory(err);
	list->v[list->n++] = cfs_steal_ptr(&copy);
	return 0;
}

/* The place of the variable whose name is the first @len bytes of @name, or the
 * end of the list. */
static size_t place_of(const struct cfs_texts *env, const char *name,
		       size_t len)
{
	size_t i = 0;

	while (i < env->n &&
	       (strncmp(env->v[i], name, len) != 0 || env->v[i][len] != '='))
		i++;
	return i;
}

int cfs_texts_set(struct cfs_texts *env, const char *assignment,
		  struct cfs_err *err)
{
	size_t len = strcspn(assignment, "="), at;
	char *copy;

	if (len == 0 || assignment[len] != '=')
		return cfs_fail(
			err, EINVAL,
			"'%.100s' is not a variable: expected NAME=VALUE",
			assignment);
	at = place_of(env, assignment, len);
	if (at == env->n)
		return cfs_texts_add(env, assignment, err);
	copy = strdup(assignment);
	if (!copy)
		return cfs_no_memory(err);
	free(env->v[at]);
	env->v[at] = copy;
	return 0;
}

const char *cfs_texts_get(const struct cfs_texts *env, const char *name)
{
	size_t len = strlen(name), at = place_of(env, name, len);

	return at < env->n ? env->v[at] + len + 1 : NULL;
}
