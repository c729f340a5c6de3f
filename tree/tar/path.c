/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/path.h"

#include <string.h>

#include "tree/node.h"

int cfs_tar_path_check(struct cfs_bytes path, struct cfs_err *err)
{
	if (path.len == 0)
		return cfs_fail(err, EINVAL, "the path is empty");
	if (path.len > CFS_TAR_PATH_MAX)
		return cfs_fail(err, ENAMETOOLONG,
				"the path is %zu bytes long (at most %d)",
				path.len, CFS_TAR_PATH_MAX);
	if (memchr(path.data, '\0', path.len))
		return cfs_fail(err, EINVAL, "the path has a NUL in it");
	return 0;
}

/* Is @name one that leads nowhere else: not empty, not "."? */
static bool counts(struct cfs_bytes name)
{
	return name.len > 1 || (name.len == 1 && name.data[0] != '.');
}

static int check_name(struct cfs_bytes name, unsigned depth,
		      struct cfs_err *err)
{
	if (name.len == 2 && name.data[0] == '.' && name.data[1] == '.')
		return cfs_fail(err, EINVAL, "'..' in a path is not allowed");
	if (name.len > CFS_NAME_MAX)
		return cfs_fail(err, ENAMETOOLONG,
				"a file name of %zu bytes (at most %d)",
				name.len, CFS_NAME_MAX);
	if (depth > CFS_TAR_DEPTH_MAX)
		return cfs_fail(err, ELOOP,
				"over %d directories inside each other",
				CFS_TAR_DEPTH_MAX);
	return 0;
}

int cfs_tar_path(struct cfs_bytes path, uint8_t buf[static CFS_TAR_PATH_MAX],
		 struct cfs_bytes *ret, struct cfs_err *err)
{
	const uint8_t *p = path.data, *end = p + path.len;
	unsigned depth = 0;
	uint8_t *to = buf;
	int r = cfs_tar_path_check(path, err);

	while (r == 0 && p < end) {
		uint8_t *name = to;
		struct cfs_bytes copy;

		if (depth > 0)
			*name++ = '/';
		for (to = name; p < end && *p != '/'; p++)
			*to++ = *p;
		p += p < end;
		copy = (struct cfs_bytes){ name, (size_t)(to - name) };
		if (counts(copy))
			r = check_name(copy, ++depth, err);
		else
			to = name - (depth > 0);
	}
	if (r < 0)
		return r;
	*ret = (struct cfs_bytes){ buf, (size_t)(to - buf) };
	return 0;
}

const char *cfs_tar_shown(struct cfs_bytes path,
			  char buf[static CFS_TAR_SHOWN_MAX])
{
	static const char dots[] = "...";
	size_t room = CFS_TAR_SHOWN_MAX - 1, head = 0;

	if (path.len > room) {
		head = strlen(dots);
		memcpy(buf, dots, head);
		path.data += path.len - (room - head);
		path.len = room - head;
	}
	if (path.len > 0)
		memcpy(buf + head, path.data, path.len);
	buf[head + path.len] = '\0';
	return buf;
}
