/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/ref.h"

#include <string.h>

#include "repo/image.h"
#include "repo/link.h"
#include "repo/object.h"

#define REFS "images/refs"

int cfs_image_commit(struct cfs_store *store, const struct cfs_digest *id,
		     struct cfs_err *err)
{
	char path[sizeof("images/") + CFS_DIGEST_HEX_MAX] = "images/";
	char target[sizeof("../objects/") + CFS_OBJECT_PATH_MAX] =
		"../objects/";

	cfs_digest_to_hex(id, path + strlen(path));
	cfs_digest_to_path(id, target + strlen(target));
	return cfs_store_link(store, path, target, err);
}

int cfs_ref_set(struct cfs_store *store, const char *name,
		const struct cfs_digest *id, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];

	if (cfs_name_check_new(name, err) < 0)
		return -err->code;
	cfs_digest_to_hex(id, hex);
	return cfs_link_set(store, REFS, name, hex, err);
}

int cfs_ref_remove(struct cfs_store *store, const char *name,
		   struct cfs_err *err)
{
	return cfs_link_remove(store, REFS, name, err);
}

static bool is_image(const char *last, struct cfs_digest *ret)
{
	struct cfs_err ignored;

	return cfs_digest_from_hex(last, strlen(last), ret, &ignored) == 0;
}

int cfs_ref_get(const struct cfs_repo *repo, const char *name,
		struct cfs_digest *ret, struct cfs_err *err)
{
	char last[CFS_LINK_MAX];
	int r = cfs_link_get(repo, REFS, name, last, err);

	if (r <= 0)
		return r;
	/* More than 1: what has the name is no link. */
	if (r > 1 || !is_image(last, ret))
		return cfs_fail(err, EINVAL, REFS "/%s does not name an image",
				name);
	return 1;
}

int cfs_image_open(const struct cfs_repo *repo, const struct cfs_digest *id,
		   bool secure, int *ret_fd, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	CFS_AUTOFD int fd = -EBADF;
	int r;

	cfs_digest_to_hex(id, hex);
	r = cfs_repo_open_image(repo, id, &fd, err);
	if (r == CFS_IMAGE_ABSENT)
		return cfs_fail(err, ENOENT, "image not found: %s", hex);
	if (r == CFS_IMAGE_DANGLING)
		return cfs_fail(err, ENOENT,
				"images/%s: its object is missing: create the "
				"image anew",
				hex);
	if (r > 0)
		r = cfs_object_check(fd, id, err);
	/* It was hashed, so it has no fs-verity. */
	if (r == CFS_CHECKED_HASHED && secure)
		r = cfs_fail(err, EBADMSG,
			     "no fs-verity, which the repository demands");
	if (r < 0)
		return cfs_ctx(err, "image %s", hex);
	*ret_fd = cfs_steal_fd(&fd);
	return r;
}

struct each {
	cfs_ref_fn *fn;
	void *arg;
};

static int visit(const char *name, const char *last, void *arg,
		 struct cfs_err *err)
{
	const struct each *each = arg;
	struct cfs_digest id;

	return each->fn(name, last && is_image(last, &id) ? &id : NULL,
			each->arg, err);
}

int cfs_ref_each(const struct cfs_repo *repo, cfs_ref_fn *fn, void *arg,
		 struct cfs_err *err)
{
	struct each each = { fn, arg };

	return cfs_link_each(repo, REFS, visit, &each, err);
}
