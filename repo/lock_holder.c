/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/lock_holder.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/own.h"

#define LINE_MAX_LOCKS 256 /* bytes of a line of /proc/locks */

/*
 * "1: FLOCK  ADVISORY  WRITE 708 fe:01:12345 0 EOF"; a process that waits for a
 * lock has "->" behind the number.  Returns the process, or 0.
 */
static int holder_of(const char *line, const struct stat *st)
{
	unsigned long long inode;
	unsigned dev_major, dev_minor;
	int pid;

	if (sscanf(line, "%*u: FLOCK %*s %*s %d %x:%x:%llu", &pid, &dev_major,
		   &dev_minor, &inode) != 4)
		return 0;
	if (inode != st->st_ino || dev_major != major(st->st_dev) ||
	    dev_minor != minor(st->st_dev) || pid <= 0 || pid == getpid())
		return 0;
	return pid;
}

static void add_name(int pid, struct cfs_buf *ret)
{
	char path[sizeof("/proc//comm") + 16], name[64] = "";
	CFS_AUTOFILE FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	if (*name)
		cfs_buf_addf(ret, "%s (process %d)", name, pid);
	else
		cfs_buf_addf(ret, "process %d", pid);
}

unsigned cfs_lock_holders(const struct cfs_repo *repo, struct cfs_buf *ret)
{
	CFS_AUTOFILE FILE *f = NULL;
	char line[LINE_MAX_LOCKS];
	struct stat st;
	unsigned n = 0;

	if (fstat(repo->fd, &st) < 0)
		return 0;
	f = fopen("/proc/locks", "re");
	while (f && fgets(line, sizeof(line), f)) {
		int pid = holder_of(line, &st);

		if (pid == 0)
			continue;
		if (n < CFS_LOCK_HOLDERS_MAX) {
			cfs_buf_adds(ret, n ? ", " : "");
			add_name(pid, ret);
		} else if (n == CFS_LOCK_HOLDERS_MAX) {
			cfs_buf_adds(ret, ", ...");
		}
		n++;
	}
	return n;
}
