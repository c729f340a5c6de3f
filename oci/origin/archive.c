/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/archive.h"

#include <string.h>

#include "base/io.h"
#include "base/vec.h"
#include "tree/tar/entry.h"

struct cfs_archive {
	/* By name, once it is complete. */
	CFS_VEC(struct cfs_archive_member);
};

/* An archive that is being read. */
struct scan {
	int fd;
	uint64_t size, at; /* of the file; the next block */
	unsigned headers;
	struct cfs_tar_pending pending;
	struct cfs_archive *archive;
};

void cfs_archive_free(struct cfs_archive *archive)
{
	if (archive)
		cfs_vec_free(archive);
	free(archive);
}

static int by_name(const void *a, const void *b)
{
	const struct cfs_archive_member *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	/* No two entries lie at one place. */
	return r ? r : (x->at > y->at) - (x->at < y->at);
}

static int compare_name(const void *key, const void *member)
{
	const struct cfs_archive_member *m = member;

	return strcmp(key, m->name);
}

const struct cfs_archive_member *cfs_archive_find(
	const struct cfs_archive *archive, const char *name)
{
	return archive->n ? bsearch(name, archive->v, archive->n,
				    sizeof(*archive->v), compare_name)
			  : NULL;
}

size_t cfs_archive_members(const struct cfs_archive *archive,
			   const struct cfs_archive_member **ret)
{
	*ret = archive->v;
	return archive->n;
}

/* Sorts the members; of those with one name the last in the file stays. */
static void complete(struct cfs_archive *a)
{
	size_t n = 0;

	if (a->n > 1)
		qsort(a->v, a->n, sizeof(*a->v), by_name);
	for (size_t i = 0; i < a->n; i++) {
		if (n > 0 && strcmp(a->v[n - 1].name, a->v[i].name) == 0)
			n--;
		a->v[n++] = a->v[i];
	}
	a->n = n;
}

static bool is_noted(struct cfs_bytes path)
{
	static const char *const files[] = { "oci-layout", "index.json" };
	static const char blobs[] = "blobs/";

	for (size_t i = 0; i < CFS_ARRAY_SIZE(files); i++)
		if (path.len == strlen(files[i]) &&
		    memcmp(path.data, files[i], path.len) == 0)
			return true;
	return path.len > strlen(blobs) && path.len < CFS_ARCHIVE_NAME_MAX &&
	       memcmp(path.data, blobs, strlen(blobs)) == 0;
}

static int note(struct cfs_archive *a, const struct cfs_tar_entry *e,
		uint64_t at, struct cfs_err *err)
{
	struct cfs_archive_member m = { .at = at, .size = e->size };

	if (!is_noted(e->path))
		return 0;
	if (a->n == CFS_ARCHIVE_MEMBERS_MAX)
		return cfs_fail(err, EFBIG,
				"over %u blobs in one archive are not "
				"supported",
				CFS_ARCHIVE_MEMBERS_MAX);
	memcpy(m.name, e->path.data, e->path.len);
	m.is_regular = S_ISREG(e->mode) && !e->sparse;
	return cfs_vec_add(a, m) ? 0 : cfs_no_memory(err);
}

static int cut_short(struct cfs_err *err)
{
	return cfs_fail(err, EINVAL, "the archive is cut short");
}

/* Reads @len bytes of the file and moves on behind them. */
static int take(struct scan *s, void *data, size_t len, struct cfs_err *err)
{
	ssize_t n;

	if (len > s->size - s->at)
		return cut_short(err);
	n = cfs_pread_full(s->fd, data, len, s->at);
	if (n < 0)
		return cfs_fail(err, (int)-n, "read: %s", strerror((int)-n));
	if ((size_t)n < len)
		return cut_short(err);
	s->at += len;
	return 0;
}

/* Moves on over @len bytes and their padding. */
static int skip(struct scan *s, int64_t len, struct cfs_err *err)
{
	uint64_t rest = s->size - s->at, padded;

	if (len < 0)
		return cfs_fail(err, EINVAL, "its size is negative");
	if ((uint64_t)len > rest)
		return cut_short(err);
	padded = (uint64_t)len + (-(uint64_t)len & (CFS_TAR_BLOCK - 1));
	if (padded > rest)
		return cut_short(err);
	s->at += padded;
	return 0;
}

static int take_extension(struct scan *s, int64_t size, struct cfs_buf *data,
			  struct cfs_err *err)
{
	uint64_t at = s->at;
	/* All of it has to be in the file before memory is taken. */
	int r = skip(s, size, err);

	if (r < 0 || size == 0)
		return r;
	if (!cfs_buf_reserve(data, (size_t)size))
		return cfs_buf_check(data, err);
	s->at = at;
	r = take(s, data->data, (size_t)size, err);
	if (r < 0)
		return r;
	data->len = (size_t)size;
	s->at = at;
	return skip(s, size, err);
}

