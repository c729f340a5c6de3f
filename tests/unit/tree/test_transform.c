/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/transform.h"

#include "tests/unit/tree/dumps.h"

static struct cfs_err err;
TEST(root_becomes_like_usr_and_run_is_emptied)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse(
		"/ 0 40700 4 1 1 0 1.1 - - - user.root=1\n"
		"/run 0 40711 3 2 2 0 2.2 - - - security.selinux=run\n"
		"/run/x 0 40711 2 2 2 0 2.2 - - -\n"
		"/run/x/l 0 100644 2 0 0 0 0.0 - - - user.a=1\n"
		"/usr 0 40755 2 3 3 0 3.3 - - - security.selinux=u user.u=1 "
		"security.capability=c\n"
		"/usr/l 0 @120000 - - - - 0.0 /run/x/l - -\n");

	CHECK_EQ(cfs_transform_oci(tree, CFS_XATTRS_ALLOWLIST, &err), 0);
	CHECK(gives(tree,
		    "/ 0 40755 4 3 3 0 3.3 - - - security.capability=c\n"
		    "/run 0 40711 2 2 2 0 3.3 - - -\n"
		    "/usr 0 40755 2 3 3 0 3.3 - - - security.capability=c\n"
		    "/usr/l 0 100644 1 0 0 0 0.0 - - -\n"));
}

TEST(user_xattrs_can_be_kept)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree =
		parse("/ 0 40700 4 1 1 0 1.1 - - - user.root=1\n"
		      "/usr 0 40755 2 3 3 0 3.3 - - - trusted.x=u user.u=1\n");

	CHECK_EQ(cfs_transform_oci(tree, CFS_XATTRS_KEEP_USER, &err), 0);
	CHECK(gives(tree, "/ 0 40755 3 3 3 0 3.3 - - - user.u=1\n"
			  "/usr 0 40755 2 3 3 0 3.3 - - - user.u=1\n"));
}

TEST(a_tree_without_usr_or_with_a_file_for_it_is_refused)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *none = parse("/ 0 40700 4 1 1 0 1.1 - - -\n");
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *file = parse("/ 0 40700 4 1 1 0 1.1 - - -\n"
				      "/usr 0 100644 1 0 0 0 0.0 - - -\n");
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *run = parse("/ 0 40700 4 1 1 0 1.1 - - -\n"
				     "/run 3 120777 1 0 0 0 0.0 tmp - -\n"
				     "/usr 0 40755 1 0 0 0 0.0 - - -\n");

	CHECK_EQ(cfs_transform_oci(none, CFS_XATTRS_ALLOWLIST, &err), -ENOENT);
	CHECK_EQ(cfs_transform_oci(file, CFS_XATTRS_ALLOWLIST, &err), -ENOTDIR);
	CHECK_EQ(cfs_transform_oci(run, CFS_XATTRS_ALLOWLIST, &err), -ENOTDIR);
}

TEST(later_mtimes_are_clamped_with_their_nanoseconds)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse("/ 0 40755 2 0 0 0 101.0 - - -\n"
				      "/a 0 100644 1 0 0 0 100.1 - - -\n"
				      "/b 0 100644 1 0 0 0 100.0 - - -\n"
				      "/c 0 100644 1 0 0 0 99.999 - - -\n"
				      "/d 0 100644 1 0 0 0 -5.3 - - -\n"
				      "/e 0 100644 2 0 0 0 200.9 - - -\n"
				      "/f 0 @100644 - - - - 0.0 /e - -\n");

	cfs_transform_clamp(tree, 100);
	CHECK(gives(tree, "/ 0 40755 2 0 0 0 100.0 - - -\n"
			  "/a 0 100644 1 0 0 0 100.0 - - -\n"
			  "/b 0 100644 1 0 0 0 100.0 - - -\n"
			  "/c 0 100644 1 0 0 0 99.999 - - -\n"
			  "/d 0 100644 1 0 0 0 -5.3 - - -\n"
			  "/e 0 100644 2 0 0 0 100.0 - - -\n"
			  "/f 0 @120000 - - - - 0.0 /e - -\n"));
}
