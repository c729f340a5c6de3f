/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/fsck_run.h"

#include "oci/json_doc.h"
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

static int look(const struct cfs_store *store, const struct cfs_oci_id *id)
{
	const struct cfs_oci_fsck_params params = { .found = note };
	struct cfs_oci_fsck_run run = { .repo = &store->repo,
					.params = &params,
					.tag = "x" };
	int r;

	said[0] = '\0';
	r = cfs_oci_fsck_image(&run, id, &err);
	CHECK_EQ(r == 0, run.count.findings > 0);
	cfs_vec_free(&run.good);
	return r;
}

/* Stores @text as a stream of the type @type with one named ref, or none, and
 * links it as @name. */
static struct cfs_digest put_stream(struct cfs_store *store, const char *type,
				    const char *text, const char *link,
				    const char *ref,
				    const struct cfs_digest *to)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest object = add(store, text), id;

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, type, &w, &err), 0);
	CHECK_EQ(cfs_stream_external(w, strlen(text), &object, &err), 0);
	if (ref)
		CHECK_EQ(cfs_stream_add_name(w, ref, to, &err), 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	CHECK_EQ(cfs_stream_link(store, link, &id, &err), 0);
	return id;
}

static struct cfs_oci_id id_of_text(const char *text)
{
	struct cfs_oci_id id;

	CHECK_EQ(
		cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, bytes(text), &id, &err),
		0);
	return id;
}

/* Stores @text under its digest as a manifest of which nothing else is
 * known. */
static struct cfs_oci_id put_manifest(struct cfs_store *store, const char *text)
{
	struct cfs_oci_id id = id_of_text(text);
	char link[CFS_OCI_NAME_MAX];

	cfs_oci_manifest_name(&id, link);
	(void)put_stream(store, CFS_STREAM_MANIFEST, text, link, NULL, NULL);
	return id;
}

TEST(a_whole_image_is_good)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

	start(&store);
	make(&store, &image, true, ABC);
	name(&store, &image);
	CHECK_EQ(look(&store, &image.id), 1);
}

TEST(a_manifest_has_to_be_one)
{
	static const char *const texts[] = { "{}", "[", "7",
					     "{\"manifests\":[]}" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(texts); i++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		struct cfs_oci_id id;

		start(&store);
		id = put_manifest(&store, texts[i]);
		CHECK_EQ(look(&store, &id), 0);
		CHECK(strstr(said, "fsck: manifest-parse-failed: x: "));
	}
}

TEST(a_manifest_refers_to_its_configuration)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFREE char *text = NULL;
	struct cfs_oci_id id;

	start(&store);
	CHECK(asprintf(&text,
		       "{\"config\":{\"mediaType\":\"" OCI
		       "config.v1+json\",\"digest\":\"%s\",\"size\":2},"
		       "\"layers\":[]}",
		       id_of_text("{}").text) > 0);
	id = put_manifest(&store, text);
	CHECK_EQ(look(&store, &id), 0);
	CHECK(strstr(said, "fsck: config-ref-missing: x: sha256:44136fa3"));
}

/* A manifest of no layers and a configuration, of which its stream has the text
 * @config. */
static struct cfs_oci_id put_pair(struct cfs_store *store, const char *config,
				  const char *type)
{
	struct cfs_oci_id config_id = id_of_text(config), id;
	CFS_AUTOFREE char *text = NULL, *ref = NULL;
	char link[CFS_OCI_NAME_MAX];
	struct cfs_digest stream;

	cfs_oci_config_name(&config_id, link);
	stream = put_stream(store, type, config, link, NULL, NULL);
	CHECK(asprintf(&text,
		       "{\"config\":{\"mediaType\":\"" OCI
		       "config.v1+json\",\"digest\":\"%s\",\"size\":%zu},"
		       "\"layers\":[]}",
		       config_id.text, strlen(config)) > 0);
	CHECK(asprintf(&ref, "config:%s", config_id.text) > 0);
	id = id_of_text(text);
	cfs_oci_manifest_name(&id, link);
	(void)put_stream(store, CFS_STREAM_MANIFEST, text, link, ref, &stream);
	return id;
}

TEST(a_configuration_has_as_many_layers_as_the_manifest)
{
	static const struct {
		const char *config, *words;
	} cases[] = {
		{ "{\"rootfs\":{\"diff_ids\":[]}}", NULL },
		{ "{\"rootfs\":{\"diff_ids\":[\"" ABC "\"]}}",
		  "the manifest has 0 layers, the configuration 1 diff_ids" },
		{ "{\"rootfs\":{\"diff_ids\":[7]}}", "" },
		{ "[", "" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		struct cfs_oci_id id;

		start(&store);
		id = put_pair(&store, cases[i].config, CFS_STREAM_CONFIG);
		CHECK_EQ(look(&store, &id), cases[i].words == NULL);
		CHECK(!cases[i].words ||
		      (strstr(said, "fsck: config-parse-failed: x: ") &&
		       strstr(said, cases[i].words)));
	}
}

TEST(a_stream_of_another_kind_is_no_configuration)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_oci_id id;

	start(&store);
	id = put_pair(&store, "{\"rootfs\":{\"diff_ids\":[]}}",
		      CFS_STREAM_LAYER);
	CHECK_EQ(look(&store, &id), 0);
	CHECK(strstr(said, "fsck: config-read-failed: x: "));
}

TEST(a_document_that_is_too_long_is_not_read_into_memory)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFREE char *text = malloc(CFS_OCI_JSON_MAX + 2);
	struct cfs_oci_id id;

	CHECK(text);
	memset(text, ' ', CFS_OCI_JSON_MAX + 1);
	text[CFS_OCI_JSON_MAX + 1] = '\0';
	start(&store);
	id = put_manifest(&store, text);
	CHECK_EQ(look(&store, &id), 0);
	CHECK(strstr(said, "it is longer than the maximum of "));
}

TEST(manifest_and_configuration_refer_to_the_same_layers)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_digest other, stream;
	CFS_AUTOFREE char *ref = NULL;
	char link[CFS_OCI_NAME_MAX];

	start(&store);
	make(&store, &image, true, ABC);
	name(&store, &image);
	/* A configuration of the same text that refers to something else. */
	other = add(&store, "another layer");
	cfs_oci_config_name(&image.manifest.config.id, link);
	stream = put_stream(&store, CFS_STREAM_CONFIG,
			    cfs_buf_text(&image.config_text), link, ABC,
			    &other);
	CHECK(asprintf(&ref, "config:%s", image.manifest.config.id.text) > 0);
	{
		CFS_AUTO(cfs_stream_writer_free)
		struct cfs_stream_writer *w = NULL;
		struct cfs_digest object, id;

		object = add(&store, cfs_buf_text(&image.manifest_text));
		CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256,
					       CFS_STREAM_MANIFEST, &w, &err),
			 0);
		CHECK_EQ(cfs_stream_external(w, image.manifest_text.len,
					     &object, &err),
			 0);
		CHECK_EQ(cfs_stream_add_name(w, ref, &stream, &err), 0);
		CHECK_EQ(cfs_stream_add_name(w, ABC, &image.layers[0], &err),
			 0);
		CHECK_EQ(cfs_stream_store(&store, w, &id, &err), 0);
		cfs_oci_manifest_name(&image.id, link);
		CHECK_EQ(cfs_stream_link(&store, link, &id, &err), 0);
	}
	CHECK_EQ(look(&store, &image.id), 0);
	CHECK(strstr(said, "fsck: layer-ref-missing: x: " ABC));
}
