/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/shipment.h"

#include "tests/unit/ops/image.h"

static struct cfs_repo repo = CFS_REPO_INIT;
static struct cfs_shipment shipment;

static void start_shipment(void)
{
	cfs_shipment_free(&shipment);
	cfs_repo_close(&repo);
	CHECK(cfs_access_read(&access_of_root, &repo, &err) == 0);
}

static int add(const struct cfs_digest *id)
{
	return cfs_shipment_add(&access_of_root, &repo, id, "name", &shipment,
				&err);
}

TEST(an_image_is_shipped_with_its_objects_and_once)
{
	struct cfs_digest one, two;

	start_empty();
	one = add_image("one", "ab");
	two = add_image("two", "bc");
	start_shipment();
	CHECK(add(&one) == 0 && add(&one) == 0);
	CHECK(shipment.n == 1 && shipment.images.n == 1);
	CHECK(cfs_shipment_find(&shipment, &one) == &shipment.v[0]);
	CHECK(!cfs_shipment_find(&shipment, &two));
	/* The image is an object itself. */
	cfs_digest_set_sort(&shipment.objects);
	CHECK(shipment.objects.n == 3);
	CHECK(add(&two) == 0 && shipment.n == 2);
}

TEST(all_images_are_shipped_and_know_their_names)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest one;

	start_empty();
	one = add_image("one", "ab");
	(void)add_image("two", "bc");
	start_shipment();
	CHECK(cfs_shipment_add_all(&access_of_root, &repo, &shipment, &err) ==
	      0);
	CHECK(shipment.n == 2);
	CHECK(strcmp(cfs_shipment_name(&shipment, &one, hex), "one") == 0);
}

TEST(the_argument_that_boots_it_has_its_format)
{
	struct cfs_digest id;

	start_empty();
	id = add_image("one", "a");
	start_shipment();
	CHECK(add(&id) == 0);
	CHECK(shipment.v[0].karg.version == 1 && !shipment.v[0].state);
	CHECK(cfs_digest_equal(&shipment.v[0].karg.digest, &id));
}

TEST(an_image_that_is_not_whole_is_not_shipped)
{
	struct cfs_digest id;

	start_empty();
	id = add_image("one", "ab");
	lose('b');
	start_shipment();
	CHECK(add(&id) == -ENOENT && shipment.n == 0);
	CHECK(cfs_shipment_add_all(&access_of_root, &repo, &shipment, &err) ==
	      -ENOENT);
	CHECK(strstr(err.msg, "image one is not whole"));
	CHECK(strstr(err.msg, "--image NAME leaves out"));
}
