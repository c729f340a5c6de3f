/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/oci_images.h"

#include "tests/unit/oci/stored.h"

struct seen {
	unsigned n, unreadable, referrers;
	struct cfs_json_writer w;
};

static int see(void *arg, const struct cfs_tagged_image *tagged,
	       struct cfs_err *e)
{
	struct seen *seen = arg;

	(void)e;
	seen->n++;
	seen->unreadable += !tagged->image;
	seen->referrers += tagged->referrers;
	CHECK(tagged->image || tagged->why.code);
	if (tagged->image)
		cfs_tagged_image_write(tagged, &seen->w);
	return strcmp(tagged->tag, "stop") == 0 ? -ECANCELED : 0;
}

static void add_tag(struct cfs_store *store, const char *tag,
		    const struct cfs_oci_image *image)
{
	CHECK_EQ(cfs_oci_tag_set(store, tag, &image->id, &err), 0);
}

TEST(every_tag_is_reported_with_its_image)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct seen seen = { .w.buf = &text };
	char name_of[CFS_OCI_NAME_MAX], ref[400];

	start(&store);
	make(&store, &image, true, ABC);
	name(&store, &image);
	cfs_oci_manifest_name(&image.id, name_of);
	snprintf(ref, sizeof(ref), CFS_OCI_REFERRERS "/%s/" OTHER,
		 image.id.text);
	CHECK_EQ(cfs_stream_ref_set(&store, ref, name_of, &err), 0);
	cfs_json_write_object(&seen.w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_array(&seen.w, "images", CFS_JSON_ONE_LINE);
	CHECK_EQ(cfs_tagged_images_each(&store.repo, see, &seen, &err), 0);
	cfs_json_write_end(&seen.w);
	CHECK_EQ(cfs_oci_referrers_write(&store.repo, &image.id, "of", &seen.w,
					 &err),
		 0);
	cfs_json_write_end(&seen.w);
	CHECK_EQ(cfs_json_write_finish(&seen.w, &err), 0);
	CHECK(seen.n == 1 && seen.referrers == 1);
	snprintf(
		ref, sizeof(ref),
		"{\"images\": [{\"name\": \"x:1\", \"manifest_digest\": \"%s\", "
		"\"is_container\": true, \"architecture\": \"\", "
		"\"os\": \"\", \"created\": null, \"layer_count\": 1, "
		"\"referrer_count\": 1}], \"of\": [\"" OTHER "\"]}\n",
		image.id.text);
	CHECK_STR(cfs_buf_text(&text), ref);
}

TEST(an_image_that_cannot_be_read_is_reported_with_the_reason)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct seen seen = { .w.buf = &text };

	start(&store);
	make(&store, &image, true, ABC);
	name(&store, &image);
	lose(&store, &image.config_stream);
	CHECK_EQ(cfs_tagged_images_each(&store.repo, see, &seen, &err), 0);
	CHECK(seen.n == 1 && seen.unreadable == 1);
}

TEST(a_result_ends_the_walk)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct seen seen = { .w.buf = &text };

	start(&store);
	make(&store, &image, true, ABC);
	name(&store, &image);
	add_tag(&store, "stop", &image);
	cfs_json_write_array(&seen.w, NULL, CFS_JSON_ONE_LINE);
	CHECK_EQ(cfs_tagged_images_each(&store.repo, see, &seen, &err),
		 -ECANCELED);
	CHECK_EQ(seen.n, 1);
}
