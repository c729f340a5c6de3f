/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "oci/layout.h"
#include "repo/dir.h"
#include "tree/tar/header.h"

/* Fields of a header by their offsets.
 * Source: POSIX.1-2017 pax, "ustar Interchange Format". */
enum {
	NAME = 0,
	NAME_SIZE = 100,
	MODE = 100,
	UID = 108,
	GID = 116,
	SIZE = 124,
	SIZE_SIZE = 12,
	MTIME = 136,
	SUM = 148,
	TYPE = 156,
	MAGIC = 257,
};

/* Sizes from here on do not fit in octal digits. */
#define OCTAL_END (UINT64_C(1) << 33)

/* Large sizes are in base 256, as GNU tar writes them. */
static void put_size(uint8_t *block, uint64_t size)
{
	if (size < OCTAL_END) {
		snprintf((char *)block + SIZE, SIZE_SIZE, "%011llo",
			 (unsigned long long)size);
		return;
	}
	block[SIZE] = 0x80;
	for (unsigned i = 0; i < 8; i++)
		block[SIZE + SIZE_SIZE - 1 - i] = (uint8_t)(size >> 8 * i);
}

/* All of an archive but its contents depends on names and sizes alone. */
static int put_header(const char *name, char type, uint64_t size,
		      const struct cfs_sink *to, struct cfs_err *err)
{
	uint8_t block[CFS_TAR_BLOCK] = { 0 };
	unsigned sum = 0;

	if (strlen(name) >= NAME_SIZE)
		return cfs_fail(err, ENAMETOOLONG, "%s", name);
	strcpy((char *)block + NAME, name);
	strcpy((char *)block + MODE, type == '5' ? "0000755" : "0000644");
	strcpy((char *)block + UID, "0000000");
	strcpy((char *)block + GID, "0000000");
	put_size(block, size);
	strcpy((char *)block + MTIME, "00000000000");
	memset(block + SUM, ' ', 8);
	block[TYPE] = (uint8_t)type;
	memcpy(block + MAGIC, "ustar\00000", 8);
	for (unsigned i = 0; i < sizeof(block); i++)
		sum += block[i];
	snprintf((char *)block + SUM, 8, "%06o", sum);
	return cfs_sink_write(to, block, sizeof(block), err);
}

static int put_file(int dirfd, const char *name, const struct cfs_sink *to,
		    struct cfs_err *err)
{
	static const uint8_t zeros[CFS_TAR_BLOCK];
	struct stat st;
	CFS_AUTOFD int fd = cfs_open_regular(dirfd, name, &st);
	const struct cfs_source from = cfs_source_of_fd(&fd);
	uint64_t size = 0;
	int r;

	if (fd < 0)
		return cfs_fail(err, -fd, "open %s: %s", name, strerror(-fd));
	r = put_header(name, '0', (uint64_t)st.st_size, to, err);
	if (r == 0)
		r = cfs_sink_copy(to, &from, &size, err);
	if (r == 0 && size != (uint64_t)st.st_size)
		r = cfs_fail(err, EIO, "%s changed while it was read", name);
	if (r == 0)
		r = cfs_sink_write(to, zeros, -size % CFS_TAR_BLOCK, err);
	return r;
}

static int put_blobs(const struct cfs_layout *layout, const char *dir,
		     const struct cfs_sink *to, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	char name[NAME_SIZE + 64];
	int r = put_header(dir, '5', 0, to, err);

	if (r == 0)
		r = cfs_dir_list(layout->fd, dir, &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		snprintf(name, sizeof(name), "%s%s", dir, names.v[i].name);
		r = put_file(layout->fd, name, to, err);
	}
	return r;
}

int cfs_layout_archive(const struct cfs_layout *layout,
		       const struct cfs_sink *to, struct cfs_err *err)
{
	static const uint8_t end[2 * CFS_TAR_BLOCK];
	int r = put_file(layout->fd, "oci-layout", to, err);

	if (r == 0)
		r = put_file(layout->fd, "index.json", to, err);
	if (r == 0)
		r = put_header("blobs/", '5', 0, to, err);
	if (r == 0)
		r = put_blobs(layout, "blobs/sha256/", to, err);
	/* Layouts with blobs of SHA-512 have this, too. */
	if (r == 0 && cfs_name_exists(layout->fd, "blobs/sha512") > 0)
		r = put_blobs(layout, "blobs/sha512/", to, err);
	return r < 0 ? r : cfs_sink_write(to, end, sizeof(end), err);
}
