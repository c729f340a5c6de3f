/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/plan.h"

void cfs_export_plan_free(struct cfs_export_plan *plan)
{
	cfs_vec_free(&plan->files);
	cfs_vec_free(&plan->runs);
	cfs_vec_free(&plan->packed);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_size(const void *a, const void *b, void *arg)
{
	const struct cfs_export_place *places = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int r = compare_numbers(places[y].stored, places[x].stored);

	return r ? r : compare_numbers(x, y);
}

static int by_place(const void *a, const void *b, void *arg)
{
	const struct cfs_export_place *places = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int r = compare_numbers(places[x].pack, places[y].pack);

	return r ? r : compare_numbers(places[x].offset, places[y].offset);
}

/* Can the object at @place be the next one of @run? */
static bool joins(const struct cfs_export_run *run,
		  const struct cfs_export_place *place)
{
	uint64_t end = run->offset + run->length;

	return run->pack == place->pack &&
	       place->offset - end <= CFS_EXPORT_GAP_MAX &&
	       place->offset + place->stored - run->offset <=
		       CFS_EXPORT_RUN_MAX;
}

static int make_runs(const struct cfs_export_place *places,
		     struct cfs_export_plan *plan, struct cfs_err *err)
{
	struct cfs_export_run *run = NULL;

	for (size_t i = 0; i < plan->packed.n; i++) {
		const struct cfs_export_place *place =
			&places[plan->packed.v[i]];

		if (run && run->pack == place->pack &&
		    place->offset < run->offset + run->length)
			return cfs_fail(err, EBADMSG,
					"two objects of the index overlap in "
					"pack %u",
					place->pack);
		if (!run || !joins(run, place)) {
			run = cfs_vec_new(&plan->runs);
			if (!run)
				return cfs_no_memory(err);
			run->pack = place->pack;
			run->offset = place->offset;
			run->first = i;
		}
		run->length = place->offset + place->stored - run->offset;
		run->n++;
	}
	return 0;
}

int cfs_export_plan_make(const struct cfs_export_place *places,
			 const uint32_t *wanted, size_t n,
			 struct cfs_export_plan *ret, struct cfs_err *err)
{
	CFS_AUTOPLAN struct cfs_export_plan plan = { 0 };
	void *arg = (void *)(uintptr_t)places;
	int r;

	for (size_t i = 0; i < n; i++)
		if (places[wanted[i]].pack == CFS_EXPORT_NO_PACK)
			(void)cfs_vec_add(&plan.files, wanted[i]);
		else
			(void)cfs_vec_add(&plan.packed, wanted[i]);
	if (plan.files.failed || plan.packed.failed)
		return cfs_no_memory(err);
	if (plan.files.n)
		qsort_r(plan.files.v, plan.files.n, sizeof(uint32_t), by_size,
			arg);
	if (plan.packed.n)
		qsort_r(plan.packed.v, plan.packed.n, sizeof(uint32_t),
			by_place, arg);
	r = make_runs(places, &plan, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < plan.files.n; i++)
		plan.bytes += places[plan.files.v[i]].stored;
	for (size_t i = 0; i < plan.runs.n; i++)
		plan.bytes += plan.runs.v[i].length;
	*ret = plan;
	plan = (struct cfs_export_plan){ 0 };
	return 0;
}
