/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Of an archive that is taken every byte comes back, in order; what is not the
 * content of a long file, read again by itself, has the same entries; and so
 * has an archive that is written of the entries.
 *
 * First byte: how many bytes the source gives at a time.  With bit 0x80 headers
 * get the checksums they need, which no fuzzer finds.
 */
#include <assert.h>

#include "tests/fuzz/fuzz.h"
#include "tests/pieces.h"
#include "tests/tarball.h"
#include "tree/tar/reader.h"

/* Longest file with holes that is expanded. */
#define EXPANDED_MAX (1u << 20)

struct result {
	struct cfs_buf raw, joined, list, again;
};

static void result_free(struct result *r)
{
	cfs_buf_free(&r->raw);
	cfs_buf_free(&r->joined);
	cfs_buf_free(&r->list);
	cfs_buf_free(&r->again);
}

static int take_raw(void *ctx, const void *data, size_t len,
		    struct cfs_err *err)
{
	struct result *r = ctx;

	(void)err;
	assert(len > 0);
	cfs_buf_add(&r->raw, data, len);
	cfs_buf_add(&r->joined, data, len);
	return 0;
}

static void list_bytes(struct cfs_buf *out, struct cfs_bytes b)
{
	cfs_buf_addf(out, " %zu:", b.len);
	cfs_buf_add(out, b.data, b.len);
}

static bool is_before(struct cfs_bytes a, struct cfs_bytes b)
{
	int r = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return r < 0 || (r == 0 && a.len < b.len);
}

/* All that an entry says but where it stands. */
static void list(struct cfs_buf *out, const struct cfs_tar_entry *e)
{
	list_bytes(out, e->path);
	list_bytes(out, e->link);
	list_bytes(out, e->content);
	cfs_buf_addf(out, " %o %u %u %u %lld.%09u %llu %d%d%d", e->mode, e->uid,
		     e->gid, e->rdev, (long long)e->mtime_sec, e->mtime_nsec,
		     (unsigned long long)e->size, e->is_hardlink,
		     e->is_external, e->sparse != NULL);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		list_bytes(out, e->xattrs[i].name);
		list_bytes(out, e->xattrs[i].value);
		assert(i == 0 ||
		       is_before(e->xattrs[i - 1].name, e->xattrs[i].name));
	}
	cfs_buf_addc(out, '\n');
}

static void record(struct cfs_buf *out, const char *key, struct cfs_bytes value)
{
	tar_record(out, key, value.data, value.len);
}

static void number(struct cfs_buf *out, const char *key, uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	tar_record(out, key, text, strlen(text));
}

/* A time as it is written: rounded towards zero, with a sign. */
static void put_time(struct cfs_buf *out, const struct cfs_tar_entry *e)
{
	uint64_t sec = (uint64_t)e->mtime_sec;
	uint32_t nsec = e->mtime_nsec;
	char text[40];

	if (e->mtime_sec < 0) {
		sec = -sec - (nsec > 0);
		nsec = nsec ? 1000000000 - nsec : 0;
	}
	/* A minus cannot say INT64_MIN. */
	if (e->mtime_sec == INT64_MIN && nsec == 0)
		return;
	snprintf(text, sizeof(text), "%s%llu.%09u", e->mtime_sec < 0 ? "-" : "",
		 (unsigned long long)sec, nsec);
	tar_record(out, "mtime", text, strlen(text));
}

static char type_of(const struct cfs_tar_entry *e)
{
	if (e->is_hardlink)
		return '1';
	switch (e->mode & S_IFMT) {
	case S_IFLNK:
		return '2';
	case S_IFCHR:
		return '3';
	case S_IFBLK:
		return '4';
	case S_IFDIR:
		return '5';
	case S_IFIFO:
		return '6';
	default:
		return '0';
	}
}

/* Writes @e with @content, all that a header may not hold in records. */
static void write_entry(struct cfs_buf *out, const struct cfs_tar_entry *e,
			struct cfs_bytes content)
{
	static const struct cfs_bytes root = { (const uint8_t *)".", 1 };
	CFS_AUTOBUF struct cfs_buf records = { 0 };
	struct tar_spec spec = {
		.name = "x",
		.link = "x",
		.type = type_of(e),
		.mode = e->mode & 07777,
		.size = 0,
		.major = e->rdev >> 8 & 0xfff,
		.minor = (e->rdev & 0xff) | (e->rdev >> 12 & 0xfff00),
		.patch_at = 136,
		/* INT64_MIN, for the time that a record cannot say. */
		.patch = "\xff\xff\xff\xff\x80\0\0\0\0\0\0\0",
		.patch_len = 12,
	};

