/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/ringinfo.h"

#include <fcntl.h>
#include <keyutils.h>
#include <string.h>

#include "base/io.h"
#include "base/own.h"

#define REQUIRE "/proc/sys/fs/verity/require_signatures"
#define WRITE_ANY \
	(KEY_POS_WRITE | KEY_USR_WRITE | KEY_GRP_WRITE | KEY_OTH_WRITE)
#define READ_ANY (KEY_POS_READ | KEY_USR_READ | KEY_GRP_READ | KEY_OTH_READ)

int cfs_keyring_count(cfs_key ring, struct cfs_err *err)
{
	char none;
	long bytes = keyctl_read(ring, &none, 0);

	if (bytes < 0)
		return cfs_fail_errno(err, "read the .fs-verity keyring");
	return (int)((size_t)bytes / sizeof(key_serial_t));
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
	struct cfs_key_info key;
	int r = cfs_key_describe(ring, &key, err);

	if (r < 0)
		return r;
	*ret = (struct cfs_ring_info){
		.locked = !(key.perm & WRITE_ANY),
		.readable = key.perm & READ_ANY,
		.keys = cfs_keyring_count(ring, &unread),
		.required = required(),
	};
	if (ret->keys < 0)
		ret->keys = listed_count(ring);
	return 0;
}
