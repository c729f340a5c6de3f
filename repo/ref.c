/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/ref.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/image.h"
#include "repo/object.h"
#include "repo/temp.h"

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
	CFS_AUTOBUF struct cfs_buf path = { 0 }, target = { 0 };
	int r;

	r = cfs_name_check(name, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(id, hex);
	cfs_buf_addf(&path, REFS "/%s", name);
	/* One level up from refs/, and one for each directory of the name. */
	cfs_buf_adds(&target, "../");
	for (; *name; name++)
		if (*name == '/')
			cfs_buf_adds(&target, "../");
	cfs_buf_adds(&target, hex);
	if (!cfs_buf_text(&path) || !cfs_buf_text(&target))
		return cfs_fail(err, ENOMEM, "out of memory");
	return cfs_store_link(store, (char *)path.data, (char *)target.data,
			      err);
}

/* The image that the link @name in @dir leads to: only the last component of
 * a target counts, as upstream reads it.  0 when it is no such link. */
static int read_ref(int dir, const char *name, struct cfs_digest *ret)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);
	const char *last;
	struct cfs_err ignored;

	if (n < 0)
		return errno == EINVAL ? 0 : -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	return cfs_digest_from_hex(last, strlen(last), ret, &ignored) == 0;
}

/* Opens the directory that @name (checked) names something in. */
static int open_parent(const struct cfs_repo *repo, const char *name,
		       const char **ret)
{
	char path[sizeof(REFS "/") + CFS_REF_MAX];
	const char *slash = strrchr(name, '/');

	snprintf(path, sizeof(path), REFS "/%.*s",
		 slash ? (int)(slash - name) : 0, name);
	*ret = slash ? slash + 1 : name;
	return cfs_dir_open(repo->fd, path);
}

int cfs_ref_get(const struct cfs_repo *repo, const char *name,
		struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	const char *last;
	int r;

	r = cfs_name_check(name, err);
	if (r < 0)
		return r;
	dir = open_parent(repo, name, &last);
	r = dir < 0 ? dir : read_ref(dir, last, ret);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return cfs_fail(err, -r, "read " REFS "/%s: %s", name,
				strerror(-r));
	if (r == 0)
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
	if (r == CFS_CHECKED_HASHED && secure)
		r = cfs_fail(err, EBADMSG,
			     "no fs-verity, which the repository demands");
	if (r < 0)
		return cfs_ctx(err, "image %s", hex);
	*ret_fd = cfs_steal_fd(&fd);
	return r;
}

struct walk {
	cfs_ref_fn *fn;
	void *arg;
};

static int walk(int dirfd, const char *path, const char *prefix, unsigned depth,
		const struct walk *w, struct cfs_err *err);

static int visit(int dir, const char *name, const char *prefix, unsigned depth,
		 const struct walk *w, struct cfs_err *err)
{
	char full[CFS_REF_MAX];
	struct cfs_digest id;
	struct stat st;
	int n;

	if (strncmp(name, CFS_TEMP_PREFIX, strlen(CFS_TEMP_PREFIX)) == 0)
		return 0;
	n = snprintf(full, sizeof(full), "%s%s%s", prefix, *prefix ? "/" : "",
		     name);
	if (n < 0 || (size_t)n >= sizeof(full))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : cfs_fail_errno(err, "stat %s", full);
	if (S_ISDIR(st.st_mode))
		return walk(dir, name, full, depth + 1, w, err);
	return w->fn(full, read_ref(dir, name, &id) > 0 ? &id : NULL, w->arg,
		     err);
}

static int walk(int dirfd, const char *path, const char *prefix, unsigned depth,
		const struct walk *w, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int dir = -EBADF;
	int r;

	if (depth == CFS_DIR_DEPTH_MAX)
		return 0;
	dir = cfs_dir_open(dirfd, path);
	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return cfs_fail(err, -dir, "open %s: %s", path, strerror(-dir));
	r = cfs_dir_list(dir, ".", &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++)
		r = visit(dir, names.v[i], prefix, depth, w, err);
	return r;
}

int cfs_ref_each(const struct cfs_repo *repo, cfs_ref_fn *fn, void *arg,
		 struct cfs_err *err)
{
	const struct walk w = { fn, arg };

	return walk(repo->fd, REFS, "", 0, &w, err);
}
