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
	uint64_t at; /* bytes that were appended and are written */
	/* Appended bytes that do not fill a block yet: holes are of whole
	 * blocks. */
	uint8_t part[4096];
	size_t n_part;
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

int cfs_object_has(struct cfs_store *store, uint64_t size,
		   const struct cfs_digest *id, struct cfs_err *err)
{
	int r = find(store, size, id, err);

	return r < 0 ? r : r == CFS_FOUND_GOOD;
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
	w->store = store;
	w->size = size;
	w->temp = (struct cfs_temp)CFS_TEMP_INIT;
	w->at = w->n_part = 0;
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

static int write_next(struct cfs_object_writer *w, struct cfs_bytes data,
		      struct cfs_err *err)
{
	int r = cfs_object_write(w, w->at, data, err);

	w->at += data.len;
	return r;
}

/* Completes the block that was begun, as far as @data goes. */
static int fill_part(struct cfs_object_writer *w, struct cfs_bytes *data,
		     struct cfs_err *err)
{
	size_t n = sizeof(w->part) - w->n_part;
	struct cfs_bytes head =
		cfs_bytes_cut(data, n < data->len ? n : data->len);

	memcpy(w->part + w->n_part, head.data, head.len);
	w->n_part += head.len;
	if (w->n_part < sizeof(w->part))
		return 0;
	w->n_part = 0;
	return write_next(w, (struct cfs_bytes){ w->part, sizeof(w->part) },
			  err);
}

int cfs_object_append(struct cfs_object_writer *w, struct cfs_bytes data,
		      struct cfs_err *err)
{
	int r = 0;

	if (data.len > w->size - w->at - w->n_part)
		return cfs_fail(err, EBADMSG, "more than %llu bytes",
				(unsigned long long)w->size);
	if (w->n_part > 0)
		r = fill_part(w, &data, err);
	if (r == 0 && data.len >= sizeof(w->part))
		r = write_next(
			w,
			cfs_bytes_cut(&data,
				      data.len - data.len % sizeof(w->part)),
			err);
	return r == 0 && data.len > 0 ? fill_part(w, &data, err) : r;
}

static int append_rest(struct cfs_object_writer *w, struct cfs_err *err)
{
	struct cfs_bytes rest = { w->part, w->n_part };

	w->n_part = 0;
	return rest.len > 0 ? write_next(w, rest, err) : 0;
}

int cfs_object_commit(struct cfs_object_writer *w, const struct cfs_digest *id,
		      struct cfs_err *err)
{
	struct cfs_incoming in = { .id = *id, .size = w->size, .hashed = true };
	struct cfs_store *store = w->store;
	int found, r = append_rest(w, err);

	if (r == 0)
		r = cfs_incoming_prepare(store, &in, err);
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
