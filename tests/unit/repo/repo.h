/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A repository of a test's own, below $TMPDIR. */
#ifndef CFS_TESTS_UNIT_REPO_REPO_H
#define CFS_TESTS_UNIT_REPO_REPO_H

#include <fcntl.h>
#include <sys/stat.h>

#include "base/own.h"
#include "tests/test.h"

#define SHA256_META                                                          \
	"{\"version\":1,\"algorithm\":\"fsverity-sha256-12\",\"features\":{" \
	"\"read-only-compatible\":[\"v1_erofs\"]},\"erofs_formats\":{"       \
	"\"default\":1}}"

/* A fresh empty directory; its path stays valid until the next call. */
static inline const char *fresh_dir(void)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/repo-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(path));
	return path;
}

/* DIR/NAME; the caller frees it. */
static inline char *below(const char *dir, const char *name)
{
	char *path = NULL;

	CHECK(asprintf(&path, "%s/%s", dir, name) > 0);
	return path;
}

static inline void put(const char *dir, const char *name, const char *text)
{
	CFS_AUTOFREE char *path = below(dir, name);
	CFS_AUTOFILE FILE *f = NULL;

	f = fopen(path, "we");
	CHECK(f && fputs(text, f) >= 0);
}

static inline void make_dir(const char *dir, const char *name)
{
	CFS_AUTOFREE char *path = below(dir, name);

	CHECK_EQ(mkdir(path, 0755), 0);
}

static inline void make_link(const char *dir, const char *name,
			     const char *target)
{
	CFS_AUTOFREE char *path = below(dir, name);

	CHECK_EQ(symlink(target, path), 0);
}

static inline int open_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK(fd >= 0);
	return fd;
}

/* Is the content of @name in @dir exactly @text? */
static inline int holds(const char *dir, const char *name, const char *text)
{
	CFS_AUTOFREE char *path = below(dir, name);
	char have[8192] = { 0 };
	CFS_AUTOFILE FILE *f = NULL;

	f = fopen(path, "re");
	if (!f)
		return 0;
	have[fread(have, 1, sizeof(have) - 1, f)] = '\0';
	return strcmp(have, text) == 0;
}

static inline int is_link(const char *dir, const char *name, const char *target)
{
	CFS_AUTOFREE char *path = below(dir, name);
	char have[4096] = { 0 };

	return readlink(path, have, sizeof(have) - 1) > 0 &&
	       strcmp(have, target) == 0;
}

/* Entries of @name in @dir whose names begin with @prefix. */
static inline int count(const char *dir, const char *name, const char *prefix)
{
	CFS_AUTOFREE char *path = below(dir, name);
	struct dirent *entry;
	CFS_AUTODIR DIR *d = NULL;
	int n = 0;

	d = opendir(path);
	CHECK(d);
	while ((entry = readdir(d)))
		n += entry->d_name[0] != '.' || entry->d_name[1] == 't'
			     ? strncmp(entry->d_name, prefix, strlen(prefix)) ==
				       0
			     : 0;
	return n;
}

#endif
