/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/pin.h"

#include <string.h>

#include "base/io.h"
#include "repo/ref.h"

#define PIN_MAX (sizeof(CFS_PIN_PREFIX) + CFS_DIGEST_HEX_MAX)

static void name_of(const struct cfs_digest *id, char name[static PIN_MAX])
{
	strcpy(name, CFS_PIN_PREFIX);
	cfs_digest_to_hex(id, name + strlen(name));
}

bool cfs_is_pinned(const struct cfs_repo *repo, const struct cfs_digest *id)
{
	char name[PIN_MAX];
	struct cfs_digest named;
	struct cfs_err ignored;

	name_of(id, name);
	return cfs_ref_get(repo, name, &named, &ignored) == 1 &&
	       cfs_digest_equal(&named, id);
}

int cfs_pin(struct cfs_store *store, const struct cfs_digest *id,
	    struct cfs_err *err)
{
	char path[sizeof("images/") + CFS_DIGEST_HEX_MAX] = "images/";
	const char *hex = path + strlen(path);
	char name[PIN_MAX];
	int r;

	cfs_digest_to_hex(id, path + strlen(path));
	r = cfs_name_exists(store->repo.fd, path);
	if (r < 0)
		return cfs_fail_code(err, r, "look for %s", path);
	if (r == 0)
		return cfs_fail(err, ENOENT, "image not found: %s", hex);
	if (cfs_is_pinned(&store->repo, id))
		return 0;
	name_of(id, name);
	r = cfs_ref_set(store, name, id, err);
	return r < 0 ? r : 1;
}

int cfs_unpin(struct cfs_store *store, const struct cfs_digest *id,
	      struct cfs_err *err)
{
	char name[PIN_MAX];

	name_of(id, name);
	return cfs_ref_remove(store, name, err);
}
