/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/tag.h"
#include "tests/unit/oci/pulled.h"

static bool is_tagged(const struct cfs_store *store, const char *tag)
{
	struct cfs_oci_id id;

	return cfs_oci_tag_get(&store->repo, tag, &id, &err) > 0;
}

static bool has_layer(const struct cfs_store *store,
		      const struct cfs_oci_id *id)
{
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest stream;

	cfs_oci_layer_name(id, name);
	return cfs_stream_lookup(&store->repo, name, &stream, &err) > 0;
}

TEST(an_image_is_whole_and_tagged_and_pulled_once)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled first = { 0 }, second = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *manifest, *dir;
	struct cfs_oci_id id, layer;
	uint64_t added;

	base_layer(&tar);
	dir = layout_of("once", &tar, &manifest);
	id = id_in(manifest);
	layer = id_of_buf(&tar);
	start(&store);
	cfs_store_trust_names(&store);
	CHECK_EQ(pull_with(&store, dir, (struct cfs_oci_pull){ .tag = "t" },
			   &first),
		 0);
	CHECK(cfs_oci_id_equal(&first.image.id, &id));
	CHECK_EQ(first.layers_todo, 1);
	CHECK_EQ(first.layers_done, 1);
	CHECK(is_tagged(&store, "t"));
	added = store.stats.added;
	/* The blob is not needed a second time. */
	CHECK_EQ(unlink(blob_path(dir, &layer)), 0);
	CHECK_EQ(pull_with(&store, dir, (struct cfs_oci_pull){ .tag = "u" },
			   &second),
		 0);
	CHECK_EQ(second.layers_todo, 0);
	CHECK_EQ(store.stats.added, added);
	CHECK(is_tagged(&store, "u"));
}

TEST(a_failed_pull_has_no_tag_and_keeps_what_was_good)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled failed = { 0 }, pulled = { 0 };
	CFS_AUTOBUF struct cfs_buf base = { 0 }, top = { 0 };
	char *dir = new_layout("failed"), *one, *two;
	struct cfs_oci_id base_id, top_id;

	base_layer(&base);
	tar_dir(&top, "etc/", 0755);
	tar_end(&top);
	base_id = id_of_buf(&base);
	top_id = id_of_buf(&top);
	one = put_bytes(dir, T_LAYER, &base);
	two = put_bytes(dir, T_LAYER, &top);
	put_index(dir, put_container(dir, text("%s,%s", one, two),
				     text("\"%s\",\"%s\"", base_id.text,
					  top_id.text)));
	CHECK_EQ(unlink(blob_path(dir, &top_id)), 0);
	start(&store);
	cfs_store_trust_names(&store);
	CHECK_EQ(pull_with(&store, dir, (struct cfs_oci_pull){ .tag = "t" },
			   &failed),
		 -ENOENT);
	CHECK(said(text("layer 1 (%s)", top_id.text)));
	CHECK(!is_tagged(&store, "t"));
	CHECK_EQ(failed.layers_todo, 2);
	CHECK_EQ(failed.layers_done, 1);
	CHECK(has_layer(&store, &base_id) && !has_layer(&store, &top_id));
	(void)put_bytes(dir, T_LAYER, &top);
	CHECK_EQ(pull_with(&store, dir, (struct cfs_oci_pull){ .tag = "t" },
			   &pulled),
		 0);
	CHECK_EQ(pulled.layers_todo, 1);
	CHECK(is_tagged(&store, "t"));
}

TEST(a_layer_that_lies_about_its_archive_gets_no_name)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *dir = new_layout("lies");
	struct cfs_oci_id lie = id_of("another archive");

	base_layer(&tar);
	put_index(dir, put_container(dir, put_bytes(dir, T_LAYER, &tar),
				     text("\"%s\"", lie.text)));
	start(&store);
	CHECK_EQ(pull_with(&store, dir, (struct cfs_oci_pull){ .tag = "t" },
			   &pulled),
		 -EBADMSG);
	CHECK(said("its diff_id"));
	CHECK(!has_layer(&store, &lie));
	CHECK(!is_tagged(&store, "t"));
}

static int refuse(void *ctx, const struct cfs_repo *repo,
		  const struct cfs_oci_image *image, struct cfs_err *e)
{
	(void)repo;
	*(struct cfs_oci_id *)ctx = image->id;
	return cfs_fail(e, EKEYREJECTED, "it is not signed");
}

TEST(an_image_that_is_not_accepted_gets_no_tag)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_oci_id asked = { 0 }, id;
	char *manifest, *dir;

	base_layer(&tar);
	dir = layout_of("refused", &tar, &manifest);
	id = id_in(manifest);
	start(&store);
	CHECK_EQ(pull_with(&store, dir,
			   (struct cfs_oci_pull){ .tag = "t",
						  .accept = refuse,
						  .accept_ctx = &asked },
			   &pulled),
		 -EKEYREJECTED);
	CHECK(cfs_oci_id_equal(&asked, &id));
	CHECK(!is_tagged(&store, "t"));
}

TEST(a_digest_that_was_expected_and_is_not_there_leaves_no_tag)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	const struct cfs_digest want = { .alg = CFS_ALG_SHA256 };
	char *manifest;

	base_layer(&tar);
	start(&store);
	CHECK_EQ(pull_with(&store, layout_of("expected", &tar, &manifest),
			   (struct cfs_oci_pull){ .tag = "t",
						  .bootable = true,
						  .expected = &want },
			   &pulled),
		 -EKEYREJECTED);
	CHECK(!is_tagged(&store, "t"));
}

TEST(a_layer_that_occurs_twice_is_taken_once)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *dir = new_layout("twice"), *layer, *id;

	base_layer(&tar);
	layer = put_bytes(dir, T_LAYER, &tar);
	id = text("\"%s\"", id_of_buf(&tar).text);
	put_index(dir, put_container(dir, text("%s,%s", layer, layer),
				     text("%s,%s", id, id)));
	start(&store);
	CHECK_EQ(pull_with(&store, dir, (struct cfs_oci_pull){ 0 }, &pulled),
		 0);
	CHECK_EQ(pulled.layers_todo, 1);
	CHECK(cfs_digest_equal(&pulled.image.layers[0],
			       &pulled.image.layers[1]));
}
