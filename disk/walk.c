/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/walk.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "repo/dir.h"

/* Target of the link @path below @dirfd, NUL-terminated; caller frees it. */
static int read_link(int dirfd, const char *path, char **ret,
		     struct cfs_err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, path, target, sizeof(target));

	if (n < 0)
		return cfs_fail_errno(err, "read link %s", path);
	if (n == sizeof(target))
		return cfs_fail(err, ENAMETOOLONG, "link %s is too long", path);
	*ret = strndup(target, (size_t)n);
	return *ret ? 0 : cfs_no_memory(err);
}

/* "a/b" of its parts; caller frees it. */
static int join(const char *dir, const char *name, char **ret,
		struct cfs_err *err)
{
	if (asprintf(ret, "%s/%s", dir, name) < 0) {
		*ret = NULL;
		return cfs_no_memory(err);
	}
	return 0;
}

/* Returns @fd, the result of opening @path, if it is that of a regular file. */
static int check_regular(int fd, const char *path, struct stat *ret_st,
			 struct cfs_err *err)
{
	CFS_AUTOFD int owned = fd;

	if (fd < 0)
		return cfs_fail(err, -fd, "open %s: %s", path, strerror(-fd));
	if (fstat(fd, ret_st) < 0)
		return cfs_fail_errno(err, "%s", path);
	if (!S_ISREG(ret_st->st_mode))
		return cfs_fail(err, EINVAL, "%s is not a regular file", path);
	return cfs_steal_fd(&owned);
}

int cfs_plan_open_repo(int repo_fd, const char *path, struct stat *ret_st,
		       struct cfs_err *err)
{
	return check_regular(cfs_open_regular(repo_fd, path, NULL), path,
			     ret_st, err);
}

/* The owner of a directory that is added may replace it by a link between the
 * walk and the copying: no path of settle() has one. */
static int open_local(const char *path, int flags)
{
	return cfs_openat2(AT_FDCWD, path, O_RDONLY | flags, 0,
			   RESOLVE_NO_SYMLINKS);
}

int cfs_plan_open_local(const char *path, struct stat *ret_st,
			struct cfs_err *err)
{
	/* Opening a FIFO would wait for its writer, and a terminal could become
	 * the controlling one, before the type is known. */
	return check_regular(open_local(path, O_NOCTTY | O_NONBLOCK), path,
			     ret_st, err);
}

/* Something that a walk has found. */
struct found {
	unsigned parent; /* the planned directory that it goes into */
	const char *name;
	const char *path;
};

/* A plain file; its digest is part of what the image is. */
static int add_file(const struct cfs_plan_walk *w, const struct found *f,
		    struct cfs_err *err)
{
	CFS_AUTOFREE char *copy = strdup(f->name);
	CFS_AUTOFREE char *from = strdup(f->path);
	struct cfs_plan_entry e = { .kind = CFS_PLAN_FILE,
				    .parent = f->parent,
				    .name = copy,
				    .from = from,
				    .from_repo = w->from_repo };
	CFS_AUTOFD int fd = -EBADF;
	struct stat st;
	int r;

	if (!copy || !from)
		return cfs_no_memory(err);
	fd = w->from_repo ? cfs_plan_open_repo(w->dirfd, f->path, &st, err)
			  : cfs_plan_open_local(f->path, &st, err);
	if (fd < 0)
		return fd;
	r = cfs_verity_digest_fd(CFS_ALG_SHA256, fd, &e.digest, &e.size, err);
	if (r < 0)
		return cfs_ctx(err, "%s", f->path);
	/* The modes in a repository depend on the umask of its writers. */
	e.mode = w->from_repo ? 0644 : st.st_mode & 07777;
	return cfs_plan_entry(w->plan, &e, NULL, err);
}

static int add_link(const struct cfs_plan_walk *w, const struct found *f,
		    struct cfs_err *err)
{
	CFS_AUTOFREE char *copy = strdup(f->name);
	CFS_AUTOFREE char *target = NULL;
	struct cfs_plan_entry e = { .kind = CFS_PLAN_LINK,
				    .parent = f->parent,
				    .name = copy,
				    .mode = 0777 };
	int r;

	if (!copy)
		return cfs_no_memory(err);
	r = read_link(w->dirfd, f->path, &target, err);
	e.from = target;
	return r < 0 ? r : cfs_plan_entry(w->plan, &e, NULL, err);
}

static int walk_dir(const struct cfs_plan_walk *w, unsigned dir,
		    const char *path, unsigned depth, struct cfs_err *err);

/* A directory of the repository that has nothing which is wanted is left out:
 * its name is not wanted either. */
static int walk_subdir(const struct cfs_plan_walk *w, const struct found *f,
		       mode_t mode, unsigned depth, struct cfs_err *err)
{
	size_t before = w->plan->n;
	unsigned dir;
	int r = cfs_plan_dir(w->plan, f->parent, f->name, mode, &dir, err);

	if (r == 0)
		r = walk_dir(w, dir, f->path, depth + 1, err);
	if (r == 0 && w->wanted && w->plan->n == before + 1)
		cfs_plan_drop_last(w->plan);
	return r;
}

