/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/state_dir.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "repo/dir.h"

int cfs_state_lock(const struct cfs_repo *repo, cfs_lock_waiting_fn *waiting,
		   struct cfs_err *err)
{
	int r = cfs_repo_lock(repo, CFS_LOCK_EXCLUSIVE, waiting, err);

	if (r == 0)
		return cfs_fail(err, ENOLCK,
				"the repository's file system has no locks, "
				"which keep others from preparing a boot "
				"meanwhile");
	return r < 0 ? r : 0;
}

int cfs_state_hide(int state, const char *hex, struct cfs_err *err)
{
	char hidden[CFS_DIGEST_HEX_MAX + sizeof("." CFS_STATE_REMOVED)];

	snprintf(hidden, sizeof(hidden), ".%s" CFS_STATE_REMOVED, hex);
	if (renameat(state, hex, state, hidden) == 0)
		return 1;
	return errno == ENOENT
		       ? 0
		       : cfs_fail_errno(err,
					"rename " CFS_STATE_DIR "/%s to %s",
					hex, hidden);
}

/* Is @name a dot, a digest and one of @ends? */
static bool is_left(const char *name, const char *const *ends)
{
	size_t n = strspn(name + 1, "0123456789abcdef");

	if (name[0] != '.' || (n != 64 && n != 128))
		return false;
	for (; *ends; ends++)
		if (strcmp(name + 1 + n, *ends) == 0)
			return true;
	return false;
}

int cfs_state_sweep(int state, const char *const *ends, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = cfs_dir_list(state, ".", &names, err), n = 0;

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		if (!is_left(names.v[i].name, ends))
			continue;
		r = cfs_dir_remove(state, names.v[i].name, CFS_STATE_DEPTH_MAX,
				   err);
		n++;
	}
	return r < 0 ? cfs_ctx(err, CFS_STATE_DIR) : n;
}

/* Makes the directory @path, whatever the umask is: a system's /etc and /var
 * are for all to read. */
static int make_dir(int parent, const char *path, struct cfs_err *err)
{
	CFS_AUTOFD int dir = cfs_make_dirs(parent, path, 0755);
	CFS_AUTOFD int fd = dir < 0 ? dir
				    : cfs_reopen(dir, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return cfs_fail(err, -fd, "make the directory %s: %s", path,
				strerror(-fd));
	return fchmod(fd, 0755) < 0
		       ? cfs_fail_errno(err, "make the directory %s", path)
		       : 0;
}

int cfs_state_make(int parent, const struct cfs_digest *id, struct cfs_err *err)
{
	static const char *const dirs[] = { "", "/var", "/etc", "/etc/upper",
					    "/etc/work" };
	char hex[CFS_DIGEST_HEX_MAX], name[CFS_DIGEST_HEX_MAX + 32];
	char temporary[sizeof(name) + 8], path[sizeof(temporary) + 16];
	int r;

	cfs_digest_to_hex(id, hex);
	snprintf(name, sizeof(name), "state/deploy/%s", hex);
	snprintf(temporary, sizeof(temporary), "state/deploy/.%s.new", hex);
	r = cfs_name_exists(parent, name);
	if (r != 0)
		return r < 0 ? cfs_fail(err, -r, "%s: %s", name, strerror(-r))
			     : 0;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", temporary, dirs[i]);
		r = make_dir(parent, path, err);
		if (r < 0)
			return r;
	}
	/* EEXIST: another process was faster. */
	r = cfs_rename_new(parent, temporary, name);
	return r < 0 && r != -EEXIST
		       ? cfs_fail(err, -r, "make %s: %s", name, strerror(-r))
		       : 0;
}
