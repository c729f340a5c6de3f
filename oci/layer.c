/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer.h"

#include <string.h>

#include "fsverity/feed.h"
#include "oci/layer_archive.h"
#include "repo/object.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "tree/tar/reader.h"

/* A layer under way. */
struct import {
	struct cfs_store *store;
	const struct cfs_oci_layer *layer;
	struct cfs_layer_archive archive;
	struct cfs_stream_writer *stream;
	struct cfs_feed *feed;
	struct cfs_tar *tar;
	struct cfs_twin twin;
	struct cfs_sink raw;
};

static void release(struct import *in)
{
	cfs_twin_close(&in->twin);
	cfs_tar_free(in->tar);
	/* Before the stream: its slots are told by the feed's threads. */
	cfs_feed_free(in->feed);
	cfs_stream_writer_free(in->stream);
	cfs_layer_archive_close(&in->archive);
}

static int start(struct import *in, struct cfs_digester *digester,
		 struct cfs_err *err)
{
	int r = cfs_layer_archive_open(&in->archive, in->layer, err);

	if (r == 0)
		r = cfs_stream_writer_new(in->store->repo.meta.alg,
					  CFS_STREAM_LAYER, &in->stream, err);
	if (r == 0)
		r = cfs_feed_new(digester, &in->feed, err);
	if (r < 0)
		return r;
	in->raw = cfs_stream_inline(in->stream);
	return cfs_tar_new(&in->archive.source, &in->raw, 0, &in->tar, err);
}

/*
 * Compares the content @file with that of its twin, if there is one.  Returns 1
 * when it is the same, and nothing is left to do, or 0 with the content from
 * its beginning in *@content.
 */
static int try_twin(struct import *in, const struct cfs_tar_entry *entry,
		    struct cfs_stream_slot *slot, const struct cfs_source *file,
		    struct cfs_source *content, struct cfs_err *err)
{
	struct cfs_digest id;
	int r;

	*content = *file;
	if (!in->layer->twins || entry->size < CFS_TWIN_MIN || entry->sparse ||
	    !cfs_twins_find(in->layer->twins, entry->path, entry->size, &id) ||
	    !cfs_twin_open(&in->twin, in->store, &id, entry->size))
		return 0;
	r = cfs_twin_compare(&in->twin, file, err);
	if (r == 0)
		*content = cfs_twin_source(&in->twin);
	if (r <= 0)
		return r;
	memcpy(cfs_stream_slot_bytes(slot), id.bytes, cfs_alg_size(id.alg));
	cfs_stream_slot_ready(slot);
	in->store->stats.present++;
	return 1;
}

/* The content of a file becomes an object, which is told its place in the
 * stream when it is stored. */
static int store_content(struct import *in, const struct cfs_tar_entry *entry,
			 struct cfs_stream_slot **ret, struct cfs_err *err)
{
	const struct cfs_source file = cfs_tar_content(in->tar);
	struct cfs_source content;
	bool named = false;
	int r = cfs_stream_expect(in->stream, entry->size, ret, err);

	if (r < 0)
		return cfs_tar_entry_ctx(entry, err);
	r = try_twin(in, entry, *ret, &file, &content, err);
	if (r < 0)
		return r;
	if (r == 0)
		r = cfs_feed_all(in->feed,
				 &(struct cfs_feed_content){
					 &content, entry->size,
					 cfs_stream_slot_bytes(*ret), *ret },
				 &named, err);
	/* The reader of the archive names the entry itself. */
	if (r < 0)
		return named ? r : cfs_tar_entry_ctx(entry, err);
	return 0;
}

