/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/reader.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/vec.h"
#include "compress/zstd.h"
#include "repo/stream/format.h"

/* Bytes of a range of a file, as a source. */
struct section {
	int fd;
	uint64_t at, end;
};

struct name {
	size_t at; /* of the text, in names_text */
	uint64_t index;
};

struct cfs_stream {
	int fd;
	enum cfs_alg alg;
	char type[sizeof(((struct cfs_stream_info *)0)->type) + 1];
	uint64_t size;
	struct cfs_buf objects, refs; /* ids */
	struct cfs_buf names_text;    /* "<index>:<name>\0" ... */
	CFS_VEC(struct name) names;
	struct section all, rest; /* of chunks; what is not read yet */
	struct cfs_unzstd *zstd;  /* of names, then of chunks */
	uint64_t left;		  /* bytes of the current chunk */
};

static ssize_t read_section(void *ctx, void *data, size_t len,
			    struct cfs_err *err)
{
	struct section *s = ctx;
	ssize_t n;

	if (len > s->end - s->at)
		len = (size_t)(s->end - s->at);
	if (len == 0)
		return 0;
	n = cfs_pread_full(s->fd, data, len, s->at);
	if (n < 0)
		return cfs_fail(err, (int)-n, "read: %s", strerror((int)-n));
	if ((size_t)n != len)
		return cfs_fail(err, EBADMSG, "the file became shorter");
	s->at += len;
	return n;
}

static int bad(struct cfs_err *err, const char *what)
{
	return cfs_fail(err, EBADMSG, "splitstream: %s", what);
}

/* Reads the header, of the present form or of the one before it. */
static int read_header(int fd, enum cfs_alg alg, struct cfs_stream_range *info,
		       struct cfs_err *err)
{
	union {
		struct cfs_stream_header now;
		struct cfs_stream_old_header old;
	} h;
	ssize_t n = cfs_pread_full(fd, &h, sizeof(h), 0);
	bool is_old;

	if (n < 0)
		return cfs_fail(err, (int)-n, "read: %s", strerror((int)-n));
	if ((size_t)n != sizeof(h))
		return bad(err, "shorter than its header");
	is_old = memcmp(h.now.magic, CFS_STREAM_MAGIC, CFS_STREAM_MAGIC_LEN) !=
		 0;
	if (is_old &&
	    memcmp(h.old.magic, CFS_STREAM_MAGIC, CFS_STREAM_MAGIC_LEN) != 0)
		return bad(err, "wrong magic value");
	if ((is_old ? h.old.version : h.now.version) != CFS_STREAM_VERSION)
		return cfs_fail(err, EBADMSG,
				"splitstream: unknown version %u; a newer "
				"program may read it",
				is_old ? h.old.version : h.now.version);
	if ((is_old ? h.old.alg : h.now.alg) != alg)
		return cfs_fail(err, EBADMSG,
				"splitstream: its digests are not %s",
				cfs_alg_name(alg));
	if ((is_old ? h.old.log_block : h.now.log_block) !=
	    CFS_STREAM_LOG_BLOCK)
		return bad(err, "the fs-verity block size is not 4096");
	*info = is_old ? h.old.info : h.now.info;
	return 0;
}

/* Ranges that must lie inside the file and apart: header, info, sections. */
struct layout {
	uint64_t file_size;
	unsigned n;
	struct section taken[6];
};

static int take(struct layout *l, struct cfs_stream_range range,
		struct section *ret, struct cfs_err *err)
{
	struct section s = { .at = cfs_get64(range.start),
			     .end = cfs_get64(range.end) };

	if (s.at > s.end || s.end > l->file_size)
		return bad(err, "a section lies outside the file");
	for (unsigned i = 0; i < l->n && s.at < s.end; i++)
		if (s.at < l->taken[i].end && l->taken[i].at < s.end)
			return bad(err, "two sections overlap");
	assert(l->n < CFS_ARRAY_SIZE(l->taken));
	l->taken[l->n++] = *ret = s;
	return 0;
}

static int read_ids(struct cfs_stream *s, struct section section,
		    struct cfs_buf *ret, struct cfs_err *err)
{
	uint64_t len = section.end - section.at;
	struct cfs_source source = { read_section, &section };

