/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* With the kernel's fs-verity: tests/uml/verify_again.sh. */
#include "oci/seal/layers.h"

#include "tests/unit/oci/stored.h"

struct world {
	struct cfs_store store;
	struct cfs_oci_image image;
	char place[4096];
};

/* An image of the layer "abc", whose diff_id is said to be @diff_id. */
static void begin(struct world *w, bool has_verity, const char *diff_id)
{
	*w = (struct world){ .store = CFS_STORE_INIT };
	start(&w->store);
	fake.model = has_verity;
	make(&w->store, &w->image, true, diff_id);
	snprintf(w->place, sizeof(w->place), "%s", fresh_dir());
}

static void end(struct world *w)
{
	cfs_oci_image_free(&w->image);
	cfs_store_close(&w->store);
}

static int check(const struct world *w)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;

	cfs_seal_memory_open_at(w->place, &memory);
	return cfs_seal_layers_check(&w->store.repo, &w->image, &memory, &err);
}

/* Takes the object away that the layer has: reading it fails. */
static void break_layer(struct world *w)
{
	const struct cfs_digest bc = add(&w->store, "bc");

	lose(&w->store, &bc);
}

TEST(a_layer_is_read_once)
{
	struct world w;

	begin(&w, true, ABC);
	CHECK_EQ(check(&w), 0);
	break_layer(&w);
	CHECK_EQ(check(&w), 0);
	end(&w);
}

TEST(and_again_where_the_kernel_does_not_vouch_for_it)
{
	struct world w;

	begin(&w, true, ABC);
	CHECK_EQ(check(&w), 0);
	break_layer(&w);
	fake.n_files = 0;
	CHECK_EQ(check(&w), -ENOENT);
	end(&w);
}

TEST(without_fs_verity_it_is_read_each_time)
{
	struct world w;

	begin(&w, false, ABC);
	CHECK_EQ(check(&w), 0);
	break_layer(&w);
	CHECK_EQ(check(&w), -ENOENT);
	end(&w);
}

TEST(another_layer_is_refused_each_time)
{
	struct world w;

	begin(&w, true, OTHER);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(check(&w), -EBADMSG);
		CHECK(strstr(err.msg, "the repository has " ABC
				      " in the place of " OTHER));
	}
	end(&w);
}

/* The same stream, said to be of another archive. */
TEST(what_is_remembered_is_of_both)
{
	struct world w;

	begin(&w, true, ABC);
	CHECK_EQ(check(&w), 0);
	cfs_oci_image_free(&w.image);
	make(&w.store, &w.image, true, OTHER);
	CHECK_EQ(check(&w), -EBADMSG);
	end(&w);
}
