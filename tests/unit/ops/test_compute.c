/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/compute.h"

#include "tests/unit/ops/image.h"
#include "tests/unit/ops/notes.h"

static int compute(const char *dump, unsigned format, struct cfs_tree **tree,
		   struct cfs_digest *ret)
{
	const char *dir = fresh_dir();
	CFS_AUTOFREE char *file = below(dir, "dump");
	const struct cfs_tree_source source = { .dumpfile = file,
						.as_is = true,
						.threads = 1 };
	const struct cfs_compute params = { .source = &source,
					    .alg = CFS_ALG_SHA256,
					    .format = format,
					    .notes = &notes };

	put(dir, "dump", dump);
	notes_clear();
	return cfs_compute_image(&params, tree, ret, &err);
}

TEST(the_digest_is_that_of_the_image_that_the_tree_makes)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_digest id, of_tree;

	CHECK(compute("/ 4096 40755 2 0 0 0 1.0 - - -\n", 1, &tree, &id) == 0);
	CHECK(cfs_image_compute(tree, 1, CFS_ALG_SHA256, &of_tree, NULL,
				&err) == 0);
	CHECK(cfs_digest_equal(&id, &of_tree));
}

TEST(each_format_has_a_digest_of_its_own)
{
	struct cfs_digest id[3];

	for (unsigned i = 0; i < 3; i++)
		CHECK(compute("/ 4096 40755 2 0 0 0 1.0 - - -\n", i, NULL,
			      &id[i]) == 0);
	CHECK(!cfs_digest_equal(&id[0], &id[1]));
	CHECK(!cfs_digest_equal(&id[1], &id[2]));
}

TEST(losses_of_the_format_are_noted)
{
	struct cfs_digest id;

	CHECK(compute("/ 4096 40755 2 0 0 0 1.0 - - -\n"
		      "/gone 0 20000 1 0 0 0 1.0 - - -\n",
		      2, NULL, &id) == 0);
	CHECK(notes_n(CFS_NOTE_WHITEOUTS) == 1);
}
