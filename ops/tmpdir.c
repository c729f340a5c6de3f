/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/tmpdir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "repo/dir.h"

/* Waits for the end of the process that has the other end of descriptor 3.
 * Signals are ignored because a terminal or a service manager sends them to
 * this shell, too. */
static const char keep[] = "trap '' HUP INT QUIT TERM; read -r _ <&3; "
			   "exec rm -rf -- \"$1\"";

static void start_keeper(struct cfs_tmpdir *s)
{
	const char *const argv[] = { "sh", "-c", keep, "sh", s->path, NULL };
	struct cfs_child_spec spec = { .argv = argv, .out = -EBADF };
	struct cfs_err ignored;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	spec.third = ends[0];
	s->alive = ends[1];
	if (cfs_child_start(&spec, &s->keeper, &ignored) < 0)
		cfs_closep(&s->alive);
	(void)close(ends[0]);
}

int cfs_tmpdir_make(struct cfs_tmpdir *s, const char *otherwise,
		    const char *name, struct cfs_err *err)
{
	const char *top = getenv("TMPDIR");
	CFS_AUTOFREE char *path = NULL;

	top = top && *top ? top : otherwise;
	s->top = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->top < 0)
		return cfs_fail_errno(err, "open directory %s", top);
	if (asprintf(&path, "%s/%s-XXXXXX", top, name) < 0) {
		path = NULL;
		return cfs_no_memory(err);
	}
	if (!mkdtemp(path))
		return cfs_fail_errno(err, "make a directory like %s", path);
	s->path = cfs_steal_ptr(&path);
	start_keeper(s);
	s->fd = cfs_open_beneath(s->top, strrchr(s->path, '/') + 1,
				 O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	return s->fd < 0 ? cfs_fail_code(err, s->fd, "open %s", s->path) : 0;
}

int cfs_tmpdir_remove(struct cfs_tmpdir *s, struct cfs_err *err)
{
	int r = 0;

	if (s->path)
		r = cfs_dir_remove(s->top, strrchr(s->path, '/') + 1,
				   CFS_DIR_DEPTH_MAX, err);
	if (r < 0)
		(void)cfs_ctx(err, "remove %s", s->path);
	/* The keeper finds nothing any more, or tries what failed here. */
	cfs_closep(&s->alive);
	cfs_child_end(&s->keeper);
	cfs_closep(&s->fd);
	cfs_closep(&s->top);
	free(cfs_steal_ptr(&s->path));
	return r;
}

void cfs_tmpdir_end(struct cfs_tmpdir *s)
{
	struct cfs_err ignored;

	(void)!cfs_tmpdir_remove(s, &ignored);
}
