/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image's objects and where they are, for the tests of exports. */
#ifndef CFS_TESTS_UNIT_REPO_EXPORT_PLACES_H
#define CFS_TESTS_UNIT_REPO_EXPORT_PLACES_H

#include "repo/export/index.h"
#include "tests/test.h"

#define OWN CFS_EXPORT_NO_PACK

#define PLACES 4
static const struct cfs_export_place places[PLACES] = {
	{ 1, false, 0, 10 },
	{ 1, true, 10, 7 },
	{ OWN, false, 0, 500000 },
	{ OWN, true, 0, 499999 },
};
static const uint64_t sizes[PLACES] = { 10, 20, 500000, 500000 };

/* Digests 0100..., 0200..., with these sizes. */
static inline void make_needs(enum cfs_alg alg, struct cfs_export_needs *needs)
{
	for (uint8_t i = 0; i < PLACES; i++) {
		struct cfs_export_need need = { { alg, { (uint8_t)(i + 1) } },
						sizes[i] };

		CHECK(cfs_vec_add(needs, need));
	}
}

#endif
