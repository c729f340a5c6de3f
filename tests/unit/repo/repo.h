/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A repository of a test's own, below $TMPDIR. */
#ifndef CFS_TESTS_UNIT_REPO_REPO_H
#define CFS_TESTS_UNIT_REPO_REPO_H

#include <fcntl.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "tests/test.h"

#define SHA256_META                                                          \
	"{\"version\":1,\"algorithm\":\"fsverity-sha256-12\",\"features\":{" \
	"\"read-only-compatible\":[\"v1_erofs\"]},\"erofs_formats\":{"       \
	"\"default\":1}}"

/* A fresh empty directory; its path stays valid until the next call. */
static inline const char *fresh_dir(void)
{
	static char path[4096];
	const char *tmp = getenv("TMPDIR");

	snprintf(path, sizeof(path), "%s/repo-XXXXXX", tmp ? tmp : "/tmp");
	CHECK(mkdtemp(path));
	return path;
}

static inline void put(const char *dir, const char *name, const char *text)
{
	char path[8192];
	CFS_AUTOFILE FILE *f = NULL;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	CHECK(f && fputs(text, f) >= 0);
}

static inline void make_dir(const char *dir, const char *name)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	CHECK(mkdir(path, 0755) == 0);
}

static inline void make_link(const char *dir, const char *name,
			     const char *target)
{
	char path[8192];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	CHECK(symlink(target, path) == 0);
}

#endif
