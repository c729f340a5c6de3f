/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/offer.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "base/text.h"

static bool is_digest(const char *name)
{
	size_t len = strspn(name, "0123456789abcdef");

	return name[len] == '\0' &&
	       (len == 2 * CFS_DIGEST_MAX || len == CFS_DIGEST_MAX);
}

/* The lower, the better: the number of differing letters, or the age. */
static long long rank(int dir_fd, const char *name, const char *wanted)
{
	struct stat st;

	if (wanted[0])
		return cfs_text_distance(wanted, name);
	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
		       ? -(long long)st.st_mtime
		       : 0;
}

static void insert(struct cfs_offer *o, long long ranks[static CFS_OFFER_MAX],
		   const char *name, long long better)
{
	unsigned at = o->n;

	while (at > 0 && ranks[at - 1] > better)
		at--;
	if (at == CFS_OFFER_MAX)
		return;
	if (o->n < CFS_OFFER_MAX)
		o->n++;
	for (unsigned i = o->n - 1; i > at; i--) {
		memcpy(o->hex[i], o->hex[i - 1], sizeof(o->hex[i]));
		ranks[i] = ranks[i - 1];
	}
	memcpy(o->hex[at], name, strlen(name) + 1);
	ranks[at] = better;
}

void cfs_offer_find(int root_fd, const char *wanted, struct cfs_offer *ret)
{
	long long ranks[CFS_OFFER_MAX];
	CFS_AUTODIR DIR *dir = NULL;
	const struct dirent *e;
	int fd = cfs_open_beneath(root_fd, "composefs/images",
				  O_RDONLY | O_DIRECTORY);

	*ret = (struct cfs_offer){ 0 };
	dir = fd < 0 ? NULL : fdopendir(fd);
	while (dir && ret->total < CFS_OFFER_READ && (e = readdir(dir))) {
		if (!is_digest(e->d_name))
			continue;
		ret->total++;
		insert(ret, ranks, e->d_name, rank(fd, e->d_name, wanted));
	}
}
