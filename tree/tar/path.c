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

/* Is @name nothing, "." or ".."? */
static bool is_special(const uint8_t *name, size_t len)
{
	return len <= 2 && (len == 0 || name[0] == '.') &&
	       (len < 2 || name[1] == '.');
}

static int refuse_name(size_t len, struct cfs_err *err)
{
	if (len == 2)
		return cfs_fail(err, EINVAL, "'..' in a path is not allowed");
	if (len > CFS_NAME_MAX)
		return cfs_fail(err, ENAMETOOLONG,
				"a file name of %zu bytes (at most %d)", len,
				CFS_NAME_MAX);
	return cfs_fail(err, ELOOP, "over %d directories inside each other",
			CFS_TAR_DEPTH_MAX);
}

/* Appends to @buf, of which @len bytes are in use.  Returns what then are. */
static size_t append(uint8_t *buf, size_t len, const uint8_t *from,
		     const uint8_t *to)
{
	memcpy(buf + len, from, (size_t)(to - from));
	return len + (size_t)(to - from);
}

int cfs_tar_path(struct cfs_bytes path, uint8_t buf[static CFS_TAR_PATH_MAX],
		 struct cfs_bytes *ret, struct cfs_err *err)
{
	/* Bytes from @run to @kept are copied as they are: in one piece if the
	 * path is written as it should be. */
	const uint8_t *p = path.data, *end, *run = p, *kept = p;
	unsigned depth = 0;
	size_t len = 0;
	int r = cfs_tar_path_check(path, err);

	if (r < 0)
		return r;
	end = p + path.len;
	for (; p < end; p += p < end) {
		const uint8_t *name = p;
		size_t n;

		while (p < end && *p != '/')
			p++;
		n = (size_t)(p - name);
		if (is_special(name, n)) {
			if (n == 2)
				return refuse_name(n, err);
			continue;
		}
		if (n > CFS_NAME_MAX || ++depth > CFS_TAR_DEPTH_MAX)
			return refuse_name(n > CFS_NAME_MAX ? n : 0, err);
		if (depth == 1) {
			run = name;
		} else if (name != kept + 1) {
			len = append(buf, len, run, kept);
			run = name - 1;
		}
		kept = p;
	}
	len = append(buf, len, run, kept);
	*ret = (struct cfs_bytes){ buf, len };
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
