/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/sigpack.h"

#include <stdlib.h>

#include "base/disk.h"
#include "fsverity/signature.h"

#define MAGIC "CFSSIGPK"

struct header {
	char magic[8];
	cfs_le16 version, alg;
	cfs_le32 n;
};
_Static_assert(sizeof(struct header) == 16, "as the format has it");

static size_t entry_size(enum cfs_alg alg)
{
	return cfs_alg_size(alg) + sizeof(cfs_le32);
}

static const uint8_t *entry_at(const struct cfs_sigpack *pack, uint32_t i)
{
	return pack->index.data + i * entry_size(pack->alg);
}

/* Where signature @i ends, and so the next one begins. */
static uint32_t end_at(const struct cfs_sigpack *pack, uint32_t i)
{
	cfs_le32 end;

	memcpy(&end, entry_at(pack, i) + cfs_alg_size(pack->alg), sizeof(end));
	return cfs_get32(end);
}

static uint32_t start_at(const struct cfs_sigpack *pack, uint32_t i)
{
	return i > 0 ? end_at(pack, i - 1) : 0;
}

static int read_header(struct cfs_bytes bytes, struct header *ret,
		       struct cfs_err *err)
{
	struct cfs_bytes slice;
	unsigned version;

	if (bytes.len > CFS_SIGPACK_MAX)
		return cfs_fail(err, EFBIG,
				"signature pack of %zu bytes; the maximum is "
				"%llu",
				bytes.len, (unsigned long long)CFS_SIGPACK_MAX);
	if (!cfs_bytes_slice(bytes, 0, sizeof(*ret), &slice) ||
	    memcmp(slice.data, MAGIC, strlen(MAGIC)) != 0)
		return cfs_fail(err, EBADMSG, "not a signature pack");
	memcpy(ret, slice.data, sizeof(*ret));
	version = cfs_get16(ret->version);
	if (version > CFS_SIGPACK_VERSION)
		return cfs_fail(err, EOPNOTSUPP,
				"signature pack of version %u; upgrade cfsctl",
				version);
	if (version != CFS_SIGPACK_VERSION)
		return cfs_fail(err, EBADMSG,
				"signature pack of unknown version %u",
				version);
	return 0;
}

/* Checks that entry @i comes after the one before, as does its signature. */
static bool is_in_order(const struct cfs_sigpack *pack, uint32_t i)
{
	uint32_t start = start_at(pack, i), end = end_at(pack, i);

	return end > start && end - start <= CFS_SIGNATURE_MAX &&
	       (i == 0 || memcmp(entry_at(pack, i - 1), entry_at(pack, i),
				 cfs_alg_size(pack->alg)) < 0);
}

int cfs_sigpack_read(struct cfs_bytes bytes, struct cfs_sigpack *ret,
		     struct cfs_err *err)
{
	struct cfs_sigpack pack;
	struct header header = { 0 };
	uint64_t size;
	int r = read_header(bytes, &header, err);

	if (r < 0)
		return r;
	pack.alg = (enum cfs_alg)cfs_get16(header.alg);
	pack.n = cfs_get32(header.n);
	if (pack.alg != CFS_ALG_SHA256 && pack.alg != CFS_ALG_SHA512)
		return cfs_fail(err, EBADMSG,
				"signature pack with unknown hash algorithm %u",
				cfs_get16(header.alg));
	size = (uint64_t)pack.n * entry_size(pack.alg);
	if (pack.n == 0 ||
	    !cfs_bytes_slice(bytes, sizeof(header), size, &pack.index))
		return cfs_fail(err, EBADMSG,
				"signature pack of %zu bytes cannot have %u "
				"signatures",
				bytes.len, pack.n);
	for (uint32_t i = 0; i < pack.n; i++)
		if (!is_in_order(&pack, i))
			return cfs_fail(err, EBADMSG,
					"entry %u of the signature pack is not "
					"in order",
					i);
	size += sizeof(header);
	if (!cfs_bytes_slice(bytes, size, bytes.len - size, &pack.data) ||
	    pack.data.len != end_at(&pack, pack.n - 1))
		return cfs_fail(err, EBADMSG,
				"the signature pack does not end where its "
				"last signature does");
	*ret = pack;
	return 0;
}

static struct cfs_bytes signature_at(const struct cfs_sigpack *pack, uint32_t i)
{
	uint32_t start = start_at(pack, i);
	struct cfs_bytes der = { 0 };

	/* It is inside: the ends ascend up to the length of the data. */
	(void)!cfs_bytes_slice(pack->data, start, end_at(pack, i) - start,
			       &der);
	return der;
}

