/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/reader.h"

#include <string.h>

/* Shorter pieces of content are copied out of the buffer, which then has the
 * entries that follow as well. */
#define DIRECT_MIN (16u << 10)

struct cfs_tar {
	struct cfs_source source;
	struct cfs_sink raw; /* write: NULL if not wanted */
	unsigned flags;
	uint8_t *buf;		  /* owned, CFS_TAR_BUFFER bytes */
	size_t raw_from, at, end; /* not with @raw yet, not read, not there */
	bool eof;		  /* of the source */
	bool done;
	uint64_t offset;   /* of buf[at] in the archive */
	uint64_t raw_len;  /* bytes that @raw has */
	uint64_t external; /* bytes of content of the entry, not read */
	uint64_t rest;	   /* bytes that follow them and are raw */
	uint32_t entries;
	uint32_t extensions; /* bytes of extension headers so far */
	uint64_t holes;	     /* bytes in sparse files so far */
	struct cfs_tar_pending pending;
	struct cfs_tar_entry entry;
	uint8_t small[CFS_INLINE_FROM_DISK];
};

int cfs_tar_new(const struct cfs_source *source, const struct cfs_sink *raw,
		unsigned flags, struct cfs_tar **ret, struct cfs_err *err)
{
	struct cfs_tar *t = calloc(1, sizeof(*t));

	if (t)
		t->buf = malloc(CFS_TAR_BUFFER);
	if (!t || !t->buf) {
		free(t);
		return cfs_no_memory(err);
	}
	t->source = *source;
	if (raw)
		t->raw = *raw;
	t->flags = flags;
	*ret = t;
	return 0;
}

void cfs_tar_free(struct cfs_tar *t)
{
	if (!t)
		return;
	cfs_tar_pending_free(&t->pending);
	free(t->buf);
	free(t);
}

static int flush_raw(struct cfs_tar *t, struct cfs_err *err)
{
	size_t len = t->at - t->raw_from;
	int r = 0;

	if (t->raw.write)
		r = cfs_sink_write(&t->raw, t->buf + t->raw_from, len, err);
	t->raw_from = t->at;
	t->raw_len += len;
	return r;
}

/* Reads once.  What is not read yet, less than two blocks, moves to the
 * front. */
static int fill(struct cfs_tar *t, struct cfs_err *err)
{
	size_t have = t->end - t->at;
	ssize_t n;
	int r = flush_raw(t, err);

	if (r < 0)
		return r;
	if (have > 0 && t->at > 0)
		memmove(t->buf, t->buf + t->at, have);
	t->raw_from = t->at = 0;
	t->end = have;
	n = cfs_source_read(&t->source, t->buf + have, CFS_TAR_BUFFER - have,
			    err);
	if (n < 0)
		return cfs_ctx(err, "at byte %llu of the archive",
			       (unsigned long long)t->offset + have);
	t->eof = n == 0;
	t->end += (size_t)n;
	return 0;
}

/* Makes @len (at most two blocks) bytes wait at t->at.  Returns 1, or 0 when
 * the source has fewer. */
static int need(struct cfs_tar *t, size_t len, struct cfs_err *err)
{
	while (t->end - t->at < len) {
		int r = t->eof ? 0 : fill(t, err);

		if (r < 0)
			return r;
		if (t->eof)
			return 0;
	}
	return 1;
}

static void advance(struct cfs_tar *t, size_t len)
{
	t->at += len;
	t->offset += len;
}

static int cut_short(struct cfs_err *err)
{
	return cfs_fail(err, EINVAL, "the archive is cut short");
}

/* Passes @len bytes on to @raw, and appends them to @copy, if any. */
static int pass(struct cfs_tar *t, uint64_t len, struct cfs_buf *copy,
		struct cfs_err *err)
{
	while (len > 0) {
		size_t n = t->end - t->at;
		int r;

		if (n == 0) {
			r = need(t, 1, err);
			if (r <= 0)
				return r < 0 ? r : cut_short(err);
			continue;
		}
		if (n > len)
			n = (size_t)len;
		if (copy)
			cfs_buf_add(copy, t->buf + t->at, n);
		advance(t, n);
		len -= n;
	}
	return copy ? cfs_buf_check(copy, err) : 0;
}

static uint64_t padding(uint64_t size)
{
	return -size & (CFS_TAR_BLOCK - 1);
}

static int skip_external(struct cfs_tar *t, struct cfs_err *err)
{
	while (t->external > 0) {
		size_t n = t->end - t->at;
		int r;

		if (n > t->external)
			n = (size_t)t->external;
		advance(t, n);
		t->raw_from = t->at;
		t->external -= n;
		if (t->external == 0)
			break;
		r = need(t, 1, err);
		if (r <= 0)
			return r < 0 ? r : cut_short(err);
	}
	return 0;
}

