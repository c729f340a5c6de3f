/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/writer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "base/vec.h"
#include "compress/zstd.h"
#include "repo/stream/format.h"
#include "repo/stream/ids.h"
#include "repo/stream/reader.h"

/* Bytes of a run that are held as they are; more are packed. */
#define HELD_MAX (256u << 10)

/*
 * Bytes of chunks that are compressed at a time, more only of a single long
 * write.  Each time, the compressor's tables have to come back into the
 * processor's cache, from which the work in between has driven them.
 */
#define BATCH (512u << 10)

struct cfs_stream_slot {
	uint8_t id[CFS_DIGEST_MAX];
	atomic_bool ready;
};

/*
 * Bytes, and the object behind them; of the last run there is none yet.
 *
 * Chunks are compressed in their order, but threads find out what an object is
 * in any order: a run waits until its object and all before are known.  How
 * many bytes it has stands before them in the stream, so that a run waits for
 * its own end too.
 */
struct run {
	struct run *next;
	uint64_t len;	     /* of the bytes */
	struct cfs_buf held; /* the last of them */
	struct cfs_buf packed;
	struct cfs_zstd *packer; /* of those before; NULL: all are held */
	struct cfs_stream_slot slot;
};

struct name {
	const char *text; /* owned */
	uint64_t index;
};

struct cfs_stream_writer {
	enum cfs_alg alg;
	uint8_t type[8];
	uint64_t size;
	struct run *first, *last; /* of what is not compressed yet */
	struct run *unused;
	struct cfs_buf batch; /* chunks that are not compressed yet */
	struct cfs_buf out;   /* the frame of chunks */
	struct cfs_zstd *zstd;
	struct cfs_ids objects, refs;
	struct cfs_buf kept; /* ids, for the end of objects */
	CFS_VEC(struct name) names;
};

static void free_run(struct run *run)
{
	cfs_buf_free(&run->held);
	cfs_zstd_free(run->packer);
	cfs_buf_free(&run->packed);
	free(run);
}

static void free_runs(struct run *run)
{
	while (run) {
		struct run *next = run->next;

		free_run(run);
		run = next;
	}
}

/* Appends an empty run. */
static int add_run(struct cfs_stream_writer *w, struct cfs_err *err)
{
	struct run *run = w->unused;

	if (run)
		w->unused = run->next;
	else
		run = calloc(1, sizeof(*run));
	if (!run)
		return cfs_no_memory(err);
	run->next = NULL;
	run->len = run->held.len = 0;
	atomic_store_explicit(&run->slot.ready, false, memory_order_relaxed);
	if (w->first)
		w->last->next = run;
	else
		w->first = run;
	w->last = run;
	return 0;
}

int cfs_stream_writer_new(enum cfs_alg alg, const char *type,
			  struct cfs_stream_writer **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_stream_writer_free)
	struct cfs_stream_writer *w = calloc(1, sizeof(*w));
	struct cfs_sink sink;
	int r;

	if (!w)
		return cfs_no_memory(err);
	assert(strlen(type) == sizeof(w->type));
	memcpy(w->type, type, sizeof(w->type));
	w->alg = w->objects.alg = w->refs.alg = alg;
	sink = cfs_sink_of_buf(&w->out);
	r = cfs_zstd_new(&sink, &w->zstd, err);
	if (r == 0 && !cfs_buf_reserve(&w->batch, BATCH))
		r = cfs_no_memory(err);
	if (r == 0)
		r = add_run(w, err);
	if (r < 0)
		return r;
	*ret = cfs_steal_ptr(&w);
	return 0;
}

void cfs_stream_writer_free(struct cfs_stream_writer *w)
{
	if (!w)
		return;
	free_runs(w->first);
	free_runs(w->unused);
	for (size_t i = 0; i < w->names.n; i++)
		free((char *)(uintptr_t)w->names.v[i].text);
	cfs_vec_free(&w->names);
	cfs_buf_free(&w->kept);
	cfs_buf_free(&w->batch);
	cfs_buf_free(&w->out);
	cfs_zstd_free(w->zstd);
	cfs_ids_free(&w->objects);
	cfs_ids_free(&w->refs);
	free(w);
}

/* Moves what the run holds into its packed form, in which even a run of a whole
 * layer takes little memory while it waits. */
static int pack(struct run *run, struct cfs_err *err)
{
	struct cfs_sink to = cfs_sink_of_buf(&run->packed), sink;
	int r;

	if (!run->packer) {
		run->packed.len = 0;
		r = cfs_zstd_new(&to, &run->packer, err);
		if (r < 0)
			return r;
	}
	sink = cfs_zstd_sink(run->packer);
	r = cfs_sink_write(&sink, run->held.data, run->held.len, err);
	run->held.len = 0;
	return r;
}

static int write_inline(void *ctx, const void *data, size_t len,
			struct cfs_err *err)
{
	struct cfs_stream_writer *w = ctx;
	struct run *run = w->last;

	w->size += len;
	run->len += len;
	cfs_buf_add(&run->held, data, len);
	if (run->held.failed)
		return cfs_buf_check(&run->held, err);
	return run->held.len > HELD_MAX ? pack(run, err) : 0;
}

