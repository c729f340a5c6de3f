/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writes tar archives for tests, right ones and wrong ones: a header is what
 * its struct says, with a checksum that fits.
 */
#ifndef CFS_TESTS_TARBALL_H
#define CFS_TESTS_TARBALL_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define TAR_MTIME 1700000000

struct tar_spec {
	const char *name, *link, *prefix;
	const char *magic; /* 8 bytes; NULL: POSIX */
	char type;	   /* 0: a file; '\0' is written as 'N' */
	uint64_t size;
	unsigned mode, uid, gid, major, minor;
	int64_t mtime;
	/* Bytes put at an offset before the checksum is made. */
	size_t patch_at, patch_len;
	const void *patch;
};

static inline void tar_checksum(uint8_t *h)
{
	unsigned sum = 0;

	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
}

static inline void tar_number(uint8_t *h, size_t off, size_t len, uint64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), "%0*llo", (int)len - 1,
		 (unsigned long long)v);
	assert(strlen(text) < len);
	memcpy(h + off, text, strlen(text));
}

static inline void tar_text(uint8_t *h, size_t off, size_t len,
			    const char *text)
{
	if (!text)
		return;
	assert(strlen(text) <= len);
	memcpy(h + off, text, strlen(text));
}

static inline void tar_header(struct cfs_buf *out, const struct tar_spec *s)
{
	uint8_t h[512] = { 0 };

	tar_text(h, 0, 100, s->name);
	tar_number(h, 100, 8, s->mode);
	tar_number(h, 108, 8, s->uid);
	tar_number(h, 116, 8, s->gid);
	tar_number(h, 124, 12, s->size);
	tar_number(h, 136, 12, (uint64_t)s->mtime);
	h[156] = (uint8_t)(s->type == 'N' ? 0 : s->type ? s->type : '0');
	tar_text(h, 157, 100, s->link);
	memcpy(h + 257,
	       s->magic ? s->magic
			: "ustar\0"
			  "00",
	       8);
	if (s->type == '3' || s->type == '4') {
		tar_number(h, 329, 8, s->major);
		tar_number(h, 337, 8, s->minor);
	}
	tar_text(h, 345, 155, s->prefix);
	if (s->patch)
		memcpy(h + s->patch_at, s->patch, s->patch_len);
	tar_checksum(h);
	cfs_buf_add(out, h, sizeof(h));
}

/* Content with its padding. */
static inline void tar_data(struct cfs_buf *out, const void *data, size_t len)
{
	cfs_buf_add(out, data, len);
	cfs_buf_addz(out, -len & 511);
}

/* Header of @spec with the size @len, and content. */
static inline void tar_entry(struct cfs_buf *out, struct tar_spec spec,
			     const void *data, size_t len)
{
	spec.size = len;
	tar_header(out, &spec);
	tar_data(out, data, len);
}

static inline void tar_file(struct cfs_buf *out, const char *name,
			    const char *text)
{
	tar_entry(out,
		  (struct tar_spec){
			  .name = name, .mode = 0644, .mtime = TAR_MTIME },
		  text, strlen(text));
}

static inline void tar_dir(struct cfs_buf *out, const char *name, unsigned mode)
{
	tar_header(out, &(struct tar_spec){ .name = name,
					    .type = '5',
					    .mode = mode,
					    .mtime = TAR_MTIME });
}

static inline void tar_link(struct cfs_buf *out, char type, const char *name,
			    const char *target)
{
	tar_header(out, &(struct tar_spec){ .name = name,
					    .link = target,
					    .type = type,
					    .mode = 0777,
					    .mtime = TAR_MTIME });
}

/* Appends one PAX record to @out. */
static inline void tar_record(struct cfs_buf *out, const char *key,
			      const void *value, size_t len)
{
	size_t rest = 1 + strlen(key) + 1 + len + 1, total = rest + 1;
	char digits[24];

	while ((size_t)snprintf(digits, sizeof(digits), "%zu", total) + rest !=
	       total)
		total++;
	cfs_buf_adds(out, digits);
	cfs_buf_addc(out, ' ');
	cfs_buf_adds(out, key);
	cfs_buf_addc(out, '=');
	cfs_buf_add(out, value, len);
	cfs_buf_addc(out, '\n');
}

/* An extension header, of type x, L, K or g. */
static inline void tar_extension(struct cfs_buf *out, char type,
				 const void *data, size_t len)
{
	tar_entry(out, (struct tar_spec){ .name = "ext", .type = type }, data,
		  len);
}

/* A PAX header of one record. */
static inline void tar_pax(struct cfs_buf *out, const char *key,
			   const char *value)
{
	CFS_AUTOBUF struct cfs_buf records = { 0 };

	tar_record(&records, key, value, strlen(value));
	tar_extension(out, 'x', records.data, records.len);
}

static inline void tar_end(struct cfs_buf *out)
{
	cfs_buf_addz(out, 1024);
}

#endif