static int finish_entry(struct cfs_tar *t, struct cfs_err *err)
{
	uint64_t rest = t->rest;
	int r = skip_external(t, err);

	t->rest = 0;
	if (r == 0)
		r = pass(t, rest, NULL, err);
	return r < 0 ? cfs_tar_entry_ctx(&t->entry, err) : 0;
}

static int pass_to_end(struct cfs_tar *t, struct cfs_err *err)
{
	int r;

	t->done = true;
	do {
		advance(t, t->end - t->at);
		r = need(t, 1, err);
	} while (r > 0);
	return r < 0 ? r : flush_raw(t, err);
}

/* Offsets stay below 2^63 although no bytes stand behind them with
 * CFS_TAR_SPLIT. */
static int check_size(const struct cfs_tar *t, int64_t size,
		      struct cfs_err *err)
{
	if (size < 0)
		return cfs_fail(err, EINVAL, "its size is negative");
	if (size > INT64_MAX - 2 * CFS_TAR_BLOCK - (int64_t)t->offset)
		return cfs_fail(err, EFBIG, "the archive is over 2^63 bytes");
	return 0;
}

static int take_extension(struct cfs_tar *t,
			  const struct cfs_tar_header *header,
			  struct cfs_buf *data, struct cfs_err *err)
{
	uint64_t size = (uint64_t)header->size, at = t->offset;
	int r = check_size(t, header->size, err);

	if (r == 0 && data && size > CFS_TAR_EXTENSIONS_MAX - t->extensions)
		r = cfs_fail(
			err, E2BIG,
			"over %u bytes of extension headers in one archive",
			CFS_TAR_EXTENSIONS_MAX);
	if (r == 0 && data)
		t->extensions += (uint32_t)size;
	if (r == 0) {
		advance(t, CFS_TAR_BLOCK);
		r = pass(t, size, data, err);
	}
	if (r == 0)
		r = pass(t, padding(size), NULL, err);
	if (r < 0)
		return cfs_ctx(err, "extension header at offset %llu",
			       (unsigned long long)at);
	return 1;
}

/* Global headers have no effect, as in composefs-rs.  One between an extension
 * header and its entry is refused: some readers then drop the extension header,
 * others do not. */
static int skip_global(struct cfs_tar *t, const struct cfs_tar_header *header,
		       struct cfs_err *err)
{
	if (cfs_tar_pending_any(&t->pending))
		return cfs_fail(err, EINVAL,
				"global header at offset %llu: between an "
				"extension header and its entry",
				(unsigned long long)t->offset);
	return take_extension(t, header, NULL, err);
}

/* The blocks of the map of a sparse file, between its header and content. */
static int take_map(struct cfs_tar *t, struct cfs_err *err)
{
	int r;

	do {
		r = need(t, CFS_TAR_BLOCK, err);
		if (r <= 0)
			return r < 0 ? r : cut_short(err);
		r = cfs_tar_sparse_block(&t->pending.sparse, t->buf + t->at,
					 err);
		advance(t, CFS_TAR_BLOCK);
	} while (r > 0);
	return r;
}

/* Content that is at hand with the entry, and what is to follow. */
static int begin_content(struct cfs_tar *t, struct cfs_err *err)
{
	struct cfs_tar_entry *e = &t->entry;
	int r = check_size(t, (int64_t)e->size, err);

	if (r < 0)
		return r;
	t->rest = padding(e->size);
	/* raw_before counts what @raw has, so nothing may be left in the
	 * buffer. */
	if (e->is_external) {
		r = flush_raw(t, err);
		e->raw_before = t->raw_len;
		if (t->flags & CFS_TAR_SPLIT)
			t->offset += e->size;
		else
			t->external = e->size;
		return r;
	}
	/* Only regular files have content; bytes given for anything else are
	 * kept with the raw ones. */
	if (!S_ISREG(e->mode)) {
		t->rest += e->size;
		return 0;
	}
	r = need(t, (size_t)e->size, err);
	if (r <= 0)
		return r < 0 ? r : cut_short(err);
	memcpy(t->small, t->buf + t->at, (size_t)e->size);
	e->content = (struct cfs_bytes){ t->small, (size_t)e->size };
	advance(t, (size_t)e->size);
	return 0;
}

static int take_entry(struct cfs_tar *t, const struct cfs_tar_header *header,
		      struct cfs_err *err)
{
	struct cfs_tar_entry *e = &t->entry;
	int r = cfs_tar_entry_make(&t->pending, header, t->buf + t->at,
				   t->offset, e, err);

	if (r < 0)
		return cfs_tar_entry_ctx(e, err);
	advance(t, CFS_TAR_BLOCK);
	if (r > 0)
		r = take_map(t, err);
	if (r == 0 && e->sparse)
		r = cfs_tar_sparse_check(&t->pending.sparse, e->size, err);
	if (r == 0 && e->sparse)
		r = cfs_tar_sparse_count(e->sparse, e->size, &t->holes, err);
	if (r == 0 && t->entries++ >= CFS_TAR_ENTRIES_MAX)
		r = cfs_fail(err, ENFILE, "over %u entries in one archive",
			     CFS_TAR_ENTRIES_MAX);
	if (r == 0)
		r = begin_content(t, err);
	return r < 0 ? cfs_tar_entry_ctx(e, err) : 0;
}

