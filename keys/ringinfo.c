/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/ringinfo.h"

#include <fcntl.h>
#include <keyutils.h>
#include <string.h>

#include "base/io.h"

#define REQUIRE	 "/proc/sys/fs/verity/require_signatures"
#define DESC_MAX 512
#define WRITE_ANY \
	(KEY_POS_WRITE | KEY_USR_WRITE | KEY_GRP_WRITE | KEY_OTH_WRITE)
#define READ_ANY (KEY_POS_READ | KEY_USR_READ | KEY_GRP_READ | KEY_OTH_READ)

/* "type;uid;gid;perm;description": the permissions and where the description
 * begins. */
static int describe(cfs_key key, char *text, size_t size, unsigned *ret_perm,
		    const char **ret_name, struct cfs_err *err)
{
	int pos = 0;

	text[0] = '\0';
	if (keyctl_describe(key, text, size - 1) < 0)
		return cfs_fail_errno(err, "describe key %d", key);
	if (sscanf(text, "%*[^;];%*u;%*u;%x;%n", ret_perm, &pos) != 1 || !pos)
		return cfs_fail(err, EINVAL,
				"describe key %d: the kernel says '%s'", key,
				text);
	*ret_name = text + pos;
	return 0;
}

/* The count of a ring that may not be read: /proc/keys lists it as
 * "<serial> ... keyring .fs-verity: <count>", "empty" for none. */
static int listed_count(cfs_key ring)
{
	CFS_AUTOFILE FILE *f = fopen("/proc/keys", "re");
	char line[1024], count[16];
	unsigned serial;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line,
			   "%x %*s %*s %*s %*x %*d %*d keyring .fs-verity: "
			   "%15s",
			   &serial, count) == 2 &&
		    serial == (unsigned)ring)
			return strcmp(count, "empty") ? atoi(count) : 0;
	}
	return -1;
}

static int required(void)
{
	CFS_AUTOFD int fd = open(REQUIRE, O_RDONLY | O_CLOEXEC);
	char c;

	if (fd < 0 || cfs_read_full(fd, &c, 1) != 1)
		return -1;
	return c == '1';
}

int cfs_ring_inspect(cfs_key ring, struct cfs_ring_info *ret,
		     struct cfs_err *err)
{
	struct cfs_err unread = { 0 };
	char text[DESC_MAX];
	const char *name;
	unsigned perm;
	int r = describe(ring, text, sizeof(text), &perm, &name, err);

	if (r < 0)
		return r;
	*ret = (struct cfs_ring_info){
		.locked = !(perm & WRITE_ANY),
		.readable = perm & READ_ANY,
		.keys = cfs_keyring_count(ring, &unread),
		.required = required(),
	};
	if (ret->keys < 0)
		ret->keys = listed_count(ring);
	return 0;
}

int cfs_ring_each(cfs_key ring, cfs_ring_fn *fn, void *arg, struct cfs_err *err)
{
	CFS_AUTOFREE key_serial_t *keys = NULL;
	int n = cfs_keyring_count(ring, err);
	long bytes;

	if (n < 0)
		return n;
	keys = calloc((size_t)n + 1, sizeof(*keys));
	if (!keys)
		return cfs_fail(err, ENOMEM, "out of memory");
	bytes = keyctl_read(ring, (char *)keys, (size_t)n * sizeof(*keys));
	if (bytes < 0)
		return cfs_fail_errno(err, "read the .fs-verity keyring");
	if ((size_t)bytes < (size_t)n * sizeof(*keys))
		n = (int)((size_t)bytes / sizeof(*keys));
	for (int i = 0; i < n; i++) {
		char text[DESC_MAX];
		const char *name;
		unsigned perm;
		int r = describe(keys[i], text, sizeof(text), &perm, &name,
				 err);

		if (r == 0)
			r = fn(keys[i], name, arg, err);
		if (r != 0)
			return r;
	}
	return 0;
}
