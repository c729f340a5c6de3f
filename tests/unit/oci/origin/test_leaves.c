/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/leaves.h"

#include "tests/unit/oci/origin/layout.h"

/* Follows @reference; the origin stays open. */
static int find(const char *reference, struct cfs_origin **origin,
		struct cfs_oci_leaves *ret)
{
	CHECK_EQ(cfs_origin_open(reference, origin, &err), 0);
	return cfs_oci_leaves_find(*origin, ret, &err);
}

static bool is_leaf(const struct cfs_oci_leaf *leaf, const char *descriptor)
{
	struct cfs_oci_id id = id_in(descriptor);

	return cfs_oci_id_equal(&leaf->d.id, &id);
}

TEST(leaves_of_nested_indexes_come_in_order_and_once)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOLEAVES struct cfs_oci_leaves leaves = { 0 };
	char *dir = new_layout("nested");
	char *a = put_image(dir, "linux", "amd64", "a", "");
	char *b = put_image(dir, "linux", "arm64", "b", "");
	char *art = put_artifact(dir, "application/x", NULL, "c");
	char *inner =
		put_blob(dir, T_INDEX, index_of(text("%s,%s", b, a)), TAG("t"));

	put_index(dir, text("%s,%s,%s", a, inner, art));
	CHECK_EQ(find(text("oci:%s", dir), &origin, &leaves), 0);
	CHECK_EQ(leaves.n, 3);
	CHECK_EQ(leaves.n_entries, 3);
	CHECK_EQ(leaves.passed_over.code, 0);
	CHECK(is_leaf(&leaves.v[0], a) && is_leaf(&leaves.v[1], b) &&
	      is_leaf(&leaves.v[2], art));
	/* The tag of the entry that leads there, of whichever has one. */
	CHECK_STR(leaves.v[0].d.tag, "t");
	CHECK_STR(leaves.v[1].d.tag, "t");
	CHECK(leaves.v[0].is_image && leaves.v[1].is_image);
	CHECK(!leaves.v[2].is_image && leaves.v[2].is_readable);
	/* Without a platform in the index the configuration says it. */
	CHECK_STR(leaves.v[1].d.platform.arch, "arm64");
}

TEST(a_tag_selects_entries_of_the_first_index)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOLEAVES struct cfs_oci_leaves leaves = { 0 };
	char *dir = new_layout("tags");
	char *a = put_image(dir, "linux", "amd64", "a", TAG("one"));
	char *b = put_image(dir, "linux", "amd64", "b", TAG("two"));

	put_index(dir, text("%s,%s", a, b));
	CHECK_EQ(find(text("oci:%s:two", dir), &origin, &leaves), 0);
	CHECK_EQ(leaves.n, 1);
	CHECK_EQ(leaves.n_entries, 1);
	CHECK(is_leaf(&leaves.v[0], b));
}

TEST(what_cannot_be_read_is_passed_over_and_the_first_reason_kept)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOLEAVES struct cfs_oci_leaves leaves = { 0 };
	char *dir = new_layout("broken");
	char *a = put_image(dir, "linux", "amd64", "a", "");
	char *index = put_blob(dir, T_INDEX, index_of(a), "");
	char *gone = put_artifact(dir, "application/x", NULL, "b");
	struct cfs_oci_id index_id = id_in(index), gone_id = id_in(gone);

	CHECK_EQ(unlink(blob_path(dir, &gone_id)), 0);
	put_file(blob_path(dir, &index_id), "[]");
	put_index(dir, text("%s,7,%s,%s", index, gone, a));
	CHECK_EQ(find(text("oci:%s", dir), &origin, &leaves), 0);
	CHECK_EQ(leaves.passed_over.code, EBADMSG);
	CHECK(strstr(leaves.passed_over.msg, index_id.text));
	CHECK_EQ(leaves.n, 2);
	CHECK(!leaves.v[0].is_readable && !leaves.v[0].is_image);
	CHECK(leaves.v[1].is_image);
}

TEST(an_index_that_leads_to_itself_is_no_endless_walk)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOLEAVES struct cfs_oci_leaves leaves = { 0 };
	char *dir = new_layout("deep");
	char *a = put_image(dir, "linux", "amd64", "a", "");
	char *index = a;

	for (int i = 0; i <= CFS_ORIGIN_DEPTH_MAX; i++)
		index = put_blob(dir, T_INDEX, index_of(index), "");
	put_index(dir, index);
	CHECK_EQ(find(text("oci:%s", dir), &origin, &leaves), 0);
	CHECK_EQ(leaves.n, 0);
	CHECK_EQ(leaves.passed_over.code, ELOOP);
}

TEST(documents_that_are_read_are_limited)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOLEAVES struct cfs_oci_leaves leaves = { 0 };
	CFS_AUTOBUF struct cfs_buf entries = { 0 };
	char *dir = new_layout("many");
	char *index = put_blob(dir, T_INDEX, index_of(""), "");

	for (int i = 0; i <= CFS_ORIGIN_DOCUMENTS_MAX; i++)
		cfs_buf_addf(&entries, "%s%s", i ? "," : "", index);
	put_index(dir, cfs_buf_text(&entries));
	CHECK_EQ(find(text("oci:%s", dir), &origin, &leaves), -EFBIG);
	CHECK_EQ(leaves.n, 0);
}

TEST(a_digest_names_the_first_document_which_has_to_be_right)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTO(cfs_origin_free) struct cfs_origin *wrong = NULL;
	CFS_AUTOLEAVES struct cfs_oci_leaves leaves = { 0 }, none = { 0 };
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	char *dir = new_layout("digest");
	char *a = put_image(dir, "linux", "amd64", "a", "");
	struct cfs_oci_id id = id_in(a);
	char *reference = text("oci:%s@%s", dir, id.text);

	put_index(dir, "");
	CHECK_EQ(find(reference, &origin, &leaves), 0);
	CHECK_EQ(leaves.n, 1);
	CHECK(cfs_oci_id_equal(&leaves.top_id, &id));
	/* It is not read a second time. */
	put_file(blob_path(dir, &id), "{}");
	CHECK_EQ(cfs_oci_leaf_read(origin, &leaves, &leaves.v[0], &got, &err),
		 0);
	CHECK_EQ(got.len, leaves.top.len);
	CHECK_EQ(find(reference, &wrong, &none), -EBADMSG);
}