	record(&records, "path", e->path.len ? e->path : root);
	if (e->is_hardlink)
		record(&records, "linkpath", e->link.len ? e->link : root);
	else
		record(&records, "linkpath", e->link);
	number(&records, "uid", e->uid);
	number(&records, "gid", e->gid);
	number(&records, "size", e->size);
	put_time(&records, e);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		char key[13 + 256] = "SCHILY.xattr.";

		memcpy(key + 13, e->xattrs[i].name.data, e->xattrs[i].name.len);
		record(&records, key, e->xattrs[i].value);
	}
	tar_extension(out, 'x', records.data, records.len);
	tar_header(out, &spec);
	tar_data(out, content.data, content.len);
}

static void expand(const struct cfs_tar_entry *e, struct cfs_bytes content)
{
	const struct cfs_source source = cfs_source_of_bytes(&content);
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_source expanded;
	struct cfs_tar_expand x;
	struct cfs_err err = { 0 };

	if (e->sparse->size > EXPANDED_MAX ||
	    cfs_tar_expand_init(&x, e->sparse, e->size, &source, &err) < 0)
		return;
	expanded = cfs_tar_expand_source(&x);
	assert(cfs_source_all(&expanded, EXPANDED_MAX, &out, &err) == 0);
	assert(out.len == e->sparse->size && content.len == 0);
	cfs_tar_expand_free(&x);
}

static void look_at(const struct cfs_tar_entry *e, struct cfs_bytes content,
		    struct result *r)
{
	/* Content of what is no regular file is not given, and has no use. */
	struct cfs_tar_entry plain = *e;

	if (e->sparse) {
		expand(e, content);
		return;
	}
	plain.size = content.len;
	write_entry(&r->again, &plain, content);
}

static int read_entry(struct cfs_tar *t, const struct cfs_tar_entry *e,
		      unsigned flags, struct result *r, struct cfs_err *err)
{
	struct cfs_bytes content = e->content;
	size_t start = r->joined.len;
	uint8_t piece[700];
	ssize_t n;

	list(&r->list, e);
	if (flags & CFS_TAR_SPLIT)
		return 0;
	if (e->is_external) {
		assert(e->raw_before == r->raw.len);
		while ((n = cfs_tar_read(t, piece, sizeof(piece), err)) > 0)
			cfs_buf_add(&r->joined, piece, (size_t)n);
		if (n < 0)
			return (int)n;
		content = (struct cfs_bytes){ r->joined.data + start,
					      r->joined.len - start };
		assert(content.len == e->size);
	}
	look_at(e, content, r);
	return 0;
}

static int read_all(struct cfs_bytes tar, size_t step, unsigned flags,
		    struct result *r)
{
	struct pieces pieces = { tar, step };
	const struct cfs_source source = { pieces_read, &pieces };
	const struct cfs_sink sink = { take_raw, r };
	CFS_AUTO(cfs_tar_free) struct cfs_tar *t = NULL;
	const struct cfs_tar_entry *e;
	struct cfs_err err = { 0 };
	int code;

	assert(cfs_tar_new(&source, &sink, flags, &t, &err) == 0);
	while ((code = cfs_tar_next(t, &e, &err)) > 0) {
		code = read_entry(t, e, flags, r, &err);
		if (code < 0)
			break;
	}
	assert(code == 0 || (err.code == -code && err.msg[0]));
	return code;
}

static void same(const struct cfs_buf *a, const void *b, size_t len)
{
	assert(!a->failed && a->len == len &&
	       (len == 0 || memcmp(a->data, b, len) == 0));
}

static void fix_checksums(uint8_t *tar, size_t len)
{
	for (; len >= 512; tar += 512, len -= 512) {
		if (memcmp(tar + 257, "ustar", 5) == 0)
			tar_checksum(tar);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result one = { 0 }, split = { 0 }, again = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };

	if (size == 0)
		return 0;
	cfs_buf_add(&tar, data + 1, size - 1);
	if (data[0] & 0x80)
		fix_checksums(tar.data, tar.len);
	if (read_all(cfs_buf_bytes(&tar), 1 + (data[0] & 0x7fu) * 37, 0,
		     &one) == 0) {
		same(&one.joined, tar.data, tar.len);
		assert(read_all(cfs_buf_bytes(&one.raw), 1000, CFS_TAR_SPLIT,
				&split) == 0);
		same(&split.raw, one.raw.data, one.raw.len);
		same(&split.list, one.list.data, one.list.len);
		assert(read_all(cfs_buf_bytes(&one.again), 4096, 0, &again) ==
		       0);
		same(&again.again, one.again.data, one.again.len);
	}
	result_free(&one);
	result_free(&split);
	result_free(&again);
	return 0;
}
