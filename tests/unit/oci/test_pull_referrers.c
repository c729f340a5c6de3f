/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/pulling.h"
#include "oci/seal/artifact.h"
#include "oci/tag.h"
#include "tests/unit/oci/pulled.h"

/* Stands for the pull of one artifact: notes it, and fails as it is told to. */
static char order[4096]; /* labels of the layers that were asked for */
static int answer;

static int note(struct cfs_store *store, const struct cfs_oci_pull *pull,
		struct cfs_oci_pulled *ret, struct cfs_err *e)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	size_t len = strlen(order);

	(void)store;
	(void)ret;
	CHECK(!pull->referrers && !pull->tag);
	CHECK_EQ(cfs_oci_manifest_parse(cfs_buf_bytes(&pull->choice->manifest),
					&m, e),
		 0);
	snprintf(order + len, sizeof(order) - len, "%s ", m.artifact_type);
	return answer < 0 ? cfs_fail(e, -answer, "as the test wants it") : 0;
}

/* Takes the artifacts about the image @subject of the layout @dir. */
static int take_with(struct cfs_store *store, const char *dir,
		     const char *subject, cfs_pull_one_fn *pull_one,
		     struct cfs_oci_pulled *ret)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = open_layout(dir);
	const struct cfs_oci_pull pull = { .origin = origin };

	order[0] = '\0';
	ret->image.id = id_in(subject);
	return cfs_oci_pull_referrers(store, &pull, pull_one, ret, &err);
}

/* Was @descriptor skipped for this reason? */
static bool is_skipped(const struct cfs_oci_pulled *pulled,
		       const char *descriptor, enum cfs_oci_skip why)
{
	const struct cfs_oci_referrers *list = &pulled->referrers;
	struct cfs_oci_id id = id_in(descriptor);

	for (size_t i = 0; i < list->skipped.n; i++)
		if (cfs_oci_id_equal(&list->skipped.v[i].id, &id))
			return list->skipped.v[i].why == why;
	return false;
}

/* A ref that lists @descriptor as an artifact about @subject. */
static bool is_listed(const struct cfs_store *store, const char *subject,
		      const char *descriptor)
{
	char have[CFS_CONTENT_ID_MAX];

	return cfs_stream_ref_get(&store->repo,
				  text(CFS_OCI_REFERRERS "/%s/%s",
				       id_in(subject).text,
				       id_in(descriptor).text),
				  have, &err) > 0;
}

TEST(signatures_of_ours_go_first_and_others_keep_their_order)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char *dir = new_layout("order");
	char *image = put_image(dir, "linux", "amd64", "x", "");
	char *a = put_artifact(dir, "a", image, "1");
	char *b = put_artifact(dir, "b", image, "2");
	char *seal = put_artifact(dir, CFS_SEAL_TYPE, image, "3");

	put_index(dir, text("%s,%s,%s,%s", image, a, b, seal));
	start(&store);
	CHECK_EQ(take_with(&store, dir, image, note, &pulled), 0);
	CHECK_STR(order, CFS_SEAL_TYPE " a b ");
	CHECK_EQ(pulled.referrers.found.n, 3);
	CHECK_EQ(pulled.referrers.skipped.n, 0);
	CHECK(is_listed(&store, image, a) && is_listed(&store, image, seal));
}

