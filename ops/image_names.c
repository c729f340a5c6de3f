/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/image_names.h"

#include <string.h>

#include "repo/ref.h"

void cfs_image_names_free(struct cfs_image_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].name);
	cfs_vec_free(names);
}

static int add(const char *name, const struct cfs_digest *id, void *arg,
	       struct cfs_err *err)
{
	struct cfs_image_names *names = arg;
	struct cfs_image_name *to = id ? cfs_vec_new(names) : NULL;

	if (!id)
		return 0;
	if (!to || !(to->name = strdup(name)))
		return cfs_no_memory(err);
	to->id = *id;
	return 0;
}

int cfs_image_names_read(struct cfs_image_names *names,
			 const struct cfs_repo *repo, struct cfs_err *err)
{
	return cfs_ref_each(repo, add, names, err);
}

const char *cfs_image_names_next(const struct cfs_image_names *names,
				 const struct cfs_digest *id, size_t *at)
{
	for (; *at < names->n; (*at)++)
		if (cfs_digest_equal(&names->v[*at].id, id))
			return names->v[(*at)++].name;
	return NULL;
}