static int take_entry(struct scan *s, const struct cfs_tar_header *header,
		      const uint8_t *block, uint64_t at, struct cfs_err *err)
{
	struct cfs_tar_entry e;
	uint8_t map[CFS_TAR_BLOCK];
	int r = cfs_tar_entry_make(&s->pending, header, block, at, &e, err);

	while (r > 0) {
		r = take(s, map, sizeof(map), err);
		if (r == 0)
			r = cfs_tar_sparse_block(&s->pending.sparse, map, err);
	}
	if (r == 0)
		r = note(s->archive, &e, s->at, err);
	if (r == 0)
		r = skip(s, (int64_t)e.size, err);
	if (r < 0)
		return cfs_tar_entry_ctx(&e, err);
	cfs_tar_pending_reset(&s->pending);
	return 0;
}

/* Reads what the header @block, which was at @at, stands for. */
static int take_header(struct scan *s, const uint8_t *block, uint64_t at,
		       struct cfs_err *err)
{
	struct cfs_tar_header header;
	struct cfs_buf *data;
	int r = cfs_tar_header_parse(block, &header, err);

	if (r == 0 && s->headers++ == CFS_ARCHIVE_HEADERS_MAX)
		r = cfs_fail(err, EFBIG,
			     "over %u headers in one archive are not supported",
			     CFS_ARCHIVE_HEADERS_MAX);
	if (r == 0)
		r = cfs_tar_pending_take(&s->pending, &header, &data, err);
	if (r > 0)
		r = take_extension(s, header.size, data, err);
	else if (r == 0 && header.type == 'g')
		r = cfs_tar_pending_any(&s->pending)
			    ? cfs_fail(err, EINVAL,
				       "between an extension header and its "
				       "entry")
			    : skip(s, header.size, err);
	else if (r == 0)
		return take_entry(s, &header, block, at, err);
	return r < 0 ? cfs_ctx(err, "header at offset %llu",
			       (unsigned long long)at)
		     : 0;
}

/* Reads headers up to two zero blocks, or the end of the file. */
static int scan(struct scan *s, struct cfs_err *err)
{
	uint8_t block[CFS_TAR_BLOCK];
	bool after_zeros = false;

	while (s->at < s->size) {
		uint64_t at = s->at;
		int r = take(s, block, sizeof(block), err);
		bool zeros = r == 0 && cfs_tar_block_is_zero(block);

		if (r == 0 && !zeros)
			r = take_header(s, block, at, err);
		if (r < 0)
			return r;
		if (zeros && after_zeros)
			break;
		after_zeros = zeros;
	}
	if (cfs_tar_pending_any(&s->pending))
		return cfs_fail(err, EINVAL,
				"the archive ends with an extension header "
				"that has no entry");
	return 0;
}

/* Is the file compressed, so that no part of it can be read by itself?
 * Source: RFC 1952, RFC 8878, xz file format 2.1.1.1, bzip2. */
static int refuse_compressed(int fd, uint64_t size, struct cfs_err *err)
{
	static const struct {
		const char *kind, *unpack, *magic;
	} kinds[] = {
		{ "gzip", "gunzip", "\x1f\x8b" },
		{ "zstd", "unzstd", "\x28\xb5\x2f\xfd" },
		{ "xz", "unxz",
		  "\xfd"
		  "7zXZ" },
		{ "bzip2", "bunzip2", "BZh" },
	};
	char head[6] = "";

	if (size < sizeof(head) ||
	    cfs_pread_full(fd, head, sizeof(head), 0) < 0)
		return 0;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(kinds); i++)
		if (memcmp(head, kinds[i].magic, strlen(kinds[i].magic)) == 0)
			return cfs_fail(err, EMEDIUMTYPE,
					"the archive is compressed (%s), and "
					"can only be read unpacked: run %s on "
					"it, or 'skopeo copy "
					"oci-archive:FILE oci:DIRECTORY'",
					kinds[i].kind, kinds[i].unpack);
	return 0;
}

int cfs_archive_read(int fd, uint64_t file_size, struct cfs_archive **ret,
		     struct cfs_err *err)
{
	CFS_AUTO(cfs_archive_free) struct cfs_archive *archive = NULL;
	struct scan s = { .fd = fd, .size = file_size };
	int r = refuse_compressed(fd, file_size, err);

	if (r < 0)
		return r;
	archive = calloc(1, sizeof(*archive));
	if (!archive)
		return cfs_no_memory(err);
	s.archive = archive;
	r = file_size > 0 ? scan(&s, err)
			  : cfs_fail(err, EINVAL, "the archive is empty");
	cfs_tar_pending_free(&s.pending);
	if (r < 0)
		return r;
	complete(archive);
	*ret = cfs_steal_ptr(&archive);
	return 0;
}