struct cfs_sink cfs_stream_inline(struct cfs_stream_writer *w)
{
	return (struct cfs_sink){ write_inline, w };
}

static int unpack(struct run *run, const struct cfs_sink *to,
		  struct cfs_err *err)
{
	CFS_AUTO(cfs_unzstd_free) struct cfs_unzstd *u = NULL;
	struct cfs_source from, source;
	struct cfs_bytes packed;
	int r = cfs_zstd_end(run->packer, err);

	packed = cfs_buf_bytes(&run->packed);
	from = cfs_source_of_bytes(&packed);
	if (r == 0)
		r = cfs_unzstd_new(&from, &u, err);
	if (r < 0)
		return r;
	source = cfs_unzstd_source(u);
	r = cfs_sink_copy(to, &source, NULL, err);
	cfs_zstd_free(cfs_steal_ptr(&run->packer));
	cfs_buf_free(&run->packed);
	return r;
}

static int compress_batch(struct cfs_stream_writer *w, struct cfs_err *err)
{
	const struct cfs_sink to = cfs_zstd_sink(w->zstd);
	size_t len = w->batch.len;

	w->batch.len = 0;
	return len > 0 ? cfs_sink_write(&to, w->batch.data, len, err) : 0;
}

static int write_chunk(void *ctx, const void *data, size_t len,
		       struct cfs_err *err)
{
	struct cfs_stream_writer *w = ctx;
	const struct cfs_sink to = cfs_zstd_sink(w->zstd);
	int r = len > BATCH - w->batch.len ? compress_batch(w, err) : 0;

	if (r < 0)
		return r;
	if (len > BATCH)
		return cfs_sink_write(&to, data, len, err);
	cfs_buf_add(&w->batch, data, len);
	return cfs_buf_check(&w->batch, err);
}

/* What is written to it are pieces of chunks, in their order. */
static struct cfs_sink chunk_sink(struct cfs_stream_writer *w)
{
	return (struct cfs_sink){ write_chunk, w };
}

static int write_number(const struct cfs_sink *to, int64_t number,
			struct cfs_err *err)
{
	cfs_le64 word = cfs_put64((uint64_t)number);

	return cfs_sink_write(to, &word, sizeof(word), err);
}

/* Writes the bytes of a run, one chunk. */
static int emit_bytes(struct cfs_stream_writer *w, struct run *run,
		      struct cfs_err *err)
{
	const struct cfs_sink to = chunk_sink(w);
	int r;

	if (run->len == 0)
		return 0;
	r = write_number(&to, -(int64_t)run->len, err);
	if (r == 0 && run->packer)
		r = unpack(run, &to, err);
	return r < 0 ? r
		     : cfs_sink_write(&to, run->held.data, run->held.len, err);
}

static int emit(struct cfs_stream_writer *w, struct run *run,
		struct cfs_err *err)
{
	const struct cfs_sink to = chunk_sink(w);
	size_t index;
	int r = emit_bytes(w, run, err);

	if (r == 0)
		r = cfs_ids_index(&w->objects, run->slot.id,
				  CFS_STREAM_REFS_MAX, &index, err);
	return r < 0 ? r : write_number(&to, (int64_t)index, err);
}

/* Writes the runs whose objects are known, up to one that is not. */
static int drain(struct cfs_stream_writer *w, struct cfs_err *err)
{
	while (w->first != w->last &&
	       atomic_load_explicit(&w->first->slot.ready,
				    memory_order_acquire)) {
		struct run *run = w->first;
		int r = emit(w, run, err);

		w->first = run->next;
		run->next = w->unused;
		w->unused = run;
		if (r < 0)
			return r;
	}
	return 0;
}

int cfs_stream_expect(struct cfs_stream_writer *w, uint64_t size,
		      struct cfs_stream_slot **ret, struct cfs_err *err)
{
	struct run *run = w->last;
	int r = drain(w, err);

	if (r == 0)
		r = add_run(w, err);
	if (r < 0)
		return r;
	w->size += size;
	*ret = &run->slot;
	return 0;
}

uint8_t *cfs_stream_slot_bytes(struct cfs_stream_slot *slot)
{
	return slot->id;
}

void cfs_stream_slot_ready(struct cfs_stream_slot *slot)
{
	/* drain() acquires it: a thread that sees the flag sees the digest as
	 * well. */
	atomic_store_explicit(&slot->ready, true, memory_order_release);
}

int cfs_stream_external(struct cfs_stream_writer *w, uint64_t size,
			const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_stream_slot *slot;
	int r = cfs_stream_expect(w, size, &slot, err);

	assert(id->alg == w->alg);
	if (r < 0)
		return r;
	memcpy(slot->id, id->bytes, cfs_alg_size(w->alg));
	cfs_stream_slot_ready(slot);
	return drain(w, err);
}

int cfs_stream_keep(struct cfs_stream_writer *w, const struct cfs_digest *id,
		    struct cfs_err *err)
{
	assert(id->alg == w->alg);
	cfs_buf_add(&w->kept, id->bytes, cfs_alg_size(w->alg));
	return cfs_buf_check(&w->kept, err);
}

