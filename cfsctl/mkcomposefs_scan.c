/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A directory as mkcomposefs reads it, with or without a digest store. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cfsctl/programs.h"
#include "fsverity/merkle.h"
#include "repo/store.h"
#include "repo/writer.h"
#include "tree/scan.h"

static int digest_file(void *ctx, int fd, const struct stat *st,
		       struct cfs_digest *ret, struct cfs_err *err)
{
	struct cfs_writer *writer = ctx;
	uint64_t size;
	int r;

	if (writer)
		r = cfs_writer_add_file(writer, fd, ret, &size, err);
	else
		r = cfs_verity_digest_fd(CFS_ALG_SHA256, fd, ret, &size, err);
	if (r == 0 && size != (uint64_t)st->st_size)
		return cfs_fail(err, ESTALE, "it changed while it was read");
	return r;
}

static int scan_dir(int dir, unsigned flags, struct cfs_writer *writer,
		    struct cfs_tree **ret, struct cfs_err *err)
{
	const struct cfs_scan scan = {
		.flags = flags | CFS_SCAN_NO_HARDLINKS,
		.file = digest_file,
		.ctx = writer,
	};

	return cfs_tree_scan(dir, &scan, ret, err);
}

/* mkdir -p; what is there already is looked at when it is opened. */
static int make_dirs(const char *path, struct cfs_err *err)
{
	CFS_AUTOFREE char *copy = strdup(path);

	if (!copy)
		return cfs_fail(err, ENOMEM, "out of memory");
	for (char *at = copy; at;) {
		char *slash = strchr(at + 1, '/');

		if (slash)
			*slash = '\0';
		if (*at && mkdir(copy, 0755) < 0 && errno != EEXIST)
			return cfs_fail_errno(err, "make the directory %s",
					      copy);
		if (slash)
			*slash = '/';
		at = slash;
	}
	return 0;
}

static int open_store(const char *path, int *ret_dir, struct cfs_store *ret,
		      struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	int r;

	/* An empty name is the current directory, as mkcomposefs joins it. */
	if (*path == '\0')
		path = ".";
	r = make_dirs(path, err);
	if (r < 0)
		return r;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cfs_fail_errno(err, "open %s", path);
	r = cfs_store_open_plain(dir, CFS_ALG_SHA256, ret, err);
	*ret_dir = cfs_steal_fd(&dir);
	return r;
}

static int scan_into_store(int dir, unsigned flags, const char *path,
			   struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_writer_free) struct cfs_writer *writer = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int store_dir = -EBADF;
	int r = open_store(path, &store_dir, &store, err);

	if (r < 0)
		return cfs_ctx(err, "digest store %s", path);
	r = cfs_writer_new(&store, &writer, err);
	if (r == 0)
		r = scan_dir(dir, flags, writer, &tree, err);
	if (r == 0)
		r = cfs_writer_finish(writer, err);
	if (r == 0)
		r = cfs_store_flush(&store, err);
	if (r == 0)
		*ret = cfs_steal_ptr(&tree);
	return r;
}

int cmd_mkcomposefs_scan(const char *path, unsigned flags, const char *store,
			 unsigned threads, struct cfs_tree **ret,
			 struct cfs_err *err)
{
	const unsigned both = CFS_SCAN_NO_XATTRS | CFS_SCAN_USER_XATTRS;
	CFS_AUTOFD int dir = -EBADF;

	(void)threads;
	if ((flags & both) == both)
		return cfs_fail(err, EINVAL, "%s", strerror(EINVAL));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return cfs_fail(err, errno, "%s", strerror(errno));
	if (store)
		return scan_into_store(dir, flags, store, ret, err);
	return scan_dir(dir, flags, NULL, ret, err);
}
