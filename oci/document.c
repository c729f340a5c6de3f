/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/document.h"

#include <string.h>

#include "base/io.h"
#include "oci/json_doc.h"
#include "repo/object.h"

void cfs_oci_document_free(struct cfs_oci_document *doc)
{
	cfs_stream_file_close(&doc->file);
	cfs_buf_free(&doc->text);
}

/* Finds the one object that the stream consists of. */
static int only_object(struct cfs_stream *stream, struct cfs_digest *ret,
		       struct cfs_err *err)
{
	struct cfs_stream_chunk chunk;
	int r = cfs_stream_next(stream, &chunk, err);

	if (r == 0 || (r > 0 && !chunk.is_object))
		return cfs_fail(err, EBADMSG,
				"its stream does not begin with an object");
	if (r < 0)
		return r;
	*ret = cfs_stream_object(stream, (size_t)chunk.n);
	return 0;
}

static int read_object(const struct cfs_repo *repo,
		       const struct cfs_digest *object, struct cfs_buf *ret,
		       struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	CFS_AUTOFD int fd = -EBADF;
	int r = objects < 0 ? objects
			    : cfs_object_open(objects, object, &fd, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "its object is missing");
	if (r < 0)
		return r;
	r = cfs_read_all(fd, CFS_OCI_JSON_MAX, ret);
	return r < 0 ? cfs_fail(err, -r, "read: %s", strerror(-r)) : 0;
}

static int check(const struct cfs_oci_id *id, const struct cfs_buf *text,
		 struct cfs_err *err)
{
	struct cfs_oci_id have;
	int r = cfs_oci_id_of_bytes(id->alg, cfs_buf_bytes(text), &have, err);

	if (r == 0 && !cfs_oci_id_equal(&have, id))
		r = cfs_fail(err, EBADMSG,
			     "integrity failed: expected %s, got %s", id->text,
			     have.text);
	return r;
}

int cfs_oci_document_load(const struct cfs_repo *repo, const char *type,
			  const struct cfs_oci_id *id,
			  struct cfs_oci_document *doc, struct cfs_err *err)
{
	struct cfs_digest object;
	int r = cfs_stream_load(repo, &doc->stream, type, &doc->file, err);

	if (r == 0)
		r = only_object(doc->file.stream, &object, err);
	if (r == 0)
		r = read_object(repo, &object, &doc->text, err);
	return r < 0 ? r : check(id, &doc->text, err);
}
