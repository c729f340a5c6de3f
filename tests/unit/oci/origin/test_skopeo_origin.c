/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/json_doc.h"
#include "oci/referrers.h"
#include "tests/unit/oci/origin/fake_skopeo.h"

static struct cfs_origin *opened(const char *reference)
{
	const struct cfs_origin_options options = { .no_tls_verify = true };
	struct cfs_origin *o;

	CHECK_EQ(cfs_origin_open_with(reference, &options, &o, &err), 0);
	return o;
}

static int choose(struct cfs_origin *o, const char *platform,
		  struct cfs_oci_choice *ret)
{
	struct cfs_oci_platform want;

	CHECK_EQ(cfs_oci_platform_parse(platform, &want, &err), 0);
	return cfs_origin_choose(o, &want, ret, &err);
}

/* Gives the document of @descriptor the tag @tag. */
static void tag(const char *dir, const char *descriptor, const char *name)
{
	struct cfs_oci_id id = id_in(descriptor);

	CHECK_EQ(symlink(blob_path(dir, &id), text("%s/tags/%s", dir, name)),
		 0);
}

TEST(a_registry_is_an_origin)
{
	char *dir = fake_layout("registry", "");
	char *image = put_image(dir, "linux", "amd64", "a", "");
	CFS_AUTO(cfs_origin_free)
	struct cfs_origin *o = opened("docker://h:1/n:one");
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	struct cfs_oci_id layer = id_of("layer a");
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	tag(dir, image, "one");
	CHECK_EQ(choose(o, "linux/amd64", &choice), 0);
	CHECK(strstr(image, choice.id.text));
	CHECK_EQ(cfs_origin_read(o, &layer, 7, 9, &got, &err), 0);
	CHECK_EQ(got.len, 7);
	/* The manifest was asked for once, and one process sent all blobs. */
	CHECK_EQ(fake_calls(dir,
			    "inspect --raw --tls-verify=false docker://h:1/"
			    "n:one\n"),
		 1);
	CHECK_EQ(fake_calls(dir, "inspect"), 1);
	CHECK_EQ(fake_calls(dir, "experimental-image-proxy"), 1);
}

TEST(images_of_a_list_are_asked_for_by_digest)
{
	char *dir = fake_layout("list", "");
	char *a = put_image(dir, "linux", "amd64", "a",
			    PLATFORM("linux", "amd64"));
	char *b = put_image(dir, "linux", "arm64", "b",
			    PLATFORM("linux", "arm64"));
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = opened("docker://h/n");
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };

	tag(dir, put_blob(dir, T_INDEX, index_of(text("%s,%s", a, b)), ""),
	    "latest");
	CHECK_EQ(choose(o, "linux/arm64", &choice), 0);
	CHECK(strstr(b, choice.id.text));
	CHECK_EQ(fake_calls(dir,
			    text("inspect --raw --tls-verify=false docker://"
				 "h/n@%s",
				 choice.id.text)),
		 1);
	CHECK_EQ(fake_calls(dir, "inspect"), 2);
	CHECK_EQ(choose(o, "linux/s390x", &choice), -ENOENT);
}

TEST(a_digest_in_the_reference_is_checked)
{
	char *dir = fake_layout("pinned", "");
	char *image = put_image(dir, "linux", "amd64", "a", "");
	struct cfs_oci_id id = id_in(image);
	CFS_AUTO(cfs_origin_free)
	struct cfs_origin *o = opened(text("docker://h/n:tag@%s", id.text));
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 }, other = { 0 };

	CHECK_EQ(choose(o, "linux/amd64", &choice), 0);
	CHECK(cfs_oci_id_equal(&choice.id, &id));
	put_file(blob_path(dir, &id), "{\"config\":{}}");
	CHECK_EQ(choose(o, "linux/amd64", &other), -EBADMSG);
}

TEST(a_missing_tag_is_told_from_other_failures)
{
	CFS_AUTO(cfs_origin_free)
	struct cfs_origin *o = opened("docker://h/n:three");
	CFS_AUTO(cfs_origin_free)
	struct cfs_origin *p = opened("docker://h/n:two");
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };

	(void)fake_layout("missing", "");
	CHECK_EQ(choose(o, "linux/amd64", &choice), -ENOENT);
	CHECK(said("no tag 'three' in docker://h/n; there are: one, two"));
	CHECK_EQ(choose(p, "linux/amd64", &choice), -EIO);
	CHECK(said("skopeo: manifest unknown"));
	CHECK_EQ(setenv("FAKE", "no-list", 1), 0);
	CHECK_EQ(choose(o, "linux/amd64", &choice), -EIO);
}

TEST(a_store_has_layers_by_the_names_of_their_archives)
{
	char *dir = fake_layout("store", "");
	char *image = put_image(dir, "linux", "amd64", "a", "");
	CFS_AUTO(cfs_origin_free)
	struct cfs_origin *o = opened("containers-storage:[x]n:one");
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_oci_id layer = id_of("layer a");

	tag(dir, image, "one");
	CHECK(cfs_origin_has_plain_layers(o));
	CHECK_EQ(choose(o, "linux/amd64", &choice), 0);
	CHECK_EQ(cfs_origin_blob(o, &layer, CFS_OCI_SIZE_ANY, &blob, &err), 1);
	CHECK_EQ(blob.end, 7);
	CHECK_EQ(fake_calls(dir, "list-tags"), 0);
}

TEST(a_registry_keeps_referrers_under_a_tag)
{
	char *dir = fake_layout("referrers", "");
	char *image = put_image(dir, "linux", "amd64", "a", "");
	char *note = put_artifact(dir, "application/x", image, "note");
	struct cfs_oci_id id = id_in(image), note_id = id_in(note), one;
	CFS_AUTO(cfs_origin_free)
	struct cfs_origin *o = opened("docker://h/n:one");
	CFS_AUTOREFERRERS struct cfs_oci_referrers list = { 0 }, empty = { 0 };
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	one = id_of("none");
	CHECK_EQ(cfs_origin_referrers(o, &one, &empty, &err), 0);
	CHECK_EQ(empty.found.n, 0);
	CHECK_EQ(empty.skipped.n, 0);
	tag(dir,
	    put_blob(dir, T_INDEX,
		     index_of(text("%.*s,\"artifactType\":\"application/x\"},"
				   "{},%s",
				   (int)strlen(note) - 1, note,
				   put_blob(dir, T_INDEX, index_of(""), ""))),
		     ""),
	    text("sha256-%s", cfs_oci_id_hex(&id)));
	CHECK_EQ(cfs_origin_referrers(o, &id, &list, &err), 0);
	CHECK_EQ(list.found.n, 1);
	CHECK_EQ(list.skipped.n, 2);
	CHECK(cfs_oci_id_equal(&list.found.v[0].id, &note_id));
	CHECK_STR(list.found.v[0].artifact_type, "application/x");
	CHECK_EQ(list.skipped.v[0].why, CFS_OCI_SKIP_ENTRY);
	CHECK_EQ(list.skipped.v[1].why, CFS_OCI_SKIP_KIND);
	CHECK_EQ(cfs_origin_manifest(o, &note_id, list.found.v[0].size, &got,
				     &err),
		 0);
	/* That it cannot be asked is no answer. */
	CHECK_EQ(setenv("FAKE", "no-list", 1), 0);
	CHECK_EQ(cfs_origin_referrers(o, &one, &empty, &err), -EIO);
}
