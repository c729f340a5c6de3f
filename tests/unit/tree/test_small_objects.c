/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/small_objects.h"

#include "tests/unit/tree/dumps.h"

static struct cfs_err err;

/* SHA-256 verity digests of "x" and of "yy": `fsverity digest`. */
#define X                                  \
	"dbbdfa9d606f7adeaa7f16dcfb0d4916" \
	"1c4cfb82d9d51cfb5cb43fa3dacb9e5b"
#define X_PATH \
	"db/bdfa9d606f7adeaa7f16dcfb0d49161c4cfb82d9d51cfb5cb43fa3dacb9e5b"

TEST(small_executables_become_objects_and_nothing_else_does)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree =
		parse("/ 0 40755 2 0 0 0 0.0 - - -\n"
		      "/data 1 100644 1 0 0 0 0.0 - x -\n"
		      "/dir 0 40755 2 0 0 0 0.0 - - -\n"
		      "/dir/prog 1 100711 2 0 0 0 0.0 - x - u=v\n"
		      "/empty 0 100755 1 0 0 0 0.0 - - -\n"
		      "/link 1 120777 1 0 0 0 0.0 x - -\n"
		      "/name 0 @100711 - - - - 0.0 /dir/prog - -\n"
		      "/own 1 100100 1 0 0 0 0.0 - x -\n");

	CHECK_EQ(cfs_tree_make_small_objects(tree, CFS_ALG_SHA256, &err), 0);
	CHECK(gives(tree,
		    "/ 0 40755 3 0 0 0 0.0 - - -\n"
		    "/data 1 100644 1 0 0 0 0.0 - x -\n"
		    "/dir 0 40755 2 0 0 0 0.0 - - -\n"
		    "/dir/prog 1 100711 2 0 0 0 0.0 " X_PATH " - " X " u=v\n"
		    "/empty 0 100755 1 0 0 0 0.0 - - -\n"
		    "/link 1 120777 1 0 0 0 0.0 x - -\n"
		    "/name 0 @120000 - - - - 0.0 /dir/prog - -\n"
		    "/own 1 100100 1 0 0 0 0.0 " X_PATH " - " X "\n"));
}

TEST(their_contents_are_found_by_digest)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse("/ 0 40755 2 0 0 0 0.0 - - -\n"
				      "/a 1 100755 1 0 0 0 0.0 - x -\n"
				      "/b 2 100755 1 0 0 0 0.0 - yy -\n"
				      "/c 1 100755 1 0 0 0 0.0 - x -\n");
	const struct cfs_small_object *found;
	struct cfs_digest id;
	unsigned n = 0;

	CHECK_EQ(cfs_digest_from_hex(X, strlen(X), &id, &err), 0);
	CHECK(!cfs_tree_small_object(tree, &id));
	CHECK_EQ(cfs_tree_make_small_objects(tree, CFS_ALG_SHA256, &err), 0);
	found = cfs_tree_small_object(tree, &id);
	CHECK(found && found->content.len == 1);
	CHECK_MEM(found->content.data, "x", 1);
	id.bytes[0] ^= 1;
	CHECK(!cfs_tree_small_object(tree, &id));
	/* Once more there is nothing left to do. */
	CHECK_EQ(cfs_tree_make_small_objects(tree, CFS_ALG_SHA256, &err), 0);
	for (found = tree->small; found; found = found->next)
		n++;
	CHECK_EQ(n, 3);
}

TEST(another_algorithm_than_that_of_the_tree_is_refused)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse("/ 0 40755 2 0 0 0 0.0 - - -\n"
				      "/a 1 100755 1 0 0 0 0.0 - x -\n"
				      "/b 1 100755 1 0 0 0 0.0 " X_PATH " - " X
				      "\n");

	CHECK_EQ(cfs_tree_make_small_objects(tree, CFS_ALG_SHA512, &err),
		 -EINVAL);
}
