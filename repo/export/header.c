/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/header.h"

/* The version is the last byte of the magic. */
#define NAME 7

void cfs_export_header_write(const char *magic, enum cfs_alg alg, size_t n,
			     struct cfs_buf *out)
{
	struct cfs_export_header header = { .alg = cfs_put32(alg),
					    .n = cfs_put32((uint32_t)n) };

	memcpy(header.magic, magic, sizeof(header.magic));
	cfs_buf_add(out, &header, sizeof(header));
}

int cfs_export_header_read(struct cfs_bytes bytes, const char *magic,
			   enum cfs_alg alg, uint32_t *ret_n,
			   struct cfs_bytes *ret_rest, struct cfs_err *err)
{
	struct cfs_export_header header;

	if (bytes.len < sizeof(header) || memcmp(bytes.data, magic, NAME) != 0)
		return cfs_fail(err, EBADMSG, "not a file of an export");
	memcpy(&header, cfs_bytes_cut(&bytes, sizeof(header)).data,
	       sizeof(header));
	if (header.magic[NAME] != magic[NAME])
		return cfs_fail(err, EOPNOTSUPP,
				"version %u of the format; upgrade cfsctl",
				(unsigned char)header.magic[NAME]);
	if (cfs_get32(header.alg) != alg)
		return cfs_fail(err, EBADMSG, "hash algorithm %u, not %s",
				cfs_get32(header.alg), cfs_alg_name(alg));
	if (cfs_get32(header.n) > CFS_EXPORT_OBJECTS_MAX)
		return cfs_fail(err, EBADMSG, "%u objects; the maximum is %u",
				cfs_get32(header.n), CFS_EXPORT_OBJECTS_MAX);
	*ret_n = cfs_get32(header.n);
	*ret_rest = bytes;
	return 0;
}
