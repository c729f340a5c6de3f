/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/referrers.h"

#include "tests/unit/oci/origin/layout.h"

static void list(const char *dir, const char *subject,
		 struct cfs_oci_referrers *ret)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = NULL;
	struct cfs_oci_id id = id_in(subject);

	CHECK_EQ(cfs_origin_open(text("oci:%s", dir), &o, &err), 0);
	CHECK_EQ(cfs_origin_referrers(o, &id, ret, &err), 0);
}

static bool has(const struct cfs_oci_referrers *r, const char *descriptor,
		const char *type)
{
	struct cfs_oci_id id = id_in(descriptor);

	for (size_t i = 0; i < r->found.n; i++)
		if (cfs_oci_id_equal(&r->found.v[i].id, &id))
			return strcmp(r->found.v[i].artifact_type, type) == 0;
	return false;
}

static bool skips(const struct cfs_oci_referrers *r, const char *descriptor,
		  enum cfs_oci_skip why)
{
	struct cfs_oci_id id = id_in(descriptor);

	for (size_t i = 0; i < r->skipped.n; i++)
		if (cfs_oci_id_equal(&r->skipped.v[i].id, &id))
			return r->skipped.v[i].why == why;
	return false;
}

TEST(manifests_about_an_image_are_found_in_a_layout)
{
	char *dir = new_layout("found");
	char *image = put_image(dir, "linux", "amd64", "a", "");
	char *other = put_image(dir, "linux", "amd64", "b", "");
	char *a = put_artifact(dir, "application/a", image, "a");
	char *b = put_artifact(dir, "", image, "b");
	char *c = put_artifact(dir, "application/c", other, "c");
	char *d = put_artifact(dir, "application/d", NULL, "d");
	CFS_AUTOREFERRERS struct cfs_oci_referrers r = { 0 }, s = { 0 };

	put_index(dir,
		  text("%s,%s,%s,%s,%s,%s,%s", image, a, other, b, a, c, d));
	list(dir, image, &r);
	CHECK_EQ(r.found.n, 2);
	CHECK_EQ(r.skipped.n, 0);
	CHECK(has(&r, a, "application/a"));
	/* The type of the configuration stands for a missing one. */
	CHECK(has(&r, b, "application/vnd.oci.empty.v1+json"));
	list(dir, other, &s);
	CHECK_EQ(s.found.n, 1);
	CHECK(has(&s, c, "application/c"));
}

TEST(an_index_under_the_tag_of_an_image_lists_its_referrers)
{
	char *dir = new_layout("tag");
	char *image = put_image(dir, "linux", "amd64", "a", "");
	char *other = put_image(dir, "linux", "amd64", "b", "");
	char *a = put_artifact(dir, "application/a", image, "a");
	char *b = put_artifact(dir, "application/b", other, "b");
	char *index = put_blob(
		dir, T_INDEX, index_of(text("%s,7,%s", a, b)),
		text(",\"annotations\":{\"org.opencontainers.image.ref.name\":"
		     "\"sha256-%.64s\"}",
		     strstr(image, "sha256:") + 7));
	CFS_AUTOREFERRERS struct cfs_oci_referrers r = { 0 };

	put_index(dir, text("%s,%s", image, index));
	list(dir, image, &r);
	CHECK_EQ(r.found.n, 1);
	CHECK(has(&r, a, "application/a"));
	CHECK_EQ(r.skipped.n, 2);
	CHECK(skips(&r, b, CFS_OCI_SKIP_SUBJECT));
	CHECK_EQ(r.skipped.v[0].why, CFS_OCI_SKIP_ENTRY);
	CHECK(!*r.skipped.v[0].id.text);
	CHECK(!r.skipped.v[0].is_unknown && !r.skipped.v[1].is_unknown);
}

