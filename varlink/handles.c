/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/handles.h"

#include <string.h>
#include <sys/stat.h>

#include "base/own.h"

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

/* Finds the handle @id, or with 0 a free place. */
static struct cfs_varlink_handle *find(struct cfs_varlink_handles *handles,
				       uint64_t id)
{
	for (size_t i = 0; i < CFS_VARLINK_HANDLES_MAX; i++)
		if (handles->v[i].id == id)
			return &handles->v[i];
	return NULL;
}

bool cfs_varlink_handles_close(struct cfs_varlink_handles *handles, uint64_t id)
{
	struct cfs_varlink_handle *handle = id ? find(handles, id) : NULL;
	bool known = handle;

	if (handle)
		close_handle(handle);
	if (handles->shared)
		known |= cfs_varlink_register_remove(handles->shared, id);
	return known;
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
	/* No lock is held between calls. */
	cfs_repo_unlock(&repo);
	*ret = repo;
	repo.fd = -EBADF;
	return 0;
}

/* Opens the repository @path for @peer in *@ret, which has no id yet. */
static int open_in(struct cfs_varlink_handles *handles, const char *path,
		   unsigned flags, const struct cfs_varlink_peer *peer,
		   struct cfs_varlink_handle **ret, struct cfs_err *err)
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
		.repo = repo,
		.access = access,
		.path = cfs_steal_ptr(&copy),
	};
	*ret = handle;
	return 0;
}

/* Gives @handle an id, by which the register, if there is one, knows its
 * place. */
static int name(struct cfs_varlink_handles *handles,
		struct cfs_varlink_handle *handle, struct cfs_err *err)
{
	struct cfs_varlink_place place = { 0 };
	size_t len = strlen(handle->path);
	struct stat st;

	if (!handles->shared) {
		handle->id = ++handles->last;
		return 0;
	}
	if (len >= sizeof(place.path))
		return cfs_fail(err, ENAMETOOLONG, "the path is too long");
	if (fstat(handle->repo.fd, &st) < 0)
		return cfs_fail_errno(err, "%s", handle->path);
	place.dev = st.st_dev;
	place.ino = st.st_ino;
	memcpy(place.path, handle->path, len);
	return cfs_varlink_register_add(handles->shared, &place, &handle->id,
					err);
}

int cfs_varlink_handles_open(struct cfs_varlink_handles *handles,
			     const char *path, unsigned flags,
			     const struct cfs_varlink_peer *peer,
			     const struct cfs_varlink_handle **ret,
			     struct cfs_err *err)
{
	struct cfs_varlink_handle *handle;
	int r = open_in(handles, path, flags, peer, &handle, err);

	if (r < 0)
		return r;
	r = name(handles, handle, err);
	if (r < 0) {
		close_handle(handle);
		return r;
	}
	*ret = handle;
	return 0;
}

static bool is_at(const struct cfs_varlink_handle *handle,
		  const struct cfs_varlink_place *place)
{
	struct stat st;

	return fstat(handle->repo.fd, &st) == 0 && st.st_dev == place->dev &&
	       st.st_ino == place->ino;
}

int cfs_varlink_handles_find(struct cfs_varlink_handles *handles, uint64_t id,
			     unsigned flags,
			     const struct cfs_varlink_peer *peer,
			     const struct cfs_varlink_handle **ret,
			     struct cfs_err *err)
{
	struct cfs_varlink_handle *handle = id ? find(handles, id) : NULL;
	struct cfs_varlink_place place;
	int r;

	if (!handle) {
		if (!handles->shared ||
		    !cfs_varlink_register_find(handles->shared, id, &place))
			return 0;
		/* Another connection opened it: each has descriptors of its
		 * own. */
		r = open_in(handles, place.path, flags, peer, &handle, err);
		if (r < 0)
			return r;
		/* By now, another repository may be in its place. */
		if (!is_at(handle, &place)) {
			close_handle(handle);
			return 0;
		}
		handle->id = id;
	}
	*ret = handle;
	return 1;
}
