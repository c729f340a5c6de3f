/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/object_stream.h"

#include "fsverity/merkle.h"
#include "repo/object.h"
#include "repo/writer.h"

struct cfs_object_stream {
	struct cfs_object_writer *writer;
	struct cfs_merkle *merkle;
	struct cfs_digest id;
	uint64_t size;
};

void cfs_object_stream_free(struct cfs_object_stream *s)
{
	if (!s)
		return;
	cfs_object_abandon(s->writer);
	if (s->merkle)
		cfs_merkle_free(s->merkle);
	free(s);
}

int cfs_object_stream_begin(struct cfs_store *store,
			    const struct cfs_digest *id, uint64_t size,
			    struct cfs_object_stream **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_object_stream_free) struct cfs_object_stream *s = NULL;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return cfs_no_memory(err);
	s->id = *id;
	s->size = size;
	r = cfs_object_begin(store, size, id, &s->writer, err);
	if (r <= 0)
		return r;
	r = cfs_merkle_new(id->alg, &s->merkle, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&s);
	return 1;
}

/* Too many bytes are noticed before they are hashed. */
static int write_stream(void *ctx, const void *data, size_t len,
			struct cfs_err *err)
{
	struct cfs_object_stream *s = ctx;
	struct cfs_bytes bytes = { data, len };
	int r = cfs_object_append(s->writer, bytes, err);

	return r < 0 ? r : cfs_merkle_update(s->merkle, bytes, err);
}

struct cfs_sink cfs_object_stream_sink(struct cfs_object_stream *s)
{
	return (struct cfs_sink){ write_stream, s };
}

static int compare(const struct cfs_digest *have, const struct cfs_digest *id,
		   struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];

	if (cfs_digest_equal(have, id))
		return 0;
	cfs_digest_to_hex(have, hex);
	return cfs_fail(err, EBADMSG, "other bytes: their digest is %s", hex);
}

int cfs_object_stream_end(struct cfs_object_stream *s, struct cfs_err *err)
{
	struct cfs_digest have;
	uint64_t size;
	int r = cfs_merkle_final(s->merkle, &have, &size, err);

	if (r == 0 && size != s->size)
		r = cfs_fail(err, EBADMSG, "%llu bytes; it has %llu",
			     (unsigned long long)size,
			     (unsigned long long)s->size);
	if (r == 0)
		r = compare(&have, &s->id, err);
	return r < 0 ? r
		     : cfs_object_commit(cfs_steal_ptr(&s->writer), &s->id,
					 err);
}

int cfs_object_add_claimed(struct cfs_store *store, const struct cfs_digest *id,
			   struct cfs_bytes data, struct cfs_err *err)
{
	struct cfs_digest have;
	int r = cfs_verity_digest_bytes(id->alg, data, &have, err);

	if (r == 0)
		r = compare(&have, id, err);
	return r < 0 ? r : cfs_object_add_known(store, data, id, err);
}
