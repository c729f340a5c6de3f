/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The index of an archive agrees with the reader that reads it from front to
 * back: where both take it, each file that is noted has the bytes that the
 * last entry of its name has there, and no file is left out.
 *
 * First byte, bit 0x80: headers get the checksums they need, which no fuzzer
 * finds.
 */
#include <assert.h>
#include <sys/mman.h>

#include "base/io.h"
#include "base/zeros.h"
#include "oci/origin/archive.h"
#include "tests/fuzz/fuzz.h"
#include "tests/tarball.h"
#include "tree/tar/reader.h"

#define NAMES 64

static struct cfs_err err;

struct known {
	char name[CFS_ARCHIVE_NAME_MAX];
	bool is_regular;
	struct cfs_buf content;
};

static struct known known[NAMES];
static size_t n_known;

static bool is_noted(const char *name)
{
	return strcmp(name, "oci-layout") == 0 ||
	       strcmp(name, "index.json") == 0 ||
	       (strncmp(name, "blobs/", 6) == 0 && name[6]);
}

/* The place of @name among the known ones; NULL: there are too many. */
static struct known *place_of(const char *name)
{
	for (size_t i = 0; i < n_known; i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	if (n_known == NAMES)
		return NULL;
	strcpy(known[n_known].name, name);
	return &known[n_known++];
}

/* Reads the content of @e.  Returns false at a damage. */
static bool take_content(struct cfs_tar *tar, const struct cfs_tar_entry *e,
			 struct known *k)
{
	uint8_t data[4096];
	ssize_t n = 0;

	k->content.len = 0;
	k->is_regular = S_ISREG(e->mode) && !e->sparse;
	cfs_buf_add(&k->content, e->content.data, e->content.len);
	while (e->is_external &&
	       (n = cfs_tar_read(tar, data, sizeof(data), &err)) > 0)
		cfs_buf_add(&k->content, data, (size_t)n);
	return n == 0;
}

/* Reads the archive from front to back. */
static bool read_through(struct cfs_bytes text)
{
	const struct cfs_source source = cfs_source_of_bytes(&text);
	CFS_AUTO(cfs_tar_free) struct cfs_tar *tar = NULL;
	const struct cfs_tar_entry *e;
	int r;

	n_known = 0;
	assert(cfs_tar_new(&source, NULL, 0, &tar, &err) == 0);
	while ((r = cfs_tar_next(tar, &e, &err)) > 0) {
		char name[CFS_ARCHIVE_NAME_MAX] = "";
		struct known *k;

		if (e->path.len >= sizeof(name))
			continue;
		memcpy(name, e->path.data, e->path.len);
		if (!is_noted(name))
			continue;
		k = place_of(name);
		if (!k || !take_content(tar, e, k))
			return false;
	}
	return r == 0;
}

static void compare(const struct cfs_archive *a, struct cfs_bytes text)
{
	const struct cfs_archive_member *v;

	assert(cfs_archive_members(a, &v) == n_known);
	for (size_t i = 0; i < n_known; i++) {
		const struct known *k = &known[i];
		const struct cfs_archive_member *m =
			cfs_archive_find(a, k->name);

		assert(m && m->is_regular == k->is_regular);
		if (!m->is_regular)
			continue;
		assert(m->size == k->content.len);
		assert(m->size == 0 || memcmp(text.data + m->at,
					      k->content.data, m->size) == 0);
	}
}

/* Every block that is not zero may be a header. */
static void fix_checksums(uint8_t *data, size_t len)
{
	for (size_t at = 0; at + 512 <= len; at += 512)
		if (!cfs_bytes_are_zero((struct cfs_bytes){ data + at, 512 }))
			tar_checksum(data + at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTO(cfs_archive_free) struct cfs_archive *a = NULL;
	CFS_AUTOBUF struct cfs_buf copy = { 0 };
	CFS_AUTOFD int fd = memfd_create("fuzz", MFD_CLOEXEC);
	const struct cfs_archive_member *v;
	struct cfs_bytes text;

	if (size < 2)
		return 0;
	cfs_buf_add(&copy, data + 1, size - 1);
	if (data[0] & 0x80)
		fix_checksums(copy.data, copy.len);
	text = cfs_buf_bytes(&copy);
	assert(fd >= 0 && cfs_write_full(fd, text.data, text.len) == 0);
	if (cfs_archive_read(fd, text.len, &a, &err) < 0)
		return 0;
	for (size_t i = cfs_archive_members(a, &v); i-- > 0;)
		assert(v[i].at <= text.len && v[i].size <= text.len - v[i].at &&
		       cfs_archive_find(a, v[i].name) == &v[i]);
	if (read_through(text))
		compare(a, text);
	return 0;
}