int cfs_stream_add_name(struct cfs_stream_writer *w, const char *text,
			const struct cfs_digest *id, struct cfs_err *err)
{
	struct name name, *old = w->names.v;
	size_t index;
	int r = cfs_ids_index(&w->refs, id->bytes, CFS_STREAM_REFS_MAX, &index,
			      err);

	assert(id->alg == w->alg);
	if (r < 0)
		return r;
	for (size_t i = 0; i < w->names.n; i++) {
		if (strcmp(old[i].text, text) != 0)
			continue;
		old[i].index = index;
		return 0;
	}
	name = (struct name){ strdup(text), index };
	if (!name.text)
		return cfs_no_memory(err);
	if (cfs_vec_add(&w->names, name))
		return 0;
	free((char *)(uintptr_t)name.text);
	return cfs_no_memory(err);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text,
		      ((const struct name *)b)->text);
}

/* Adds the named references.  The chunks have been written, so their compressor
 * is free. */
static int add_names(struct cfs_stream_writer *w, struct cfs_buf *out,
		     struct cfs_err *err)
{
	struct name *names = w->names.v;
	size_t n = w->names.n;
	struct cfs_sink to = cfs_sink_of_buf(out), sink;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r;

	/* The same names make the same bytes, whenever they were added. */
	if (n > 0)
		qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++) {
		cfs_buf_addf(&text, "%" PRIu64 ":%s", names[i].index,
			     names[i].text);
		cfs_buf_addc(&text, '\0');
	}
	r = cfs_buf_check(&text, err);
	cfs_zstd_redirect(w->zstd, &to);
	sink = cfs_zstd_sink(w->zstd);
	if (r == 0)
		r = cfs_sink_write(&sink, text.data, text.len, err);
	return r < 0 ? r : cfs_zstd_end(w->zstd, err);
}

static int end_chunks(struct cfs_stream_writer *w, struct cfs_err *err)
{
	size_t size = cfs_alg_size(w->alg), ignored;
	int r = drain(w, err);

	assert(r < 0 || w->first == w->last);
	if (r == 0)
		r = emit_bytes(w, w->last, err);
	for (size_t at = 0; r == 0 && at < w->kept.len; at += size)
		r = cfs_ids_index(&w->objects, w->kept.data + at,
				  CFS_STREAM_REFS_MAX, &ignored, err);
	if (r == 0)
		r = compress_batch(w, err);
	return r < 0 ? r : cfs_zstd_end(w->zstd, err);
}

static struct cfs_stream_range range_of(size_t start, size_t end)
{
	return (struct cfs_stream_range){ cfs_put64(start), cfs_put64(end) };
}

/* Writes all that stands before the chunks. */
static int write_head(struct cfs_stream_writer *w, struct cfs_buf *out,
		      struct cfs_err *err)
{
	struct cfs_stream_header header = {
		.version = CFS_STREAM_VERSION,
		.alg = (uint8_t)w->alg,
		.log_block = CFS_STREAM_LOG_BLOCK,
		.info = range_of(sizeof(header),
				 sizeof(header) +
					 sizeof(struct cfs_stream_info)),
	};
	struct cfs_stream_info info = { .size = cfs_put64(w->size) };
	size_t at = sizeof(header) + sizeof(info);
	int r;

	memcpy(header.magic, CFS_STREAM_MAGIC, CFS_STREAM_MAGIC_LEN);
	memcpy(info.type, w->type, sizeof(w->type));
	cfs_buf_addz(out, at);
	info.stream_refs = range_of(at, at + w->refs.bytes.len);
	at += w->refs.bytes.len;
	info.object_refs = range_of(at, at + w->objects.bytes.len);
	at += w->objects.bytes.len;
	cfs_buf_add(out, w->refs.bytes.data, w->refs.bytes.len);
	cfs_buf_add(out, w->objects.bytes.data, w->objects.bytes.len);
	r = add_names(w, out, err);
	if (r == 0)
		r = cfs_buf_check(out, err);
	if (r < 0)
		return r;
	info.named_refs = range_of(at, out->len);
	info.stream = range_of(out->len, out->len + w->out.len);
	memcpy(out->data, &header, sizeof(header));
	memcpy(out->data + sizeof(header), &info, sizeof(info));
	return 0;
}

int cfs_stream_finish(struct cfs_stream_writer *w, struct cfs_buf *out,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf head = { 0 };
	size_t chunks;
	int r = end_chunks(w, err);

	assert(out->len == 0);
	if (r == 0)
		r = write_head(w, &head, err);
	if (r < 0)
		return r;
	/* The chunks of a large layer are most of the memory that a pull takes:
	 * they make room for the head instead of being copied. */
	chunks = w->out.len;
	cfs_buf_addz(&w->out, head.len);
	r = cfs_buf_check(&w->out, err);
	if (r < 0)
		return r;
	memmove(w->out.data + head.len, w->out.data, chunks);
	memcpy(w->out.data, head.data, head.len);
	cfs_buf_free(out);
	*out = w->out;
	w->out = (struct cfs_buf){ 0 };
	return 0;
}