	section.fd = s->fd;
	if (len % cfs_alg_size(s->alg) != 0)
		return bad(err, "a list of digests has an odd length");
	if (len / cfs_alg_size(s->alg) > CFS_STREAM_REFS_MAX)
		return cfs_fail(err, EFBIG,
				"splitstream: over %u references are not "
				"supported",
				CFS_STREAM_REFS_MAX);
	return cfs_source_all(&source, (size_t)len, ret, err);
}

/* "<index>:<name>\0" from @at on; *@ret_end is where the next one begins. */
static int parse_name(struct cfs_stream *s, size_t at, size_t *ret_end,
		      struct cfs_err *err)
{
	const char *text = (char *)s->names_text.data + at;
	const char *nul = memchr(text, '\0', s->names_text.len - at);
	const char *colon = nul ? memchr(text, ':', (size_t)(nul - text))
				: NULL;
	struct name name = { 0 };

	if (!nul)
		return bad(err, "a named reference has no end");
	if (!colon)
		return bad(err, "a named reference has no colon");
	/* Nine digits cannot overflow. */
	if (colon == text || colon - text > 9)
		return bad(err, "a named reference has no valid index");
	for (const char *c = text; c < colon; c++) {
		if (*c < '0' || *c > '9')
			return bad(err, "a named reference has no valid index");
		name.index = name.index * 10 + (uint64_t)(*c - '0');
	}
	if (name.index >= cfs_stream_n_refs(s))
		return bad(err, "a named reference is out of range");
	name.at = at + (size_t)(colon + 1 - text);
	*ret_end = at + (size_t)(nul + 1 - text);
	return cfs_vec_add(&s->names, name) ? 0 : cfs_no_memory(err);
}

static int read_names(struct cfs_stream *s, struct section section,
		      struct cfs_err *err)
{
	struct cfs_source from = { read_section, &section }, source;
	size_t at = 0;
	int r;

