/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/subject.h"

#include <string.h>

#include "oci/tag.h"
#include "tests/unit/repo/gc/repository.h"

#define ID \
	"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

TEST(the_name_of_an_artifact_says_which_image_it_is_about)
{
	char subject[CFS_CONTENT_ID_MAX];

	CHECK(cfs_oci_subject("oci-referrers/" ID "/" ID, subject));
	CHECK_STR(subject, "oci-manifest-" ID);
}

/* They are names like others, and keep what they lead to. */
TEST(other_names_are_about_nothing)
{
	static const char *const others[] = {
		"oci/" ID,
		"oci-referrers",
		"oci-referrers/" ID,
		"oci-referrers/x/" ID,
		"oci-referrers/" ID "/a/b",
		"oci-referrers//" ID,
		"a/oci-referrers/" ID "/" ID,
	};
	char subject[CFS_CONTENT_ID_MAX];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(!cfs_oci_subject(others[i], subject));
}

/* A stream of the type @type with references to @layer and @image. */
static struct cfs_digest add_refs(struct cfs_store *store, const char *name,
				  const char *type, const struct cfs_digest *a,
				  const struct cfs_digest *b)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest id, text = add_object(store, name);

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, type, &w, &err), 0);
	CHECK_EQ(cfs_stream_external(w, strlen(name), &text, &err), 0);
	CHECK_EQ(cfs_stream_add_name(w, ID, a, &err), 0);
	if (b)
		CHECK_EQ(cfs_stream_add_name(w, "composefs.image.v1", b, &err),
			 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	CHECK_EQ(cfs_stream_link(store, name, &id, &err), 0);
	return id;
}

/* Of an OCI image everything hangs from its tag: configuration, layers, EROFS
 * images, and artifacts about it. */
TEST(an_untagged_image_goes_with_all_that_is_about_it)
{
	const struct cfs_gc_params of_oci = { .found = note,
					      .subject = cfs_oci_subject };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest file, image, layer, config, artifact;
	struct cfs_gc_result n;
	struct cfs_oci_id id;

	start(&store);
	file = add_object(&store, "file");
	image = add_image(&store, &file, 4);
	layer = add_stream(&store, "oci-layer-" ID, &file, NULL);
	config = add_refs(&store, "oci-config-" ID, CFS_STREAM_CONFIG, &layer,
			  &image);
	(void)add_refs(&store, "oci-manifest-" ID, CFS_STREAM_MANIFEST, &config,
		       NULL);
	artifact = add_stream(&store, "oci-manifest-sha512:1", NULL, NULL);
	CHECK_EQ(cfs_oci_id_parse(
			 (struct cfs_bytes){ (const uint8_t *)ID, strlen(ID) },
			 &id, &err),
		 0);
	CHECK_EQ(cfs_oci_tag_set(&store, "quay.io/x:1", &id, &err), 0);
	CHECK_EQ(cfs_stream_ref_set(&store, "oci-referrers/" ID "/sha512:1",
				    "oci-manifest-sha512:1", &err),
		 0);
	for (int tagged = 1; tagged >= 0; tagged--) {
		CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;

		CHECK_EQ(cfs_gc_new(&store.repo, &of_oci, &gc, &err), 0);
		CHECK_EQ(cfs_gc_mark(gc, &err), 0);
		CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_REMOVE, &n, &err), 0);
		CHECK_EQ(said.len, 0);
		CHECK_EQ(has_object(&artifact), tagged);
		CHECK_EQ(has_object(&file), tagged);
		CHECK_EQ(has_object(&image), tagged);
		CHECK_EQ(n.objects_removed, (tagged ? 0 : 8));
		CHECK_EQ(n.images_pruned, (tagged ? 0 : 1));
		CHECK_EQ(n.streams_pruned, (tagged ? 0 : 5));
		CHECK_EQ(cfs_oci_tag_remove(&store, "quay.io/x:1", &err),
			 tagged);
	}
}
