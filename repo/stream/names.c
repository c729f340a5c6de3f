/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/names.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/link.h"
#include "repo/object.h"
#include "repo/temp.h"

#define STREAMS "streams"
#define REFS	STREAMS "/refs"

_Static_assert(CFS_CONTENT_ID_MAX == CFS_LINK_MAX, "a name is a link's end");

int cfs_content_id_check(const char *content_id, struct cfs_err *err)
{
	/* There are no directories in streams/ but refs/. */
	if (strchr(content_id, '/') || strcmp(content_id, "refs") == 0)
		return cfs_fail(err, EINVAL,
				"'%s' cannot be the name of a stream",
				content_id);
	return cfs_name_check(content_id, err);
}

int cfs_stream_lookup(const struct cfs_repo *repo, const char *content_id,
		      struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	int r = cfs_content_id_check(content_id, err);

	if (r < 0)
		return r;
	dir = cfs_dir_open(repo->fd, STREAMS);
	r = dir < 0 ? dir : cfs_link_object(dir, content_id, ret);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return cfs_fail(err, -r, "read " STREAMS "/%s: %s", content_id,
				strerror(-r));
	if (r == 0)
		return cfs_fail(err, EINVAL,
				STREAMS "/%s is no link to an object",
				content_id);
	return 1;
}

void cfs_stream_file_close(struct cfs_stream_file *file)
{
	cfs_stream_free(cfs_steal_ptr(&file->stream));
	cfs_closep(&file->fd);
}

int cfs_stream_load(const struct cfs_repo *repo, const struct cfs_digest *id,
		    const char *type, struct cfs_stream_file *ret,
		    struct cfs_err *err)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	char path[CFS_OBJECT_PATH_MAX];
	int r;

	if (objects < 0)
		return objects;
	cfs_digest_to_path(id, path);
	r = cfs_object_open(objects, id, &file.fd, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "objects/%s is missing", path);
	if (r > 0)
		r = cfs_object_check(file.fd, id, err);
	file.is_measured = r == CFS_CHECKED_MEASURED;
	if (r >= 0)
		r = cfs_stream_open(file.fd, id->alg, &file.stream, err);
	if (r == 0 && type && !cfs_stream_is(file.stream, type))
		r = cfs_fail(err, EBADMSG,
			     "splitstream: content type '%s' instead of '%s'",
			     cfs_stream_type(file.stream), type);
	if (r < 0)
		return cfs_ctx(err, "objects/%s", path);
	*ret = file;
	file = (struct cfs_stream_file)CFS_STREAM_FILE_INIT;
	return 0;
}

int cfs_stream_store(struct cfs_store *store, struct cfs_stream_writer *w,
		     struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	int r = cfs_stream_finish(w, &bytes, err);

	return r < 0 ? r
		     : cfs_object_add_bytes(store, cfs_buf_bytes(&bytes), ret,
					    err);
}

int cfs_stream_link(struct cfs_store *store, const char *content_id,
		    const struct cfs_digest *id, struct cfs_err *err)
{
	char path[sizeof(STREAMS "/") + CFS_CONTENT_ID_MAX];
	char target[sizeof("../objects/") + CFS_OBJECT_PATH_MAX] =
		"../objects/";
	int r = cfs_content_id_check(content_id, err);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), STREAMS "/%s", content_id);
	cfs_digest_to_path(id, target + strlen(target));
	return cfs_store_link(store, path, target, err);
}

int cfs_stream_ref_set(struct cfs_store *store, const char *ref,
		       const char *content_id, struct cfs_err *err)
{
	int r = cfs_content_id_check(content_id, err);

	return r < 0 ? r : cfs_link_set(store, REFS, ref, content_id, err);
}

int cfs_stream_ref_get(const struct cfs_repo *repo, const char *ref,
		       char ret[static CFS_CONTENT_ID_MAX], struct cfs_err *err)
{
	int r = cfs_link_get(repo, REFS, ref, ret, err);

	return r > 1 ? cfs_fail(err, EINVAL, REFS "/%s does not name a stream",
				ref)
		     : r;
}

int cfs_stream_ref_remove(struct cfs_store *store, const char *ref,
			  struct cfs_err *err)
{
	return cfs_link_remove(store, REFS, ref, err);
}

int cfs_stream_ref_each(const struct cfs_repo *repo, const char *dir,
			cfs_stream_ref_fn *fn, void *arg, struct cfs_err *err)
{
	char top[sizeof(REFS "/") + CFS_REF_MAX];
	int r = *dir ? cfs_name_check(dir, err) : 0;

	if (r < 0)
		return r;
	snprintf(top, sizeof(top), REFS "%s%s", *dir ? "/" : "", dir);
	return cfs_link_each(repo, top, fn, arg, err);
}

int cfs_stream_each(const struct cfs_repo *repo, cfs_stream_fn *fn, void *arg,
		    struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int dir = cfs_dir_open(repo->fd, STREAMS);
	int r;

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return cfs_fail(err, -dir, "open " STREAMS ": %s",
				strerror(-dir));
	r = cfs_dir_list(dir, ".", &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		struct cfs_digest id;

		if (strcmp(names.v[i].name, "refs") == 0 ||
		    strncmp(names.v[i].name, CFS_TEMP_PREFIX,
			    strlen(CFS_TEMP_PREFIX)) == 0)
			continue;
		r = cfs_link_object(dir, names.v[i].name, &id);
		/* The name was removed since it was listed. */
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return cfs_fail(err, -r, "read " STREAMS "/%s: %s",
					names.v[i].name, strerror(-r));
		r = fn(names.v[i].name, r > 0 ? &id : NULL, arg, err);
	}
	return r;
}
