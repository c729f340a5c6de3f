/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/dir_names.h"

#include <string.h>

void cfs_dir_names_free(struct cfs_dir_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i].name);
	cfs_vec_free(names);
}

static int add(struct cfs_dir_names *names, const struct dirent *entry)
{
	const struct cfs_dir_name added = { strdup(entry->d_name),
					    entry->d_type };

	if (added.name && cfs_vec_add(names, added))
		return 0;
	free(added.name);
	return -ENOMEM;
}

static int by_name(const void *a, const void *b)
{
	const struct cfs_dir_name *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int read_all(DIR *dir, struct cfs_dir_names *names)
{
	struct dirent *entry;

	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (add(names, entry) < 0)
			return -ENOMEM;
	}
	return -errno;
}

int cfs_dir_names_read(int *fd, struct cfs_dir_names *ret)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTODIR DIR *dir = fdopendir(*fd);
	int r = dir ? 0 : -errno;

	/* fdopendir() owns the descriptor from here on, unless it failed. */
	if (!dir)
		cfs_closep(fd);
	*fd = -EBADF;
	if (r == 0)
		r = read_all(dir, &names);
	if (r < 0)
		return r;
	/* Sorted, so nothing depends on the order of a file system. */
	if (names.n > 1)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	*ret = names;
	names = (struct cfs_dir_names){ 0 };
	return 0;
}