TEST(what_is_about_another_image_or_is_one_itself_is_not_taken)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char *dir = new_layout("subject");
	char *image = put_image(dir, "linux", "amd64", "x", "");
	char *other = put_image(dir, "linux", "amd64", "y", "");
	char *about_other = put_artifact(dir, "a", other, "1");
	char *about_none = put_artifact(dir, "b", NULL, "2");
	char *container = put_blob(
		dir, T_MANIFEST,
		text("{\"mediaType\":\"" T_MANIFEST "\",\"config\":%s,"
		     "\"layers\":[],\"subject\":%s}",
		     put_blob(dir, T_CONFIG, "{\"rootfs\":{}}", ""), image),
		"");
	char *list =
		index_of(text("%s,%s,%s", about_other, about_none, container));

	/* A list under the image's own tag is believed no more than that. */
	put_index(dir, text("%s,%s", image,
			    put_blob(dir, T_INDEX, list,
				     text(",\"annotations\":{"
					  "\"org.opencontainers.image.ref."
					  "name\":\"sha256-%s\"}",
					  id_in(image).text + 7))));
	start(&store);
	CHECK_EQ(take_with(&store, dir, image, note, &pulled), 0);
	CHECK_STR(order, "");
	CHECK(is_skipped(&pulled, about_other, CFS_OCI_SKIP_SUBJECT));
	CHECK(is_skipped(&pulled, about_none, CFS_OCI_SKIP_SUBJECT));
	CHECK(is_skipped(&pulled, container, CFS_OCI_SKIP_KIND));
	CHECK(!is_listed(&store, image, about_other));
}

/* An artifact of @n layers that say they have @size bytes each. */
static char *put_large(const char *dir, const char *image, unsigned n,
		       unsigned long long size)
{
	CFS_AUTOBUF struct cfs_buf layers = { 0 };

	for (unsigned i = 0; i < n; i++)
		cfs_buf_addf(
			&layers,
			"%s{\"mediaType\":\"text/plain\",\"digest\":\"%s\","
			"\"size\":%llu}",
			i ? "," : "", id_of(text("%u", i)).text, size);
	return put_blob(dir, T_MANIFEST,
			text("{\"mediaType\":\"" T_MANIFEST
			     "\",\"artifactType\":\"l\","
			     "\"config\":%s,\"layers\":[%s],\"subject\":%s}",
			     put_blob(dir, "application/vnd.oci.empty.v1+json",
				      "{}", ""),
			     cfs_buf_text(&layers), image),
			"");
}

TEST(the_size_of_an_artifact_is_limited_before_anything_is_read)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char *dir = new_layout("size");
	char *image = put_image(dir, "linux", "amd64", "x", "");
	char *most =
		put_large(dir, image, CFS_PULL_ARTIFACT_BLOBS_MAX,
			  CFS_PULL_ARTIFACT_MAX / CFS_PULL_ARTIFACT_BLOBS_MAX);
	char *many = put_large(dir, image, CFS_PULL_ARTIFACT_BLOBS_MAX + 1, 1);
	char *large = put_large(dir, image, 1, CFS_PULL_ARTIFACT_MAX + 1ull);
	/* Sizes whose sum has no place in 64 bits. */
	char *wraps = put_large(dir, image, 3, 6148914691236517206ull);

	put_index(dir, text("%s,%s,%s,%s,%s", image, most, many, large, wraps));
	start(&store);
	CHECK_EQ(take_with(&store, dir, image, note, &pulled), 0);
	CHECK_STR(order, "l ");
	CHECK(is_skipped(&pulled, many, CFS_OCI_SKIP_SIZE));
	CHECK(is_skipped(&pulled, large, CFS_OCI_SKIP_SIZE));
	CHECK(is_skipped(&pulled, wraps, CFS_OCI_SKIP_SIZE));
	CHECK(strstr(pulled.referrers.skipped.v[0].detail, "maximum"));
}

TEST(more_artifacts_than_the_limit_are_not_looked_at)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	CFS_AUTOBUF struct cfs_buf entries = { 0 };
	char *dir = new_layout("many");
	char *image = put_image(dir, "linux", "amd64", "x", ""), *last = NULL;

	cfs_buf_adds(&entries, image);
	for (unsigned i = 0; i <= CFS_PULL_ARTIFACTS_MAX; i++) {
		last = put_artifact(dir, "a", image, text("%u", i));
		cfs_buf_addf(&entries, ",%s", last);
	}
	put_index(dir, cfs_buf_text(&entries));
	start(&store);
	CHECK_EQ(take_with(&store, dir, image, note, &pulled), 0);
	CHECK_EQ(pulled.referrers.found.n, CFS_PULL_ARTIFACTS_MAX);
	CHECK_EQ(pulled.referrers.skipped.n, 1);
	CHECK(is_skipped(&pulled, last, CFS_OCI_SKIP_LIMIT));
}