TEST(junk_is_skipped_with_a_reason)
{
	char *dir = new_layout("junk");
	char *image = put_image(dir, "linux", "amd64", "a", "");
	char *good = put_artifact(dir, "application/a", image, "a");
	char *lost = put_artifact(dir, "application/a", image, "lost");
	char *bad = put_artifact(dir, "application/a", image, "bad");
	char *fifo = put_artifact(dir, "application/a", image, "fifo");
	char *odd = put_blob(dir, T_MANIFEST, "{\"config\":7}", "");
	char *large = text("{\"mediaType\":\"" T_MANIFEST "\",\"digest\":"
			   "\"%s\",\"size\":5000000}",
			   id_of("large").text);
	struct cfs_oci_id lost_id = id_in(lost), bad_id = id_in(bad),
			  fifo_id = id_in(fifo);
	CFS_AUTOREFERRERS struct cfs_oci_referrers r = { 0 };

	CHECK_EQ(unlink(blob_path(dir, &lost_id)), 0);
	put_file(blob_path(dir, &bad_id), "{}");
	CHECK_EQ(unlink(blob_path(dir, &fifo_id)), 0);
	CHECK_EQ(mkfifo(blob_path(dir, &fifo_id), 0644), 0);
	put_index(dir, text("%s,{},%s,%s,%s,%s,%s,%s", image, lost, bad, fifo,
			    odd, large, good));
	list(dir, image, &r);
	CHECK_EQ(r.found.n, 1);
	CHECK(has(&r, good, "application/a"));
	CHECK_EQ(r.skipped.n, 6);
	CHECK(skips(&r, lost, CFS_OCI_SKIP_MISSING));
	CHECK(skips(&r, bad, CFS_OCI_SKIP_DIGEST));
	CHECK(skips(&r, fifo, CFS_OCI_SKIP_READ));
	CHECK(skips(&r, odd, CFS_OCI_SKIP_CONTENT));
	CHECK(skips(&r, large, CFS_OCI_SKIP_CONTENT));
	/* They may be images as well. */
	for (size_t i = 0; i < r.skipped.n; i++)
		CHECK(r.skipped.v[i].is_unknown);
}

TEST(what_is_no_artifact_for_certain_is_not_called_one)
{
	struct cfs_oci_skipped s = { .why = CFS_OCI_SKIP_CONTENT,
				     .detail = "no JSON",
				     .id = { .text = "sha256:1" } };
	char line[CFS_OCI_SKIPPED_MAX];

	cfs_oci_skipped_text(&s, line);
	CHECK_STR(line, "artifact sha256:1 about the image is left out: its "
			"manifest is malformed: no JSON");
	s.is_unknown = true;
	s.detail[0] = '\0';
	s.id.text[0] = '\0';
	cfs_oci_skipped_text(&s, line);
	CHECK_STR(line, "manifest (without a digest), which is perhaps an "
			"artifact about the image, is left out: its manifest "
			"is malformed");
}

TEST(only_so_many_are_looked_at)
{
	char *dir = new_layout("many");
	char *image = put_image(dir, "linux", "amd64", "a", "");
	CFS_AUTOBUF struct cfs_buf all = { 0 };
	CFS_AUTOREFERRERS struct cfs_oci_referrers r = { 0 };
	char *last = NULL;

	for (int i = 0; i < CFS_ORIGIN_DOCUMENTS_MAX + 3; i++) {
		last = put_artifact(dir, "application/a", image, text("%d", i));
		cfs_buf_addf(&all, "%s%s", i ? "," : "", last);
	}
	put_index(dir, cfs_buf_text(&all));
	list(dir, image, &r);
	CHECK_EQ(r.found.n, CFS_ORIGIN_DOCUMENTS_MAX);
	CHECK_EQ(r.skipped.n, 3);
	CHECK(skips(&r, last, CFS_OCI_SKIP_LIMIT));
}

TEST(a_directory_has_no_referrers)
{
	char *dir = new_dir("none");
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = NULL;
	CFS_AUTOREFERRERS struct cfs_oci_referrers r = { 0 };
	struct cfs_oci_id id = id_of("x");

	CHECK_EQ(cfs_origin_open(text("dir:%s", dir), &o, &err), 0);
	CHECK_EQ(cfs_origin_referrers(o, &id, &r, &err), 0);
	CHECK_EQ(r.found.n, 0);
	CHECK_EQ(r.skipped.n, 0);
}
