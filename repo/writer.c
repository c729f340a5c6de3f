/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/writer.h"

#include <string.h>

#include "base/own.h"
#include "repo/copy.h"
#include "repo/incoming.h"

struct cfs_object_writer {
	struct cfs_store *store;
	uint64_t size;
	struct cfs_temp temp;
};

static int find(struct cfs_store *store, uint64_t size,
		const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_incoming in = { .id = *id, .size = size };
	int r = cfs_incoming_prepare(store, &in, err);

	if (r == 0)
		r = cfs_incoming_look(store, &in, err);
	if (r < 0)
		return cfs_ctx(err, "object %s", in.path);
	return r;
}

int cfs_object_begin(struct cfs_store *store, uint64_t size,
		     const struct cfs_digest *id,
		     struct cfs_object_writer **ret, struct cfs_err *err)
{
	CFS_AUTOFREE struct cfs_object_writer *w = NULL;
	int r = id ? find(store, size, id, err) : CFS_FOUND_ABSENT;

	if (r == CFS_FOUND_GOOD) {
		store->stats.present++;
		return 0;
	}
	if (r < 0)
		return r;
	w = malloc(sizeof(*w));
	if (!w)
		return cfs_no_memory(err);
	*w = (struct cfs_object_writer){ store, size, CFS_TEMP_INIT };
	r = cfs_incoming_open(store, -1, &w->temp, err);
	if (r < 0)
		return r;
	/* Of its full length from the start: what is not written is a hole. */
	if (ftruncate(w->temp.fd, (off_t)size) < 0) {
		r = cfs_fail_errno(err, "create an object of %llu bytes",
				   (unsigned long long)size);
		cfs_temp_close(&w->temp);
		return r;
	}
	*ret = cfs_steal_ptr(&w);
	return 1;
}

int cfs_object_write(struct cfs_object_writer *w, uint64_t off,
		     struct cfs_bytes data, struct cfs_err *err)
{
	return cfs_copy_piece(data, w->temp.fd, off, err);
}

int cfs_object_commit(struct cfs_object_writer *w, const struct cfs_digest *id,
		      struct cfs_err *err)
{
	struct cfs_incoming in = { .id = *id, .size = w->size, .hashed = true };
	struct cfs_store *store = w->store;
	int found, r = cfs_incoming_prepare(store, &in, err);

	/* Another writer may have stored it meanwhile. */
	found = r < 0 ? r : cfs_incoming_look(store, &in, err);
	if (found == CFS_FOUND_GOOD)
		store->stats.present++;
	else if (found >= 0)
		r = cfs_incoming_publish(store, &w->temp, &in,
					 (enum cfs_found)found, err);
	cfs_object_abandon(w);
	if (found < 0 || r < 0)
		return cfs_ctx(err, "object %s", in.path);
	return 0;
}

void cfs_object_abandon(struct cfs_object_writer *w)
{
	if (!w)
		return;
	cfs_temp_close(&w->temp);
	free(w);
}
