/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Objects in packs: each is stored when its last byte has come. */
#include <string.h>

#include "ops/fetch_parts.h"
#include "repo/object_stream.h"

struct cfs_fetch_object_run {
	struct cfs_fetch_objects *o;
	const struct cfs_export_run *run;
	struct cfs_http_get get;
	uint64_t at;	    /* offset in the pack of the next byte */
	size_t next;	    /* objects that are stored */
	uint8_t *part;	    /* of an object, CFS_EXPORT_SMALL; or NULL */
	size_t n_part;	    /* bytes of it */
	size_t stored_once; /* objects that are counted */
	char path[CFS_EXPORT_PATH_MAX];
};

static uint32_t index_of(const struct cfs_fetch_object_run *run)
{
	return run->o->plan.packed.v[run->run->first + run->next];
}

static int decompress(struct cfs_fetch_objects *o, struct cfs_bytes stored,
		      struct cfs_bytes *ret, uint8_t *room, size_t size,
		      struct cfs_err *err)
{
	const struct cfs_sink none = { 0 };
	int r = 0;

	if (!o->unzstd)
		r = cfs_unzstd_sink_new(&none, &o->unzstd, err);
	if (r == 0)
		r = cfs_unzstd_whole(o->unzstd, stored, room, size, err);
	*ret = (struct cfs_bytes){ room, size };
	return r;
}

/* Stores the next object, whose bytes are @stored. */
static int store(struct cfs_fetch_object_run *run, struct cfs_bytes stored,
		 struct cfs_err *err)
{
	struct cfs_fetch_objects *o = run->o;
	const struct cfs_export_need *need = &o->needs->v[index_of(run)];
	uint8_t room[CFS_EXPORT_SMALL];
	struct cfs_bytes data = stored;
	int r = 0;

	if (o->places[index_of(run)].zstd)
		r = decompress(o, stored, &data, room, (size_t)need->size, err);
	if (r == 0)
		r = cfs_object_add_claimed(o->f->store, &need->id, data, err);
	if (r < 0)
		return cfs_fetch_blame(need, err);
	run->n_part = 0;
	/* Once, if the range is fetched from the beginning again. */
	if (run->next++ == run->stored_once) {
		run->stored_once++;
		cfs_fetch_count(o, need);
	}
	return 0;
}

static int begin(void *arg, struct cfs_err *err)
{
	struct cfs_fetch_object_run *run = arg;

	run->at = run->run->offset;
	run->next = run->n_part = 0;
	if (!run->part)
		run->part = malloc(CFS_EXPORT_SMALL);
	return run->part ? 0 : cfs_no_memory(err);
}

/* Takes the bytes up to the end of the next object, or of the gap before it. */
static int take(struct cfs_fetch_object_run *run, struct cfs_bytes *bytes,
		struct cfs_err *err)
{
	const struct cfs_export_place *place = &run->o->places[index_of(run)];
	uint64_t wanted = place->offset + place->stored - run->at;
	struct cfs_bytes head;

	if (run->at < place->offset)
		wanted = place->offset - run->at;
	head = cfs_bytes_cut(bytes,
			     bytes->len < wanted ? bytes->len : (size_t)wanted);
	run->at += head.len;
	if (run->at <= place->offset)
		return 0;
	if (head.len == place->stored)
		return store(run, head, err);
	memcpy(run->part + run->n_part, head.data, head.len);
	run->n_part += head.len;
	if (run->n_part < place->stored)
		return 0;
	return store(run, (struct cfs_bytes){ run->part, run->n_part }, err);
}

static int bytes(void *arg, struct cfs_bytes bytes, struct cfs_err *err)
{
	struct cfs_fetch_object_run *run = arg;
	int r = 0;

	cfs_fetch_progress(run->o, bytes.len);
	while (r == 0 && bytes.len > 0)
		r = take(run, &bytes, err);
	return r;
}

static int done(void *arg, int r, struct cfs_err *err)
{
	struct cfs_fetch_object_run *run = arg;

	free(cfs_steal_ptr(&run->part));
	if (r == -ENOENT)
		return cfs_fail(err, ENOENT, "%s lacks %s",
				run->o->f->params->http.urls[0], run->path);
	return r;
}

int cfs_fetch_push_runs(struct cfs_fetch_objects *o, struct cfs_err *err)
{
	int r = 0;

	o->runs = calloc(o->plan.runs.n + 1, sizeof(*o->runs));
	if (!o->runs)
		return cfs_no_memory(err);
	for (size_t i = 0; r == 0 && i < o->plan.runs.n; i++) {
		struct cfs_fetch_object_run *run = &o->runs[i];

		run->o = o;
		run->run = &o->plan.runs.v[i];
		cfs_export_pack_path(run->run->pack, ".pack", run->path);
		run->get = (struct cfs_http_get){ .path = run->path,
						  .offset = run->run->offset,
						  .length = run->run->length,
						  .begin = begin,
						  .bytes = bytes,
						  .done = done,
						  .arg = run };
		r = cfs_http_push(o->f->http, &run->get, err);
	}
	return r;
}

void cfs_fetch_forget_runs(struct cfs_fetch_objects *o)
{
	for (size_t i = 0; o->runs && i < o->plan.runs.n; i++)
		free(o->runs[i].part);
	free(cfs_steal_ptr(&o->runs));
}

void cfs_fetch_count(struct cfs_fetch_objects *o,
		     const struct cfs_export_need *need)
{
	o->f->result.fetched++;
	o->f->result.fetched_raw += need->size;
}

void cfs_fetch_progress(const struct cfs_fetch_objects *o, uint64_t bytes)
{
	if (o->f->params->received)
		o->f->params->received(o->f->params->arg, bytes);
}

int cfs_fetch_blame(const struct cfs_export_need *need, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(&need->id, hex);
	return cfs_ctx(err, "object %s", hex);
}
