/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Properties of the files of an export.  The first byte says which one the rest
 * is: 0 export.json, 1 a list, otherwise an index of objects whose sizes are
 * that byte times 1000.  What is read is written as the input, or, of JSON,
 * read again as the same.  The plan of an index covers every object.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "repo/export/catalogue.h"
#include "repo/export/index.h"
#include "repo/export/list.h"
#include "repo/export/plan.h"
#include "tests/fuzz/fuzz.h"

static struct cfs_err err;

static void json(struct cfs_bytes input)
{
	CFS_AUTOCATALOGUE struct cfs_export_catalogue c = { 0 }, again = { 0 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	int r = cfs_export_catalogue_read(input, &c, &err);

	if (r < 0) {
		assert(r == -EBADMSG || r == -EOPNOTSUPP);
		return;
	}
	r = cfs_export_catalogue_write(&c, &out, &err);
	assert(r == 0 || r == -EFBIG);
	if (r < 0)
		return;
	assert(cfs_export_catalogue_read(cfs_buf_bytes(&out), &again, &err) ==
	       0);
	assert(again.n == c.n && again.alg == c.alg);
	assert(again.patches.n <= c.patches.n);
	for (size_t i = 0; i < c.n; i++)
		assert(strcmp(c.v[i].name, again.v[i].name) == 0 &&
		       cfs_digest_equal(&c.v[i].id, &again.v[i].id));
}

static void list(struct cfs_bytes input)
{
	CFS_AUTOPACKS struct cfs_export_packs packs = { 0 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	uint64_t size = 0;
	int r;

	/* The size of the pack, by adding what a list says. */
	for (size_t at = 16 + 32; at + 4 <= input.len; at += 36)
		size += (input.data[at] | input.data[at + 1] << 8 |
			 input.data[at + 2] << 16 |
			 (uint32_t)(input.data[at + 3] & 0x7f) << 24);
	r = cfs_export_list_read(input, CFS_ALG_SHA256, 1, size, &packs, &err);
	if (r < 0) {
		assert(r == -EBADMSG || r == -EOPNOTSUPP);
		return;
	}
	assert(cfs_export_list_write(CFS_ALG_SHA256, packs.v, packs.n, &out,
				     &err) == 0);
	assert(cfs_bytes_same(cfs_buf_bytes(&out), input));
	for (size_t i = 0; i < packs.n; i++) {
		struct cfs_export_place place;

		assert(cfs_export_packs_find(&packs, &packs.v[i].id, &place));
		assert(place.offset + place.stored <= size);
	}
}

static void check_plan(const struct cfs_export_place *places, uint32_t n)
{
	CFS_AUTOPLAN struct cfs_export_plan plan = { 0 };
	CFS_AUTOFREE uint32_t *wanted = calloc(n + 1, sizeof(*wanted));
	size_t packed = 0;

	assert(wanted);
	for (uint32_t i = 0; i < n; i++)
		wanted[i] = i;
	if (cfs_export_plan_make(places, wanted, n, &plan, &err) < 0)
		return;
	for (size_t i = 0; i < plan.runs.n; i++) {
		const struct cfs_export_run *run = &plan.runs.v[i];

		assert(run->first == packed && run->n > 0);
		assert(run->length <= CFS_EXPORT_RUN_MAX);
		packed += run->n;
		for (size_t k = run->first; k < packed; k++) {
			const struct cfs_export_place *p =
				&places[plan.packed.v[k]];

			assert(p->pack == run->pack &&
			       p->offset >= run->offset &&
			       p->offset + p->stored <=
				       run->offset + run->length);
		}
	}
	assert(packed == plan.packed.n && packed + plan.files.n == n);
}

static void index_of(struct cfs_bytes input, uint64_t size)
{
	CFS_AUTONEEDS struct cfs_export_needs needs = { 0 };
	CFS_AUTOFREE struct cfs_export_place *places = NULL;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	uint32_t n = (uint32_t)(input.len / 16);
	int r;

	n -= n > 0;
	places = calloc(n + 1, sizeof(*places));
	assert(places);
	for (uint32_t i = 0; i < n; i++)
		assert(cfs_vec_add(&needs,
				   (struct cfs_export_need){ .size = size }));
	r = cfs_export_index_read(input, CFS_ALG_SHA256, &needs, places, &err);
	if (r < 0) {
		assert(r == -EBADMSG || r == -EOPNOTSUPP);
		return;
	}
	assert(cfs_export_index_write(CFS_ALG_SHA256, places, n, &out, &err) ==
	       0);
	assert(cfs_bytes_same(cfs_buf_bytes(&out), input));
	check_plan(places, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfs_bytes input = { data, size };
	uint8_t what;

	if (size == 0)
		return 0;
	what = *cfs_bytes_cut(&input, 1).data;
	if (what == 0)
		json(input);
	else if (what == 1)
		list(input);
	else
		index_of(input, what * UINT64_C(1000));
	return 0;
}
