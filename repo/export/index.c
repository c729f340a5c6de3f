/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/index.h"

#include "repo/export/header.h"

int cfs_export_index_write(enum cfs_alg alg,
			   const struct cfs_export_place *places, size_t n,
			   struct cfs_buf *out, struct cfs_err *err)
{
	cfs_export_header_write(CFS_EXPORT_INDEX_MAGIC, alg, n, out);
	for (size_t i = 0; i < n; i++) {
		const struct cfs_export_place *p = &places[i];
		bool own = p->pack == CFS_EXPORT_NO_PACK;
		struct cfs_export_entry entry = {
			.pack = cfs_put32(p->pack),
			.stored = cfs_put32((own ? 0 : (uint32_t)p->stored) |
					    (p->zstd ? CFS_EXPORT_ZSTD : 0)),
			.at = cfs_put64(own ? p->stored : p->offset),
		};

		cfs_buf_add(out, &entry, sizeof(entry));
	}
	return cfs_buf_check(out, err);
}

/* Returns false if the entry has more than one meaning. */
static bool read_entry(const struct cfs_export_entry *entry,
		       struct cfs_export_place *ret)
{
	uint32_t stored = cfs_get32(entry->stored);
	uint64_t at = cfs_get64(entry->at);

	ret->pack = cfs_get32(entry->pack);
	ret->zstd = stored & CFS_EXPORT_ZSTD;
	ret->stored = stored & ~CFS_EXPORT_ZSTD;
	ret->offset = at;
	if (ret->pack != CFS_EXPORT_NO_PACK)
		return true;
	if (ret->stored != 0)
		return false;
	ret->stored = at;
	ret->offset = 0;
	return true;
}

int cfs_export_index_read(struct cfs_bytes bytes, enum cfs_alg alg,
			  const struct cfs_export_needs *needs,
			  struct cfs_export_place *ret, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_bytes rest;
	uint32_t n = 0;
	int r = cfs_export_header_read(bytes, CFS_EXPORT_INDEX_MAGIC, alg, &n,
				       &rest, err);

	if (r < 0)
		return r;
	if (n != needs->n ||
	    rest.len != n * (uint64_t)sizeof(struct cfs_export_entry))
		return cfs_fail(err, EBADMSG,
				"index of %u objects in %zu bytes; the image "
				"needs %zu",
				n, bytes.len, needs->n);
	for (uint32_t i = 0; i < n; i++) {
		struct cfs_export_entry entry;

		memcpy(&entry, cfs_bytes_cut(&rest, sizeof(entry)).data,
		       sizeof(entry));
		if (read_entry(&entry, &ret[i]) &&
		    cfs_export_place_fits(&ret[i], needs->v[i].size))
			continue;
		cfs_digest_to_hex(&needs->v[i].id, hex);
		return cfs_fail(err, EBADMSG,
				"record %u of the index cannot be that of "
				"object %s, which has %llu bytes",
				i, hex, (unsigned long long)needs->v[i].size);
	}
	return 0;
}
