/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/image_names.h"

#include <string.h>

#include "repo/ref.h"

#define ROOM_FIRST 16

void cfs_image_names_free(struct cfs_image_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].name);
	free(names->v);
	*names = (struct cfs_image_names){ 0 };
}

static bool make_room(struct cfs_image_names *names)
{
	size_t room = names->room ? 2 * names->room : ROOM_FIRST;
	struct cfs_image_name *v;

	if (names->n < names->room)
		return true;
	v = reallocarray(names->v, room, sizeof(*v));
	if (!v)
		return false;
	names->v = v;
	names->room = room;
	return true;
}

static int add(const char *name, const struct cfs_digest *id, void *arg,
	       struct cfs_err *err)
{
	struct cfs_image_names *names = arg;
	char *copy;

	if (!id)
		return 0;
	copy = make_room(names) ? strdup(name) : NULL;
	if (!copy)
		return cfs_no_memory(err);
	names->v[names->n++] =
		(struct cfs_image_name){ .id = *id, .name = copy };
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
