/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/fsck.h"

#include "tests/unit/oci/stored.h"

static char said[65536];

static void note(void *arg, const struct cfs_oci_finding *f)
{
	CFS_AUTOBUF struct cfs_buf line = { 0 };
	size_t len = strlen(said);

	(void)arg;
	cfs_oci_finding_word(f, &line);
	snprintf(said + len, sizeof(said) - len, "%s\n", cfs_buf_text(&line));
}

static struct cfs_oci_fsck look(const struct cfs_store *store, const char *name,
				bool read_data)
{
	const struct cfs_oci_fsck_params params = { .name = name,
						    .read_data = read_data,
						    .found = note };
	struct cfs_oci_fsck count = { 0 };

	said[0] = '\0';
	CHECK_EQ(cfs_oci_fsck(&store->repo, &params, &count, &err), 0);
	return count;
}

/* One image with faults, and these words. */
static void finds(const struct cfs_store *store, bool read_data,
		  const char *words)
{
	struct cfs_oci_fsck count = look(store, NULL, read_data);

	if (!strstr(said, words))
		printf("# %s", said);
	CHECK_EQ(count.images_checked, 1);
	CHECK_EQ(count.images_corrupted, 1);
	CHECK_EQ(count.findings, 1);
	CHECK(strstr(said, words));
}

TEST(whole_images_have_no_findings)
{
	for (int is_container = 0; is_container < 2; is_container++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
		char digest[CFS_OCI_ID_MAX + 1];
		struct cfs_oci_fsck count;

		start(&store);
		CHECK_EQ(look(&store, NULL, true).images_checked, 0);
		make(&store, &image, is_container, ABC);
		name(&store, &image);
		CHECK_EQ(cfs_oci_tag_set(&store, "y", &image.id, &err), 0);
		count = look(&store, NULL, true);
		CHECK_EQ(count.findings, 0);
		CHECK_EQ(count.images_checked, 2);
		CHECK_EQ(count.images_corrupted, 0);
		snprintf(digest, sizeof(digest), "@%s", image.id.text);
		CHECK_EQ(look(&store, digest, false).images_checked, 1);
		CHECK_EQ(look(&store, "x:1", false).findings, 0);
	}
}

TEST(a_name_that_leads_to_nothing_is_a_finding)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_oci_fsck count;

	start(&store);
	count = look(&store, "nope", false);
	CHECK_EQ(count.images_checked, 1);
	CHECK_EQ(count.images_corrupted, 1);
	CHECK_STR(said, "fsck: ref-resolve-failed: nope: OCI reference not "
			"found: nope\n");
	CHECK_EQ(look(&store, "@nope", false).images_corrupted, 1);
	CHECK(strstr(said, "fsck: ref-resolve-failed: @nope: "));
	CHECK_EQ(look(&store, ABC, false).images_corrupted, 1);
	CHECK(strstr(said, "manifest-read-failed: " ABC
			   ": Opening stream 'oci-manifest-" ABC "'\n"));
	CHECK_EQ(cfs_stream_ref_set(&store, "oci/x", "oci-manifest-y", &err),
		 0);
	finds(&store, false, "fsck: manifest-read-failed: x: ");
	CHECK_EQ(cfs_stream_ref_remove(&store, "oci/x", &err), 1);
	CHECK_EQ(
		cfs_stream_ref_set(&store, "oci/@x", "oci-manifest-" ABC, &err),
		0);
	finds(&store, false, "fsck: invalid-ref-name: @x: leading '@'");
}

TEST(documents_have_to_be_what_their_digests_say)
{
	static const struct {
		bool config;
		const char *words;
	} cases[] = {
		{ false, "fsck: manifest-digest-mismatch: x:1: expected " },
		{ true, "fsck: config-digest-mismatch: x:1: expected " },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

		start(&store);
		make(&store, &image, true, ABC);
		/* The same JSON, with one more space. */
		cfs_buf_addc(cases[i].config ? &image.config_text
					     : &image.manifest_text,
			     ' ');
		name(&store, &image);
		finds(&store, false, cases[i].words);
	}
}

TEST(documents_that_are_gone_cannot_be_read)
{
	for (int config = 0; config < 2; config++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

		start(&store);
		make(&store, &image, true, ABC);
		name(&store, &image);
		lose(&store,
		     config ? &image.config_stream : &image.manifest_stream);
		finds(&store, false,
		      config ? "fsck: config-read-failed: x:1: "
			     : "fsck: manifest-read-failed: x:1: ");
	}
}

TEST(layers_have_to_be_complete)
{
	for (int is_container = 0; is_container < 2; is_container++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
		struct cfs_digest bc;

		start(&store);
		make(&store, &image, is_container, ABC);
		name(&store, &image);
		bc = add(&store, "bc");
		lose(&store, &bc);
		finds(&store, false,
		      is_container ? "fsck: layer-object-missing: x:1: " ABC
				   : "fsck: artifact-layer-object-missing: "
				     "x:1: " ABC);
		(void)add(&store, "bc");
		lose(&store, &image.layers[0]);
		finds(&store, false, "fsck: layer-stream-missing: x:1: " ABC);
	}
}

TEST(a_layer_or_a_configuration_without_a_name_is_found)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char config[sizeof("streams/") + CFS_OCI_NAME_MAX] = "streams/";

	start(&store);
	make(&store, &image, true, ABC);
	name(&store, &image);
	cfs_oci_config_name(&image.manifest.config.id,
			    config + strlen("streams/"));
	CHECK_EQ(unlinkat(store.repo.fd, "streams/oci-layer-" ABC, 0), 0);
	finds(&store, false, "fsck: layer-stream-missing: x:1: " ABC);
	CHECK_EQ(unlinkat(store.repo.fd, config, 0), 0);
	finds(&store, false,
	      "fsck: config-read-failed: x:1: Opening stream 'oci-config-");
}

TEST(a_layer_under_another_ones_diff_id_is_found_by_reading_it)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

	start(&store);
	make(&store, &image, true, OTHER);
	name(&store, &image);
	CHECK_EQ(look(&store, NULL, false).findings, 0);
	finds(&store, true,
	      "fsck: layer-digest-mismatch: x:1: expected " OTHER ", got " ABC
	      "\n");
}

TEST(a_damaged_object_is_found_by_reading_the_layer)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_digest bc;

	start(&store);
	make(&store, &image, true, ABC);
	name(&store, &image);
	bc = add(&store, "bc");
	lose(&store, &bc);
	cfs_digest_to_path(&bc, path + strlen(path));
	put(root, path, "BC");
	CHECK_EQ(look(&store, NULL, false).findings, 0);
	finds(&store, true, "fsck: layer-check-failed: x:1: " ABC);
}

TEST(erofs_images_that_a_configuration_names_have_to_be_there)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	const struct cfs_oci_erofs plain = { .v1 = false };
	struct cfs_digest id;

	start(&store);
	make(&store, &image, true, ABC);
	id = add(&store, "no image");
	CHECK_EQ(cfs_oci_image_set_erofs(&image, &plain, &id, &err), 0);
	name(&store, &image);
	finds(&store, false,
	      "fsck: erofs-image-invalid: x:1: composefs.image: ");
	lose(&store, &id);
	finds(&store, false,
	      "fsck: erofs-image-missing: x:1: composefs.image: ");
}

TEST(every_code_has_a_name_of_its_own)
{
	for (int i = 0; i < CFS_OCI_FSCK_CODES; i++)
		for (int k = 0; k < i; k++)
			CHECK(strcmp(cfs_oci_fsck_code_name(i),
				     cfs_oci_fsck_code_name(k)) != 0);
}
