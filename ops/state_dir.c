/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/state_dir.h"

#include <stdio.h>
#include <string.h>

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
