/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/blob.h"

#include "fsverity/merkle.h"
#include "oci/tag.h"
#include "repo/object.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "repo/writer.h"

#define PIECE (256u << 10)

/* Copies to @writer, hashing for both digests. */
static int copy(const struct cfs_source *source, uint64_t size,
		struct cfs_content_hash *hash, struct cfs_merkle *merkle,
		struct cfs_object_writer *writer, struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *piece = malloc(PIECE);
	uint64_t at = 0;

	if (!piece)
		return cfs_no_memory(err);
	for (;;) {
		ssize_t n = cfs_source_full(source, piece, PIECE, err);
		struct cfs_bytes data = { piece, n > 0 ? (size_t)n : 0 };

		if (n <= 0 || data.len > size - at)
			return n < 0 ? (int)n
			       : n == 0 && at == size
				       ? 0
				       : cfs_fail(err, EBADMSG,
						  "it is not %llu bytes long",
						  (unsigned long long)size);
		if (cfs_content_hash_update(hash, data, err) < 0 ||
		    cfs_merkle_update(merkle, data, err) < 0 ||
		    cfs_object_write(writer, at, data, err) < 0)
			return -err->code;
		at += data.len;
	}
}

/* Stores the bytes as an object, which no stream refers to yet. */
static int store_object(struct cfs_store *store,
			const struct cfs_source *source, uint64_t size,
			const struct cfs_oci_id *id, struct cfs_digest *ret,
			struct cfs_err *err)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *merkle = NULL;
	struct cfs_object_writer *writer = NULL;
	int r = cfs_content_hash_new(id->alg, &hash, err);

	if (r == 0)
		r = cfs_merkle_new(store->repo.meta.alg, &merkle, err);
	if (r == 0)
		r = cfs_object_begin(store, size, NULL, &writer, err);
	if (r < 0)
		return r;
	r = copy(source, size, hash, merkle, writer, err);
	if (r == 0)
		r = cfs_oci_id_require(hash, id, "its digest", err);
	if (r == 0)
		r = cfs_merkle_final(merkle, ret, NULL, err);
	if (r < 0)
		cfs_object_abandon(writer);
	return r < 0 ? r : cfs_object_commit(writer, ret, err);
}

int cfs_oci_blob_store(struct cfs_store *store, const struct cfs_source *source,
		       uint64_t size, const struct cfs_oci_id *id,
		       struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest object;
	int r = store_object(store, source, size, id, &object, err);

	if (r == 0)
		r = cfs_stream_writer_new(store->repo.meta.alg, CFS_STREAM_BLOB,
					  &w, err);
	if (r == 0)
		r = cfs_stream_external(w, size, &object, err);
	return r < 0 ? r : cfs_stream_store(store, w, ret, err);
}

int cfs_oci_blob_open(const struct cfs_repo *repo,
		      const struct cfs_digest *stream, int *ret_fd,
		      struct cfs_err *err)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	CFS_AUTOFD int objects = -EBADF;
	struct cfs_stream_chunk chunk;
	struct cfs_digest id;
	int r = cfs_stream_load(repo, stream, CFS_STREAM_BLOB, &file, err);

	if (r == 0)
		r = cfs_stream_next(file.stream, &chunk, err);
	if (r < 0)
		return r;
	if (r == 0 || !chunk.is_object)
		return cfs_fail(err, EBADMSG, "it has no object");
	id = cfs_stream_object(file.stream, (size_t)chunk.n);
	objects = cfs_repo_open_objects(repo, err);
	r = objects < 0 ? objects : cfs_object_open(objects, &id, ret_fd, err);
	return r == 0  ? cfs_fail(err, ENOENT, "its object is missing")
	       : r < 0 ? r
		       : 0;
}

int cfs_oci_blob_find(const struct cfs_repo *repo, const struct cfs_oci_id *id,
		      struct cfs_digest *ret, struct cfs_err *err)
{
	char name[CFS_OCI_NAME_MAX];

	cfs_oci_blob_name(id, name);
	return cfs_stream_lookup(repo, name, ret, err);
}

int cfs_oci_blob_copy(struct cfs_store *store, const struct cfs_repo *from,
		      const struct cfs_oci_id *id, uint64_t size,
		      struct cfs_err *err)
{
	CFS_AUTOFD int have = -EBADF, fd = -EBADF;
	const struct cfs_source source = cfs_source_of_fd(&fd);
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest stream;
	struct cfs_err ignored;
	int r;

	if (cfs_oci_blob_find(&store->repo, id, &stream, &ignored) > 0 &&
	    cfs_oci_blob_open(&store->repo, &stream, &have, &ignored) == 0)
		return 0;
	r = cfs_oci_blob_find(from, id, &stream, err);
	if (r <= 0)
		return r;
	r = cfs_oci_blob_open(from, &stream, &fd, err);
	if (r == 0)
		r = cfs_oci_blob_store(store, &source, size, id, &stream, err);
	cfs_oci_blob_name(id, name);
	if (r == 0)
		r = cfs_stream_link(store, name, &stream, err);
	return r < 0 ? r : 1;
}