/* The file that a sparse entry with the content @content stands for. */
static int store_expanded(struct import *in, const struct cfs_tar_entry *entry,
			  const struct cfs_source *content, struct cfs_err *err)
{
	struct cfs_digest id = { .alg = in->store->repo.meta.alg };
	struct cfs_source source;
	struct cfs_tar_expand x;
	bool ignored;
	int r;

	if (entry->sparse->size <= CFS_INLINE_FROM_DISK)
		return 0;
	r = cfs_tar_expand_init(&x, entry->sparse, entry->size, content, err);
	if (r < 0)
		return r;
	source = cfs_tar_expand_source(&x);
	r = cfs_feed_all(in->feed,
			 &(struct cfs_feed_content){
				 &source, entry->sparse->size, id.bytes, NULL },
			 &ignored, err);
	if (r == 0)
		r = cfs_feed_finish(in->feed, err);
	if (r == 0)
		r = cfs_stream_keep(in->stream, &id, err);
	cfs_tar_expand_free(&x);
	return r;
}

/* Expands and stores a sparse file.  Its map and data, as the archive has them,
 * are in @slot's object, or in memory. */
static int store_sparse(struct import *in, const struct cfs_tar_entry *entry,
			struct cfs_stream_slot *slot, struct cfs_err *err)
{
	struct cfs_digest id = { .alg = in->store->repo.meta.alg };
	struct cfs_bytes rest = entry->content;
	struct cfs_source content = cfs_source_of_bytes(&rest);
	CFS_AUTOFD int fd = -EBADF;
	int r;

	if (!slot)
		return store_expanded(in, entry, &content, err);
	r = cfs_feed_finish(in->feed, err);
	if (r < 0)
		return r;
	memcpy(id.bytes, cfs_stream_slot_bytes(slot), cfs_alg_size(id.alg));
	r = cfs_object_open(in->store->objects, &id, &fd, err);
	if (r <= 0)
		return r < 0 ? r : cfs_fail(err, EIO, "its object is gone");
	content = cfs_source_of_fd(&fd);
	return store_expanded(in, entry, &content, err);
}

static int store_entry(struct import *in, const struct cfs_tar_entry *entry,
		       struct cfs_err *err)
{
	struct cfs_stream_slot *slot = NULL;
	int r = 0;

	if (entry->is_external)
		r = store_content(in, entry, &slot, err);
	if (r == 0 && entry->sparse && store_sparse(in, entry, slot, err) < 0)
		r = cfs_tar_entry_ctx(entry, err);
	return r;
}

static int split(struct import *in, struct cfs_oci_layer_stats *stats,
		 struct cfs_err *err)
{
	const struct cfs_tar_entry *entry;
	int r;

	while ((r = cfs_tar_next(in->tar, &entry, err)) > 0) {
		stats->entries++;
		stats->object_bytes += entry->is_external ? entry->size : 0;
		r = store_entry(in, entry, err);
		if (r < 0)
			return r;
	}
	return r;
}

/* Replaces the failure @err of splitting the archive by that of its digest, if
 * that is another than it should be. */
static int prefer_digest(struct import *in, struct cfs_err *err)
{
	struct cfs_err other;
	uint64_t size;

	if (cfs_layer_archive_check(&in->archive, &size, &other) < 0 &&
	    in->layer->found->text[0])
		*err = other;
	return -err->code;
}

static int import(struct import *in, struct cfs_digester *digester,
		  struct cfs_oci_layer_stats *stats, struct cfs_digest *ret,
		  struct cfs_err *err)
{
	int r = start(in, digester, err);

	if (r == 0)
		r = split(in, stats, err);
	if (r < 0 && in->layer->found && in->archive.decompress)
		r = prefer_digest(in, err);
	if (r == 0)
		r = cfs_layer_archive_check(&in->archive, &stats->bytes, err);
	if (r == 0)
		r = cfs_feed_finish(in->feed, err);
	return r < 0 ? r : cfs_stream_store(in->store, in->stream, ret, err);
}

int cfs_oci_layer_import(struct cfs_store *store, struct cfs_digester *digester,
			 const struct cfs_oci_layer *layer,
			 struct cfs_oci_layer_stats *stats,
			 struct cfs_digest *ret, struct cfs_err *err)
{
	struct import in = { .store = store,
			     .layer = layer,
			     .twin = CFS_TWIN_INIT };
	int r;

	*stats = (struct cfs_oci_layer_stats){ 0 };
	r = import(&in, digester, stats, ret, err);
	release(&in);
	return r;
}
