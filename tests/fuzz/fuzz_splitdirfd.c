/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A splitdirfdstream gives what its chunks say, as they are read here once
 * more, in one piece and from memory; or both refuse it.  Whatever pieces it
 * comes and is read in, the layer is the same, and no file outside the
 * directory is opened.
 *
 * The first directory has the files "a", of 5 bytes, "d/b", of none, and a link
 * out of it; the second is none.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/splitdirfd_read.h"
#include "repo/dir.h"
#include "tests/fuzz/fuzz.h"
#include "tests/pieces.h"

#define CONTENT "12345"

static char path[4096];

static void remove_directory(void)
{
	struct cfs_err err;

	(void)!cfs_dir_remove(AT_FDCWD, path, CFS_DIR_DEPTH_MAX, &err);
}

static void make_file(int dir, const char *name, const char *text)
{
	CFS_AUTOFD int fd =
		openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert(fd >= 0);
	assert(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static int make_directory(void)
{
	const char *tmp = getenv("TMPDIR");
	int dir;

	if (!tmp) {
		fputs("TMPDIR is not set\n", stderr);
		exit(EXIT_FAILURE);
	}
	snprintf(path, sizeof(path), "%s/splitdirfd-XXXXXX", tmp);
	assert(mkdtemp(path));
	assert(atexit(remove_directory) == 0);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert(dir >= 0);
	make_file(dir, "a", CONTENT);
	assert(mkdirat(dir, "d", 0700) == 0);
	make_file(dir, "d/b", "");
	assert(symlinkat("/etc/passwd", dir, "out") == 0);
	return dir;
}

/* The bytes of the file @name of the chunk; NULL: it has too few, or is none.
 * Only plain names are known here. */
static const char *content_of(struct cfs_bytes name, uint64_t size)
{
	if (name.len == 1 && name.data[0] == 'a' && size <= strlen(CONTENT))
		return CONTENT;
	if (name.len == 3 && memcmp(name.data, "d/b", 3) == 0 && size == 0)
		return "";
	return NULL;
}

static bool slice(struct cfs_bytes *rest, void *to, size_t n)
{
	if (rest->len < n)
		return false;
	memcpy(to, rest->data, n);
	rest->data += n;
	rest->len -= n;
	return true;
}

/* The model of chunks of a file. */
static bool add_file(struct cfs_bytes *rest, struct cfs_buf *to)
{
	struct cfs_splitdirfd_file head;
	struct cfs_bytes name;
	const char *content;

	if (!slice(rest, &head, sizeof(head)) ||
	    rest->len < cfs_get32(head.n) || cfs_get32(head.directory) != 0)
		return false;
	name = (struct cfs_bytes){ rest->data, cfs_get32(head.n) };
	content = content_of(name, cfs_get64(head.size));
	if (content)
		cfs_buf_add(to, content, (size_t)cfs_get64(head.size));
	rest->data += name.len;
	rest->len -= name.len;
	return content;
}

static bool model(struct cfs_bytes rest, struct cfs_buf *to)
{
	struct cfs_splitdirfd_bytes head;
	uint8_t type;

	while (slice(&rest, &type, 1)) {
		if (type == CFS_SPLITDIRFD_FILE) {
			if (!add_file(&rest, to))
				return false;
			continue;
		}
		if (type > CFS_SPLITDIRFD_FILE ||
		    !slice(&rest, &head, sizeof(head)) ||
		    rest.len < cfs_get32(head.n))
			return false;
		cfs_buf_add(to, rest.data, cfs_get32(head.n));
		rest.data += cfs_get32(head.n);
		rest.len -= cfs_get32(head.n);
	}
	return true;
}

/* Has the stream names that lead to the files by another way, as "./a"? */
static bool has_other_names(const uint8_t *data, size_t size)
{
	return memmem(data, size, ".", 1) || memmem(data, size, "//", 2);
}

/* Reads the layer by @step bytes at a time.  Returns whether that ended
 * well. */
static bool read_layer(int dir, struct cfs_bytes stream, size_t piece,
		       size_t step, struct cfs_buf *to)
{
	const int directories[] = { dir, -EBADF };
	struct pieces pieces = { stream, piece };
	const struct cfs_source from = { pieces_read, &pieces };
	CFS_AUTOSPLITDIRFD struct cfs_splitdirfd_reader reader =
		CFS_SPLITDIRFD_READER_INIT;
	const struct cfs_source layer = cfs_splitdirfd_source(&reader);
	uint8_t data[300];
	struct cfs_err err;
	ssize_t n;

	reader.from = &from;
	reader.directories = directories;
	reader.n_directories = 2;
	while ((n = cfs_source_read(&layer, data, step, &err)) > 0)
		cfs_buf_add(to, data, (size_t)n);
	assert(n == 0 || reader.is_wrong);
	return n == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int dir = -1;
	CFS_AUTOBUF struct cfs_buf want = { 0 }, once = { 0 }, again = { 0 };
	struct cfs_bytes stream = { data, size };
	bool good, good_again;

	if (dir < 0)
		dir = make_directory();
	good = read_layer(dir, stream, SIZE_MAX, 300, &once);
	good_again =
		read_layer(dir, stream, 1 + size % 7, 1 + size % 11, &again);
	assert(good == good_again && once.len == again.len);
	assert(once.len == 0 || memcmp(once.data, again.data, once.len) == 0);
	if (has_other_names(data, size))
		return 0;
	assert(model(stream, &want) == good);
	assert(!good || (want.len == once.len &&
			 (once.len == 0 ||
			  memcmp(want.data, once.data, once.len) == 0)));
	return 0;
}
