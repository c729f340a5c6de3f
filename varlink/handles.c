/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/handles.h"

#include <string.h>

#include "base/auto.h"

static void close_handle(struct cfs_varlink_handle *handle)
{
	cfs_repo_close(&handle->repo);
	free(handle->path);
	*handle = (struct cfs_varlink_handle){ 0 };
}

void cfs_varlink_handles_free(struct cfs_varlink_handles *handles)
{
	for (size_t i = 0; i < CFS_VARLINK_HANDLES_MAX; i++)
		if (handles->v[i].id)
			close_handle(&handles->v[i]);
}

static struct cfs_varlink_handle *find(struct cfs_varlink_handles *handles,
				       uint64_t id)
{
	for (size_t i = 0; i < CFS_VARLINK_HANDLES_MAX; i++)
		if (handles->v[i].id == id)
			return &handles->v[i];
	return NULL;
}

const struct cfs_varlink_handle *cfs_varlink_handles_find(
	const struct cfs_varlink_handles *handles, uint64_t id)
{
	return id ? find((struct cfs_varlink_handles *)(uintptr_t)handles, id)
		  : NULL;
}

bool cfs_varlink_handles_close(struct cfs_varlink_handles *handles, uint64_t id)
{
	struct cfs_varlink_handle *handle = id ? find(handles, id) : NULL;

	if (handle)
		close_handle(handle);
	return handle;
}

/* Opens the repository that @access names if it is @peer's. */
static int open_for(const struct cfs_access *access,
		    const struct cfs_varlink_peer *peer, struct cfs_repo *ret,
		    struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cfs_access_make_writable(access->path, err);

	if (r == 0)
		r = cfs_access_read(access, &repo, err);
	if (r == 0)
		r = cfs_varlink_peer_may_use(peer, repo.fd, err);
	if (r == 0)
		return cfs_fail(err, EACCES,
				"repository %s belongs to another user",
				access->path);
	if (r < 0)
		return r;
	cfs_repo_unlock(&repo);
	*ret = repo;
	repo.fd = -EBADF;
	return 0;
}

int cfs_varlink_handles_open(struct cfs_varlink_handles *handles,
			     const char *path, unsigned flags,
			     const struct cfs_varlink_peer *peer,
			     const struct cfs_varlink_handle **ret,
			     struct cfs_err *err)
{
	struct cfs_varlink_handle *handle = find(handles, 0);
	CFS_AUTOFREE char *copy = strdup(path);
	struct cfs_access access = { .path = copy, .flags = flags };
	struct cfs_repo repo;
	int r;

	if (!copy)
		return cfs_no_memory(err);
	if (!handle)
		return cfs_fail(err, EMFILE,
				"this connection has the maximum of %d "
				"repositories open; close one",
				CFS_VARLINK_HANDLES_MAX);
	r = open_for(&access, peer, &repo, err);
	if (r < 0)
		return r;
	*handle = (struct cfs_varlink_handle){
		.id = ++handles->last,
		.repo = repo,
		.access = access,
		.path = cfs_steal_ptr(&copy),
	};
	*ret = handle;
	return 0;
}