void cfs_sigpack_get(const struct cfs_sigpack *pack, uint32_t i,
		     struct cfs_sigpack_entry *ret)
{
	*ret = (struct cfs_sigpack_entry){ .id.alg = pack->alg,
					   .der = signature_at(pack, i) };
	memcpy(ret->id.bytes, entry_at(pack, i), cfs_alg_size(pack->alg));
}

bool cfs_sigpack_find(const struct cfs_sigpack *pack,
		      const struct cfs_digest *id, struct cfs_bytes *ret)
{
	uint32_t from = 0, to = pack->n;

	if (id->alg != pack->alg)
		return false;
	while (from < to) {
		uint32_t at = from + (to - from) / 2;
		int order = memcmp(id->bytes, entry_at(pack, at),
				   cfs_alg_size(pack->alg));

		if (order == 0) {
			*ret = signature_at(pack, at);
			return true;
		}
		if (order < 0)
			to = at;
		else
			from = at + 1;
	}
	return false;
}

static void add_index(const struct cfs_sigpack_entry *entries, size_t n,
		      struct cfs_buf *out)
{
	uint64_t end = 0;

	for (size_t i = 0; i < n; i++) {
		const struct cfs_sigpack_entry *e = &entries[i];
		cfs_le32 at;

		end += e->der.len;
		at = cfs_put32((uint32_t)end);
		cfs_buf_add(out, e->id.bytes, cfs_alg_size(e->id.alg));
		cfs_buf_add(out, &at, sizeof(at));
	}
}

/* Is entry @i one that may stand behind the one before it? */
static bool may_follow(const struct cfs_sigpack_entry *entries, size_t i)
{
	const struct cfs_sigpack_entry *e = &entries[i];

	return e->der.len > 0 && e->der.len <= CFS_SIGNATURE_MAX &&
	       (i == 0 || (e[-1].id.alg == e->id.alg &&
			   memcmp(e[-1].id.bytes, e->id.bytes,
				  cfs_alg_size(e->id.alg)) < 0));
}

int cfs_sigpack_write(const struct cfs_sigpack_entry *entries, size_t n,
		      struct cfs_buf *out, struct cfs_err *err)
{
	struct header header = { .version = cfs_put16(CFS_SIGPACK_VERSION) };
	uint64_t size = sizeof(header);

	for (size_t i = 0; i < n; i++) {
		if (!may_follow(entries, i))
			return cfs_fail(err, EINVAL,
					"signature %zu is not in order", i);
		size += entry_size(entries[i].id.alg) + entries[i].der.len;
	}
	if (n == 0)
		return cfs_fail(err, EINVAL, "there are no signatures");
	if (size > CFS_SIGPACK_MAX)
		return cfs_fail(err, EFBIG,
				"a pack of %zu signatures would be larger than "
				"the maximum of %llu bytes",
				n, (unsigned long long)CFS_SIGPACK_MAX);
	memcpy(header.magic, MAGIC, sizeof(header.magic));
	header.alg = cfs_put16((uint16_t)entries[0].id.alg);
	header.n = cfs_put32((uint32_t)n);
	if (!cfs_buf_reserve(out, (size_t)size))
		return cfs_buf_check(out, err);
	cfs_buf_add(out, &header, sizeof(header));
	add_index(entries, n, out);
	for (size_t i = 0; i < n; i++)
		cfs_buf_add(out, entries[i].der.data, entries[i].der.len);
	return cfs_buf_check(out, err);
}

static int compare(const void *a, const void *b)
{
	const struct cfs_sigpack_entry *x = a, *y = b;

	return memcmp(x->id.bytes, y->id.bytes, cfs_alg_size(x->id.alg));
}

int cfs_sigpack_merge(const struct cfs_sigpack *old,
		      const struct cfs_sigpack_entry *entries, size_t n,
		      struct cfs_buf *out, struct cfs_err *err)
{
	uint32_t n_old = old ? old->n : 0;
	CFS_AUTOFREE struct cfs_sigpack_entry *all = NULL;
	size_t have = n;

	all = calloc(n + n_old + 1, sizeof(*all));
	if (!all)
		return cfs_no_memory(err);
	if (n > 0)
		memcpy(all, entries, n * sizeof(*all));
	qsort(all, n, sizeof(*all), compare);
	/* A new signature takes the place of an old one of the same object. */
	for (uint32_t i = 0; i < n_old; i++) {
		struct cfs_sigpack_entry e;

		cfs_sigpack_get(old, i, &e);
		if (!bsearch(&e, all, n, sizeof(*all), compare))
			all[have++] = e;
	}
	qsort(all, have, sizeof(*all), compare);
	return cfs_sigpack_write(all, have, out, err);
}