	section.fd = s->fd;
	r = cfs_unzstd_new(&from, &s->zstd, err);
	if (r < 0)
		return r;
	source = cfs_unzstd_source(s->zstd);
	r = cfs_source_all(&source, CFS_STREAM_NAMES_MAX, &s->names_text, err);
	if (r < 0)
		return cfs_ctx(err, "splitstream: named references");
	while (at < s->names_text.len) {
		r = parse_name(s, at, &at, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_info(struct cfs_stream *s, struct layout *l,
		     struct cfs_stream_range range, struct cfs_err *err)
{
	struct section where, refs, objects, names;
	struct cfs_stream_info info;
	ssize_t n;
	int r = take(l, range, &where, err);

	if (r < 0)
		return r;
	if (where.end - where.at < sizeof(info))
		return bad(err, "the info section is too short");
	n = cfs_pread_full(s->fd, &info, sizeof(info), where.at);
	if (n != sizeof(info))
		return cfs_fail(err, n < 0 ? (int)-n : EBADMSG,
				"read the info section: %s",
				n < 0 ? strerror((int)-n) : "cut short");
	memcpy(s->type, info.type, sizeof(info.type));
	s->size = cfs_get64(info.size);
	if (take(l, info.stream_refs, &refs, err) < 0 ||
	    take(l, info.object_refs, &objects, err) < 0 ||
	    take(l, info.named_refs, &names, err) < 0 ||
	    take(l, info.stream, &s->all, err) < 0)
		return -err->code;
	s->all.fd = s->fd;
	r = read_ids(s, refs, &s->refs, err);
	if (r == 0)
		r = read_ids(s, objects, &s->objects, err);
	return r < 0 ? r : read_names(s, names, err);
}

int cfs_stream_open(int fd, enum cfs_alg alg, struct cfs_stream **ret,
		    struct cfs_err *err)
{
	CFS_AUTO(cfs_stream_free) struct cfs_stream *s = calloc(1, sizeof(*s));
	struct cfs_stream_range info;
	struct layout layout;
	struct stat st;
	int r;

	if (!s)
		return cfs_no_memory(err);
	if (fstat(fd, &st) < 0)
		return cfs_fail_errno(err, "stat");
	s->fd = fd;
	s->alg = alg;
	layout = (struct layout){
		.file_size = (uint64_t)st.st_size,
		.n = 1,
		.taken = { { .end = sizeof(struct cfs_stream_header) } },
	};
	r = read_header(fd, alg, &info, err);
	if (r == 0)
		r = read_info(s, &layout, info, err);
	if (r < 0)
		return r;
	cfs_stream_rewind(s);
	*ret = cfs_steal_ptr(&s);
	return 0;
}

void cfs_stream_free(struct cfs_stream *s)
{
	if (!s)
		return;
	cfs_buf_free(&s->objects);
	cfs_buf_free(&s->refs);
	cfs_buf_free(&s->names_text);
	cfs_vec_free(&s->names);
	cfs_unzstd_free(s->zstd);
	free(s);
}

const char *cfs_stream_type(const struct cfs_stream *s)
{
	return s->type;
}

bool cfs_stream_is(const struct cfs_stream *s, const char *type)
{
	return memcmp(s->type, type, sizeof(s->type) - 1) == 0;
}

uint64_t cfs_stream_size(const struct cfs_stream *s)
{
	return s->size;
}

static struct cfs_digest id_at(const struct cfs_stream *s,
			       const struct cfs_buf *ids, size_t index)
{
	size_t size = cfs_alg_size(s->alg);
	struct cfs_digest id = { .alg = s->alg };

	assert(index < ids->len / size);
	memcpy(id.bytes, ids->data + index * size, size);
	return id;
}

size_t cfs_stream_n_objects(const struct cfs_stream *s)
{
	return s->objects.len / cfs_alg_size(s->alg);
}

struct cfs_digest cfs_stream_object(const struct cfs_stream *s, size_t index)
{
	return id_at(s, &s->objects, index);
}

size_t cfs_stream_n_refs(const struct cfs_stream *s)
{
	return s->refs.len / cfs_alg_size(s->alg);
}

struct cfs_digest cfs_stream_ref(const struct cfs_stream *s, size_t index)
{
	return id_at(s, &s->refs, index);
}

size_t cfs_stream_n_names(const struct cfs_stream *s)
{
	return s->names.n;
}

const char *cfs_stream_name(const struct cfs_stream *s, size_t index,
			    struct cfs_digest *ret_id)
{
	assert(index < s->names.n);
	if (ret_id)
		*ret_id = cfs_stream_ref(s, (size_t)s->names.v[index].index);
	return (char *)s->names_text.data + s->names.v[index].at;
}

int cfs_stream_find(const struct cfs_stream *s, const char *name,
		    struct cfs_digest *ret)
{
	for (size_t i = 0; i < cfs_stream_n_names(s); i++)
		if (strcmp(cfs_stream_name(s, i, ret), name) == 0)
			return 1;
	return 0;
}

void cfs_stream_rewind(struct cfs_stream *s)
{
	const struct cfs_source from = { read_section, &s->rest };

	s->rest = s->all;
	s->left = 0;
	cfs_unzstd_restart(s->zstd, &from);
}

ssize_t cfs_stream_read(struct cfs_stream *s, void *data, size_t len,
			struct cfs_err *err)
{
	const struct cfs_source source = cfs_unzstd_source(s->zstd);
	ssize_t n;

	if (len > s->left)
		len = (size_t)s->left;
	n = cfs_source_read(&source, data, len, err);
	if (n < 0)
		return cfs_ctx(err, "splitstream");
	if (n == 0 && len > 0)
		return bad(err, "it ends in the middle of a chunk");
	s->left -= (uint64_t)n;
	return n;
}

static int skip_rest(struct cfs_stream *s, struct cfs_err *err)
{
	uint8_t scratch[16384];
	ssize_t n = 0;

	while (s->left > 0 && n >= 0)
		n = cfs_stream_read(s, scratch, sizeof(scratch), err);
	return n < 0 ? (int)n : 0;
}

int cfs_stream_next(struct cfs_stream *s, struct cfs_stream_chunk *ret,
		    struct cfs_err *err)
{
	const struct cfs_source source = cfs_unzstd_source(s->zstd);
	cfs_le64 word;
	int64_t number;
	ssize_t n = skip_rest(s, err);

	if (n == 0)
		n = cfs_source_full(&source, &word, sizeof(word), err);
	if (n < 0)
		return cfs_ctx(err, "splitstream");
	if (n == 0)
		return 0;
	if (n != sizeof(word))
		return bad(err, "it ends in the middle of a chunk");
	/* The index of an object, or minus the number of bytes that follow;
	 * unsigned, as the least number has no counterpart. */
	number = (int64_t)cfs_get64(word);
	ret->is_object = number >= 0;
	ret->n = number >= 0 ? (uint64_t)number : 0 - (uint64_t)number;
	if (!ret->is_object)
		s->left = ret->n;
	else if (ret->n >= cfs_stream_n_objects(s))
		return bad(err, "an object reference is out of range");
	return 1;
}