static int walk_entry(const struct cfs_plan_walk *w, const struct found *f,
		      unsigned depth, struct cfs_err *err)
{
	struct stat st;
	int r;

	if (fstatat(w->dirfd, f->path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cfs_fail_errno(err, "%s", f->path);
	/* In a repository no name can occur twice. */
	if (!w->from_repo && !S_ISDIR(st.st_mode)) {
		r = cfs_plan_vacant(w->plan, f->parent, f->name, err);
		if (r < 0)
			return r;
	}
	if (w->wanted && !S_ISDIR(st.st_mode) && !w->wanted(w, f->path))
		return 0;
	if (S_ISLNK(st.st_mode))
		return add_link(w, f, err);
	if (S_ISREG(st.st_mode) && w->files)
		return add_file(w, f, err);
	if (!S_ISDIR(st.st_mode))
		return w->from_repo
			       ? 0
			       : cfs_fail(err, EINVAL,
					  "%s is no file, directory or link",
					  f->path);
	return walk_subdir(w, f, w->from_repo ? 0755 : st.st_mode & 07777,
			   depth, err);
}

/* The names in @path; those of this machine may be absolute.  What was a
 * directory when it was looked at may be a link by now, and is then refused. */
static int list(const struct cfs_plan_walk *w, const char *path,
		struct cfs_dir_names *ret, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;

	if (w->from_repo)
		return cfs_dir_list(w->dirfd, path, ret, err);
	fd = open_local(path, O_DIRECTORY);
	if (fd < 0)
		return cfs_fail_code(err, fd, "open %s", path);
	return cfs_dir_list(fd, ".", ret, err);
}

/* Adds everything in @path to directory @dir, in the order of names: the image
 * is to be the same whatever order the file system here lists them in. */
static int walk_dir(const struct cfs_plan_walk *w, unsigned dir,
		    const char *path, unsigned depth, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r;

	if (depth > CFS_DIR_DEPTH_MAX)
		return cfs_fail(err, ELOOP, "%s: directories nest too deep",
				path);
	r = list(w, path, &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		CFS_AUTOFREE char *below = NULL;
		struct found found = { .parent = dir, .name = names.v[i].name };

		if (w->from_repo && names.v[i].name[0] == '.')
			continue; /* what an interrupted run left */
		r = join(path, names.v[i].name, &below, err);
		found.path = below;
		if (r == 0)
			r = walk_entry(w, &found, depth, err);
	}
	return r;
}

int cfs_plan_walk_dir(const struct cfs_plan_walk *w, unsigned dir,
		      const char *path, struct cfs_err *err)
{
	return walk_dir(w, dir, path, 0, err);
}

/* Makes the directories above the last component of @path, "/a/b"; returns
 * that component in *@ret_name, which is empty for "/". */
static int add_parents(struct cfs_plan *plan, char *path, unsigned *ret,
		       const char **ret_name, struct cfs_err *err)
{
	unsigned parent = 0;
	char *name = path + 1, *end;

	while ((end = strchr(name, '/'))) {
		int r;

		*end = '\0';
		r = cfs_plan_dir(plan, parent, name, 0755, &parent, err);
		if (r < 0)
			return r;
		name = end + 1;
	}
	*ret = parent;
	*ret_name = name;
	return 0;
}

static int check_path(const char *path, struct cfs_err *err)
{
	const char *at = path;

	if (*at != '/')
		return cfs_fail(err, EINVAL,
				"%s: a path in the image starts with /", path);
	if (path[1] == '\0')
		return 0;
	while (*at) {
		size_t len = strcspn(++at, "/");

		if (len == 0 || strncmp(at, ".", len) == 0 ||
		    (len == 2 && strncmp(at, "..", len) == 0))
			return cfs_fail(
				err, EINVAL,
				"%s: empty, . and .. do not go into a path",
				path);
		at += len;
	}
	return 0;
}

/* The path of @from without a link on its way; what it leads to itself may be
 * one, which is added as such.  Caller frees it. */
static int settle(const char *from, char **ret, struct cfs_err *err)
{
	const char *slash = strrchr(from, '/');
	CFS_AUTOFREE char *dir = NULL, *real = NULL;
	struct stat st;

	if (lstat(from, &st) < 0)
		return cfs_fail_errno(err, "%s", from);
	if (S_ISDIR(st.st_mode)) {
		*ret = realpath(from, NULL);
		return *ret ? 0 : cfs_fail_errno(err, "%s", from);
	}
	dir = slash ? strndup(from, (size_t)(slash - from) + 1) : strdup(".");
	real = dir ? realpath(dir, NULL) : NULL;
	if (!real)
		return cfs_fail_errno(err, "%s", from);
	return join(real, slash ? slash + 1 : from, ret, err);
}

int cfs_plan_add(struct cfs_plan *plan, const char *from, const char *path,
		 struct cfs_err *err)
{
	struct cfs_plan_walk w = { .plan = plan,
				   .dirfd = AT_FDCWD,
				   .files = true };
	CFS_AUTOFREE char *copy = strdup(path);
	CFS_AUTOFREE char *real = NULL;
	struct found found = { .name = "" };
	int r = cfs_plan_start(plan, err);

	if (r == 0 && !copy)
		r = cfs_no_memory(err);
	if (r == 0)
		r = check_path(path, err);
	if (r == 0)
		r = add_parents(plan, copy, &found.parent, &found.name, err);
	if (r == 0)
		r = settle(from, &real, err);
	if (r < 0)
		return r;
	found.path = real;
	/* At "/" stands the root already, which gets what @from holds. */
	if (*found.name)
		return walk_entry(&w, &found, 0, err);
	return walk_dir(&w, 0, real, 0, err);
}