/* Looks at a zero block.  Two of them are the end (0).  A lone one is skipped
 * (1): ending there, as libarchive does, would lose the entries behind it
 * without a word. */
static int take_zeros(struct cfs_tar *t, struct cfs_err *err)
{
	int r = need(t, 2 * CFS_TAR_BLOCK, err);

	if (r < 0)
		return r;
	if (r == 0)
		return cfs_fail(err, EINVAL,
				"the archive is cut short after the zero block "
				"at offset %llu",
				(unsigned long long)t->offset);
	if (!cfs_tar_block_is_zero(t->buf + t->at + CFS_TAR_BLOCK)) {
		advance(t, CFS_TAR_BLOCK);
		return 1;
	}
	return 0;
}

static int end_of_archive(struct cfs_tar *t, struct cfs_err *err)
{
	if (cfs_tar_pending_any(&t->pending))
		return cfs_fail(err, EINVAL,
				"the archive ends at offset %llu with an "
				"extension header that has no entry",
				(unsigned long long)t->offset);
	return pass_to_end(t, err);
}

/* Waits for a header block.  Returns 0 at the end of the archive. */
static int next_block(struct cfs_tar *t, struct cfs_err *err)
{
	int r;

	do {
		r = need(t, CFS_TAR_BLOCK, err);
		if (r < 0)
			return r;
		if (r == 0 && t->end > t->at)
			return cfs_fail(
				err, EINVAL,
				"the archive is cut short in the header "
				"at offset %llu",
				(unsigned long long)t->offset);
		/* The source may end without zero blocks. */
		if (r == 0 || !cfs_tar_block_is_zero(t->buf + t->at))
			return r;
		r = take_zeros(t, err);
	} while (r > 0);
	return r;
}

int cfs_tar_next(struct cfs_tar *t, const struct cfs_tar_entry **ret,
		 struct cfs_err *err)
{
	struct cfs_tar_header header;
	struct cfs_buf *data;
	int r = t->done ? 0 : finish_entry(t, err);

	if (r < 0 || t->done)
		return r;
	cfs_tar_pending_reset(&t->pending);
	do {
		r = next_block(t, err);
		if (r <= 0)
			return r < 0 ? r : end_of_archive(t, err);
		r = cfs_tar_header_parse(t->buf + t->at, &header, err);
		if (r == 0)
			r = cfs_tar_pending_take(&t->pending, &header, &data,
						 err);
		if (r < 0)
			return cfs_ctx(err, "header at offset %llu",
				       (unsigned long long)t->offset);
		if (r > 0)
			r = take_extension(t, &header, data, err);
		else if (header.type == 'g')
			r = skip_global(t, &header, err);
	} while (r > 0);
	if (r == 0)
		r = take_entry(t, &header, err);
	if (r < 0)
		return r;
	*ret = &t->entry;
	return 1;
}

/* Gives what the buffer has, or else what the source gives at once. */
static ssize_t read_some(struct cfs_tar *t, uint8_t *data, size_t len,
			 struct cfs_err *err)
{
	size_t n = t->end - t->at;

	if (n == 0 && len >= DIRECT_MIN) {
		ssize_t got = cfs_source_read(&t->source, data, len, err);

		t->eof = got == 0;
		if (got > 0)
			t->offset += (uint64_t)got;
		return got;
	}
	if (n == 0) {
		int r = need(t, 1, err);

		if (r <= 0)
			return r;
		n = t->end - t->at;
	}
	if (n > len)
		n = len;
	memcpy(data, t->buf + t->at, n);
	advance(t, n);
	t->raw_from = t->at;
	return (ssize_t)n;
}

ssize_t cfs_tar_read(struct cfs_tar *t, void *data, size_t len,
		     struct cfs_err *err)
{
	uint8_t *to = data;
	size_t done = 0;

	if (len > t->external)
		len = (size_t)t->external;
	while (done < len) {
		ssize_t n = read_some(t, to + done, len - done, err);

		if (n == 0)
			n = cut_short(err);
		if (n < 0)
			return cfs_tar_entry_ctx(&t->entry, err);
		done += (size_t)n;
		t->external -= (uint64_t)n;
	}
	return (ssize_t)done;
}

static ssize_t read_content(void *ctx, void *data, size_t len,
			    struct cfs_err *err)
{
	return cfs_tar_read(ctx, data, len, err);
}

struct cfs_source cfs_tar_content(struct cfs_tar *t)
{
	return (struct cfs_source){ read_content, t };
}
