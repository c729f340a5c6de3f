/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/tree_size.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Deeper directories are left out: each level has a descriptor open. */
#define DEPTH_MAX 100

struct walk {
	bool (*go_on)(void *ctx);
	void *ctx;
	double bytes; /* shares of files are fractions */
};

static bool walk(struct walk *w, int dirfd, const char *name, unsigned depth);

static bool visit(struct walk *w, int dirfd, const char *name, unsigned depth)
{
	struct stat st;

	if (!w->go_on(w->ctx))
		return false;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return true;
	if (S_ISREG(st.st_mode))
		w->bytes += (double)st.st_size /
			    (double)(st.st_nlink ? st.st_nlink : 1);
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		return walk(w, dirfd, name, depth + 1);
	return true;
}

static bool walk(struct walk *w, int dirfd, const char *name, unsigned depth)
{
	CFS_AUTODIR DIR *dir = NULL;
	const struct dirent *e;
	bool on = true;
	int fd = openat(dirfd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0)
		(void)close(fd);
	while (on && dir && (e = readdir(dir)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			on = visit(w, fd, e->d_name, depth);
	return on;
}

bool cmd_tree_size(const char *path, bool (*go_on)(void *ctx), void *ctx,
		   uint64_t *ret)
{
	struct walk w = { .go_on = go_on, .ctx = ctx };
	int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool whole = top >= 0 && walk(&w, top, ".", 0);

	if (top >= 0)
		(void)close(top);
	if (whole)
		*ret = (uint64_t)(w.bytes + 0.5);
	return whole;
}
