/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* With the kernel's fs-verity: tests/uml/verify_again.sh. */
#include "oci/seal/lookup.h"

#include "oci/seal/layers.h"
#include "tests/tarball.h"
#include "tests/unit/oci/stored.h"

/* An image in @store of a layer with /usr and the file @name in it. */
static void make_image(struct cfs_store *store, struct cfs_oci_image *image,
		       const char *name)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	const struct cfs_oci_id *layer;
	struct cfs_oci_id id;

	tar_dir(&tar, "usr", 0755);
	tar_file(&tar, name, "text");
	tar_end(&tar);
	id_of(&tar, &id);
	make(store, image, true, id.text);
	layer = cfs_oci_image_layer_id(image, 0);
	CHECK(cfs_oci_id_equal(layer, &id));
	image->layers[0] = add_inline(store, cfs_buf_bytes(&tar));
}

/* The digest of the merged image, which has to be known. */
static struct cfs_digest merged(const struct cfs_seal_facts *facts)
{
	CHECK(facts->role[CFS_SEAL_MERGED].known);
	return facts->role[CFS_SEAL_MERGED].digest;
}

struct world {
	struct cfs_store store;
	struct cfs_oci_image image;
	char place[4096];
	bool recompute;
	struct cfs_seal_lookup how;
};

static void begin(struct world *w, bool has_verity)
{
	*w = (struct world){ .store = CFS_STORE_INIT };
	start(&w->store);
	fake.model = has_verity;
	make_image(&w->store, &w->image, "usr/a");
	snprintf(w->place, sizeof(w->place), "%s", fresh_dir());
}

static void end(struct world *w)
{
	cfs_oci_image_free(&w->image);
	cfs_store_close(&w->store);
}

/* As cfs_seal_verify() does. */
static struct cfs_seal_facts look(const struct world *w)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	struct cfs_seal_lookup how = w->how;
	struct cfs_seal_facts facts;

	if (!w->recompute && cfs_seal_all_measured(&w->store.repo, &w->image))
		cfs_seal_memory_open_at(w->place, &memory);
	how.memory = &memory;
	CHECK_EQ(
		cfs_seal_look_up(&w->store.repo, &w->image, &how, &facts, &err),
		0);
	return facts;
}

TEST(the_second_look_finds_what_the_first_one_computed)
{
	struct cfs_seal_facts first, second;
	struct cfs_digest a, b;
	struct world w;

	begin(&w, true);
	first = look(&w);
	CHECK(!first.recalled);
	second = look(&w);
	CHECK(second.recalled);
	a = merged(&first);
	b = merged(&second);
	CHECK(cfs_digest_equal(&a, &b));
	/* All else is computed as before. */
	CHECK(cfs_digest_equal(&first.role[CFS_SEAL_MANIFEST].digest,
			       &second.role[CFS_SEAL_MANIFEST].digest));
	CHECK(second.role[CFS_SEAL_CONFIG].known);
	CHECK(!second.role[CFS_SEAL_BOOTABLE].known);
	end(&w);
}

TEST(recompute_ignores_what_is_remembered)
{
	struct world w;

	begin(&w, true);
	CHECK(!look(&w).recalled);
	w.recompute = true;
	CHECK(!look(&w).recalled);
	w.recompute = false;
	w.how.filter = CFS_XATTRS_KEEP_USER;
	CHECK(!look(&w).recalled);
	CHECK(look(&w).recalled);
	end(&w);
}

TEST(without_fs_verity_nothing_is_remembered)
{
	struct world w;
	char path[sizeof(w.place) + 16];

	begin(&w, false);
	CHECK(!look(&w).recalled);
	CHECK(!look(&w).recalled);
	snprintf(path, sizeof(path), "%s/composefs", w.place);
	CHECK(access(path, F_OK) < 0);
	end(&w);
}

TEST(a_stream_that_the_kernel_does_not_vouch_for_is_read)
{
	struct world w;

	begin(&w, true);
	CHECK(!look(&w).recalled);
	CHECK(look(&w).recalled);
	fake.n_files = 0;
	CHECK(!look(&w).recalled);
	end(&w);
}

/* A file without fs-verity can change between being hashed and being read: the
 * value could be that of other layers. */
TEST(what_is_computed_from_a_stream_that_was_replaced_is_not_kept)
{
	struct world w;

	begin(&w, true);
	fake.measures_left = 2;
	CHECK(!look(&w).recalled);
	CHECK_EQ(fake.measures_left, 1);
	fake.measures_left = 0;
	CHECK(!look(&w).recalled);
	CHECK(look(&w).recalled);
	end(&w);
}

TEST(another_layer_is_another_image)
{
	struct cfs_digest a, b;
	struct cfs_seal_facts facts;
	struct cfs_oci_image old;
	struct world w;

	begin(&w, true);
	facts = look(&w);
	a = merged(&facts);
	old = w.image;
	make_image(&w.store, &w.image, "usr/b");
	facts = look(&w);
	CHECK(!facts.recalled);
	b = merged(&facts);
	CHECK(!cfs_digest_equal(&a, &b));
	cfs_oci_image_free(&old);
	end(&w);
}

TEST(an_image_that_is_not_what_its_digest_says_is_refused_all_the_same)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	struct cfs_seal_facts facts;
	struct world w;

	begin(&w, true);
	CHECK(!look(&w).recalled);
	cfs_seal_memory_open_at(w.place, &memory);
	w.how.memory = &memory;
	w.image.config_text.data[w.image.config_text.len - 1] = ' ';
	CHECK_EQ(
		cfs_seal_look_up(&w.store.repo, &w.image, &w.how, &facts, &err),
		-EBADMSG);
	end(&w);
}
