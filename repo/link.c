/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/link.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/object.h"
#include "repo/temp.h"

int cfs_link_read(int dir, const char *name, char ret[static CFS_LINK_MAX])
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);
	const char *last;

	if (n < 0)
		/* EINVAL: it is no link. */
		return errno == EINVAL ? 0 : -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= CFS_LINK_MAX)
		return 0;
	strcpy(ret, last);
	return 1;
}

int cfs_link_object(int dir, const char *name, struct cfs_digest *ret)
{
	char target[PATH_MAX], *slash;
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n < 0)
		/* EINVAL: it is no link. */
		return errno == EINVAL ? 0 : -errno;
	target[n] = '\0';
	slash = strrchr(target, '/');
	if (!slash || slash - target < 2)
		return 0;
	/* Of the target, the end counts, which is xx/REST. */
	return cfs_object_of_path(slash - 2, ret);
}

/* Opens the directory that @name (checked) below @top stands in. */
static int open_parent(const struct cfs_repo *repo, const char *top,
		       const char *name, const char **ret)
{
	const char *slash = strrchr(name, '/');
	CFS_AUTOBUF struct cfs_buf path = { 0 };

	cfs_buf_addf(&path, "%s/%.*s", top, slash ? (int)(slash - name) : 0,
		     name);
	if (!cfs_buf_text(&path))
		return -ENOMEM;
	*ret = slash ? slash + 1 : name;
	return cfs_dir_open(repo->fd, (char *)path.data);
}

int cfs_link_get(const struct cfs_repo *repo, const char *top, const char *name,
		 char ret[static CFS_LINK_MAX], struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	const char *last;
	int r = cfs_name_check(name, err);

	if (r < 0)
		return r;
	dir = open_parent(repo, top, name, &last);
	r = dir < 0 ? dir : cfs_link_read(dir, last, ret);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return cfs_fail(err, -r, "read %s/%s: %s", top, name,
				strerror(-r));
	return r == 0 ? 2 : 1;
}

int cfs_link_set(struct cfs_store *store, const char *top, const char *name,
		 const char *last, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 }, target = { 0 };
	int r = cfs_name_check(name, err);

	if (r < 0)
		return r;
	cfs_buf_addf(&path, "%s/%s", top, name);
	/* One level up from refs/, and one for each directory of the name. */
	cfs_buf_adds(&target, "../");
	for (; *name; name++)
		if (*name == '/')
			cfs_buf_adds(&target, "../");
	cfs_buf_adds(&target, last);
	if (!cfs_buf_text(&path) || !cfs_buf_text(&target))
		return cfs_no_memory(err);
	return cfs_store_link(store, (char *)path.data, (char *)target.data,
			      err);
}

int cfs_link_remove(struct cfs_store *store, const char *top, const char *name,
		    struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	char ignored[CFS_LINK_MAX];
	const char *last;
	int r = cfs_link_get(&store->repo, top, name, ignored, err);

	if (r <= 0)
		return r;
	if (r > 1)
		return cfs_fail(err, EINVAL, "%s/%s is not a link", top, name);
	dir = open_parent(&store->repo, top, name, &last);
	if (dir < 0)
		return cfs_fail(err, -dir, "open the directory of %s/%s: %s",
				top, name, strerror(-dir));
	if (unlinkat(dir, last, 0) < 0)
		return cfs_fail_errno(err, "remove %s/%s", top, name);
	/* Or a power cut may bring the name back. */
	if (store->sync && cfs_dir_sync(dir, err) < 0)
		return -err->code;
	return 1;
}

struct walk {
	cfs_link_fn *fn;
	void *arg;
};

static int walk(int dirfd, const char *path, const char *prefix, unsigned depth,
		const struct walk *w, struct cfs_err *err);

static int visit(int dir, const char *name, const char *prefix, unsigned depth,
		 const struct walk *w, struct cfs_err *err)
{
	char full[CFS_REF_MAX], last[CFS_LINK_MAX];
	struct stat st;
	int n;

	if (strncmp(name, CFS_TEMP_PREFIX, strlen(CFS_TEMP_PREFIX)) == 0)
		return 0;
	n = snprintf(full, sizeof(full), "%s%s%s", prefix, *prefix ? "/" : "",
		     name);
	/* No name that can be set is that long. */
	if (n < 0 || (size_t)n >= sizeof(full))
		return 0;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : cfs_fail_errno(err, "stat %s", full);
	if (S_ISDIR(st.st_mode))
		return walk(dir, name, full, depth + 1, w, err);
	n = cfs_link_read(dir, name, last);
	return w->fn(full, n > 0 ? last : NULL, w->arg, err);
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
		r = visit(dir, names.v[i].name, prefix, depth, w, err);
	return r;
}

int cfs_link_each(const struct cfs_repo *repo, const char *top, cfs_link_fn *fn,
		  void *arg, struct cfs_err *err)
{
	const struct walk w = { fn, arg };

	return walk(repo->fd, top, "", 0, &w, err);
}