TEST(a_bad_artifact_is_skipped_and_a_full_disk_ends_the_pull)
{
	static const struct {
		int answer;
		enum cfs_oci_skip why;
	} cases[] = { { -ENOENT, CFS_OCI_SKIP_MISSING },
		      { -EBADMSG, CFS_OCI_SKIP_DIGEST },
		      { -EINVAL, CFS_OCI_SKIP_READ } };
	static const int ours[] = { -ENOSPC, -EDQUOT, -EROFS,
				    -ENOMEM, -EACCES, -EPERM };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char *dir = new_layout("fails");
	char *image = put_image(dir, "linux", "amd64", "x", "");
	char *a = put_artifact(dir, "a", image, "1");

	put_index(dir, text("%s,%s", image, a));
	start(&store);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		AUTOPULLED struct cfs_oci_pulled pulled = { 0 };

		answer = cases[i].answer;
		CHECK_EQ(take_with(&store, dir, image, note, &pulled), 0);
		CHECK(is_skipped(&pulled, a, cases[i].why));
		CHECK_STR(pulled.referrers.skipped.v[0].detail,
			  "as the test wants it");
		CHECK(!is_listed(&store, image, a));
	}
	for (size_t i = 0; i < CFS_ARRAY_SIZE(ours); i++) {
		AUTOPULLED struct cfs_oci_pulled pulled = { 0 };

		answer = ours[i];
		CHECK_EQ(take_with(&store, dir, image, note, &pulled), ours[i]);
		CHECK(said(text("artifact %s", id_in(a).text)));
		CHECK(!is_listed(&store, image, a));
	}
	answer = 0;
}

TEST(a_manifest_that_is_gone_or_another_is_skipped)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	char *dir = new_layout("gone");
	char *image = put_image(dir, "linux", "amd64", "x", "");
	char *gone = put_artifact(dir, "a", image, "1");
	char *other = put_artifact(dir, "b", image, "2");
	char *good = put_artifact(dir, "c", image, "3");
	struct cfs_oci_id gone_id = id_in(gone), other_id = id_in(other);

	put_index(dir, text("%s,%s,%s,%s", image, gone, other, good));
	CHECK_EQ(unlink(blob_path(dir, &gone_id)), 0);
	put_file(blob_path(dir, &other_id), "{}");
	start(&store);
	CHECK_EQ(take_with(&store, dir, image, note, &pulled), 0);
	CHECK_STR(order, "c ");
	CHECK(is_skipped(&pulled, gone, CFS_OCI_SKIP_MISSING));
	CHECK(is_skipped(&pulled, other, CFS_OCI_SKIP_DIGEST));
}

TEST(what_an_earlier_pull_took_is_not_asked_for_again)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled first = { 0 }, second = { 0 };
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char *dir, *image, *artifact;
	struct cfs_oci_id id;

	base_layer(&tar);
	dir = layout_of("again", &tar, &image);
	artifact = put_artifact(dir, "a", image, "1");
	put_index(dir, text("%s,%s", image, artifact));
	start(&store);
	CHECK_EQ(pull_with(&store, dir,
			   (struct cfs_oci_pull){ .referrers = true }, &first),
		 0);
	CHECK_EQ(first.referrers.found.n, 1);
	CHECK(is_listed(&store, image, artifact));
	id = id_in(artifact);
	CHECK_EQ(unlink(blob_path(dir, &id)), 0);
	put_index(dir, text("%s,%s", image, artifact));
	CHECK_EQ(take_with(&store, dir, image, note, &second), 0);
	CHECK_STR(order, "");
}
