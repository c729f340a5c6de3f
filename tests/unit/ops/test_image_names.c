/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/image_names.h"

#include "tests/unit/ops/image.h"

static struct cfs_image_names names;

static void read_names(void)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	cfs_image_names_free(&names);
	CHECK(cfs_access_read(&access_of_root, &repo, &err) == 0);
	CHECK(cfs_image_names_read(&names, &repo, &err) == 0);
}

TEST(an_image_has_its_names_in_order_and_no_others)
{
	struct cfs_digest one, two;
	size_t at = 0;

	start_empty();
	one = add_image("b", "a");
	two = add_image("x/y", "b");
	(void)add_image("a", "a");
	read_names();
	CHECK(names.n == 3);
	CHECK(strcmp(cfs_image_names_next(&names, &one, &at), "a") == 0);
	CHECK(strcmp(cfs_image_names_next(&names, &one, &at), "b") == 0);
	CHECK(!cfs_image_names_next(&names, &one, &at));
	at = 0;
	CHECK(strcmp(cfs_image_names_next(&names, &two, &at), "x/y") == 0);
}

TEST(a_link_that_leads_nowhere_is_no_name)
{
	start_empty();
	(void)add_image("a", "a");
	make_link(root, "images/refs/lost", "../nothing");
	read_names();
	CHECK(names.n == 1);
}

TEST(a_repository_without_images_has_no_names)
{
	start_empty();
	read_names();
	CHECK(names.n == 0);
}
