/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/fsck_run.h"

#include "erofs/format.h"
#include "repo/ref.h"
#include "tests/unit/oci/stored.h"

static enum cfs_oci_fsck_code found; /* by the last finding */

static void note(void *arg, const struct cfs_oci_finding *f)
{
	(void)arg;
	found = f->code;
}

static const struct cfs_oci_fsck_params plain = { .found = note };

static struct cfs_oci_id abc(void)
{
	struct cfs_oci_id id;

	CHECK_EQ(cfs_oci_id_parse(bytes(ABC), &id, &err), 0);
	return id;
}

static int look(struct cfs_oci_fsck_run *run, const struct cfs_digest *stream)
{
	struct cfs_oci_id id = abc();

	found = CFS_OCI_FSCK_CODES;
	return cfs_oci_fsck_layer(run, &id, stream, true, &err);
}

TEST(a_layer_that_was_good_is_not_read_again)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_oci_fsck_run run = { .repo = &store.repo, .params = &plain };
	struct cfs_digest layer, other;

	start(&store);
	layer = add_layer(&store);
	other = add(&store, "another stream");
	CHECK_EQ(look(&run, &layer), 1);
	lose(&store, &layer);
	CHECK_EQ(look(&run, &layer), 1);
	/* The same diff_id by another stream is another layer. */
	CHECK_EQ(look(&run, &other), 0);
	cfs_vec_free(&run.good);
	CHECK_EQ(look(&run, &layer), 0);
	CHECK_EQ(found, CFS_OCI_FSCK_LAYER_STREAM_MISSING);
	cfs_vec_free(&run.good);
}

TEST(objects_that_the_repositorys_check_found_good_are_not_looked_up)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_good good = { 0 };
	const struct cfs_oci_fsck_params params = { .found = note,
						    .good = &good };
	struct cfs_oci_fsck_run run = { .repo = &store.repo,
					.params = &params };
	struct cfs_digest layer, bc;

	start(&store);
	layer = add_layer(&store);
	bc = add(&store, "bc");
	lose(&store, &bc);
	CHECK_EQ(look(&run, &layer), 0);
	CHECK_EQ(found, CFS_OCI_FSCK_LAYER_OBJECT_MISSING);
	CHECK_EQ(cfs_good_add(&good, &bc, 2, &err), 0);
	CHECK_EQ(look(&run, &layer), 1);
	cfs_good_free(&good);
	cfs_vec_free(&run.good);
}

TEST(an_object_in_another_ones_place_is_missing)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_oci_fsck_run run = { .repo = &store.repo, .params = &plain };
	char path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest layer, bc;

	start(&store);
	layer = add_layer(&store);
	bc = add(&store, "bc");
	lose(&store, &bc);
	cfs_digest_to_path(&bc, path);
	CHECK_EQ(symlinkat("/etc/passwd", store.objects, path), 0);
	CHECK_EQ(look(&run, &layer), 0);
	CHECK_EQ(found, CFS_OCI_FSCK_LAYER_OBJECT_MISSING);
	cfs_vec_free(&run.good);
}

TEST(a_damaged_object_counts_until_it_is_mended)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTODIGESTSET struct cfs_digest_set damaged = { 0 };
	struct cfs_oci_fsck_run run = { .repo = &store.repo,
					.params = &plain,
					.store = &store,
					.damaged = &damaged };
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_digest layer, bc;

	start(&store);
	layer = add_layer(&store);
	bc = add(&store, "bc");
	cfs_digest_to_path(&bc, path + strlen(path));
	put(root, path, "BC");
	CHECK_EQ(cfs_digest_set_add(&damaged, &bc, &err), 0);
	cfs_digest_set_sort(&damaged);
	CHECK(cfs_oci_fsck_is_damaged(&run, &bc));
	CHECK(!cfs_oci_fsck_is_damaged(&run, &layer));
	CHECK_EQ(look(&run, &layer), 0);
	put(root, path, "bc");
	CHECK(!cfs_oci_fsck_is_damaged(&run, &bc));
	CHECK_EQ(look(&run, &layer), 1);
	cfs_vec_free(&run.good);
}

/* Adds what begins like an EROFS image. */
static struct cfs_digest add_erofs(struct cfs_store *store)
{
	uint8_t image[4096] = { 0 };
	cfs_le32 magic = cfs_put32(CFS_EROFS_MAGIC);
	struct cfs_digest id;

	memcpy(image + CFS_EROFS_SUPER_START, &magic, sizeof(magic));
	CHECK_EQ(cfs_object_add_bytes(
			 store, (struct cfs_bytes){ image, sizeof(image) }, &id,
			 &err),
		 0);
	return id;
}

TEST(an_erofs_image_has_a_name_below_images)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_oci_fsck_run run = { .repo = &store.repo, .params = &plain };
	struct cfs_oci_id config = abc();
	struct cfs_digest id;

	start(&store);
	id = add_erofs(&store);
	CHECK_EQ(cfs_oci_fsck_erofs(&run, &config, "n", &id, &err), 0);
	CHECK_EQ(found, CFS_OCI_FSCK_EROFS_IMAGE_MISSING);
	CHECK_EQ(cfs_image_commit(&store, &id, &err), 0);
	CHECK_EQ(cfs_oci_fsck_erofs(&run, &config, "n", &id, &err), 1);
}

TEST(a_seal_of_another_algorithm_is_passed_over_and_ours_is_looked_up)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_oci_fsck_run run = { .repo = &store.repo, .params = &plain };
	struct cfs_oci_id config = abc();
	char hex[CFS_DIGEST_HEX_MAX], sha512[129];
	struct cfs_digest id;

	memset(sha512, 'a', 128);
	sha512[128] = '\0';
	start(&store);
	CHECK_EQ(cfs_oci_fsck_seal(&run, &config, "no digest", &err), 1);
	CHECK_EQ(cfs_oci_fsck_seal(&run, &config, sha512, &err), 1);
	id = add_erofs(&store);
	cfs_digest_to_hex(&id, hex);
	CHECK_EQ(cfs_oci_fsck_seal(&run, &config, hex, &err), 0);
	CHECK_EQ(found, CFS_OCI_FSCK_SEAL_IMAGE_MISSING);
	CHECK_EQ(cfs_image_commit(&store, &id, &err), 0);
	CHECK_EQ(cfs_oci_fsck_seal(&run, &config, hex, &err), 1);
}
