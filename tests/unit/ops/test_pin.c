/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/pin.h"

#include "tests/unit/ops/image.h"

static struct cfs_store store = CFS_STORE_INIT;
static struct cfs_digest id;
static char name[sizeof(CFS_PIN_PREFIX) + CFS_DIGEST_HEX_MAX];

static void start_pinning(void)
{
	start_empty();
	id = add_image("os", "a");
	strcpy(name, CFS_PIN_PREFIX);
	cfs_digest_to_hex(&id, name + strlen(name));
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
}

TEST(a_pinned_image_has_a_name_of_its_own)
{
	struct cfs_digest named;

	start_pinning();
	CHECK(!cfs_is_pinned(&store.repo, &id));
	CHECK_EQ(cfs_pin(&store, &id, &err), 1);
	CHECK(cfs_is_pinned(&store.repo, &id));
	CHECK_EQ(cfs_ref_get(&store.repo, name, &named, &err), 1);
	CHECK(cfs_digest_equal(&named, &id));
	CHECK_EQ(cfs_pin(&store, &id, &err), 0);
	CHECK_EQ(cfs_unpin(&store, &id, &err), 1);
	CHECK(!cfs_is_pinned(&store.repo, &id));
	CHECK_EQ(cfs_unpin(&store, &id, &err), 0);
	cfs_store_close(&store);
}

TEST(an_image_that_is_missing_cannot_be_pinned)
{
	struct cfs_digest other;

	start_pinning();
	other = id;
	other.bytes[0] ^= 1;
	CHECK_EQ(cfs_pin(&store, &other, &err), -ENOENT);
	CHECK(!cfs_is_pinned(&store.repo, &other));
	cfs_store_close(&store);
}

TEST(a_name_that_leads_elsewhere_pins_nothing_and_is_replaced)
{
	struct cfs_digest other;

	start_pinning();
	other = add_image("other", "b");
	CHECK_EQ(cfs_ref_set(&store, name, &other, &err), 0);
	CHECK(!cfs_is_pinned(&store.repo, &id));
	CHECK_EQ(cfs_pin(&store, &id, &err), 1);
	CHECK(cfs_is_pinned(&store.repo, &id));
	cfs_store_close(&store);
}
