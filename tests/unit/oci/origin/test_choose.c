/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/oci/origin/layout.h"

/* Chooses by @reference for @platform (NULL: this machine's). */
static int choose(const char *reference, const char *platform,
		  struct cfs_oci_choice *ret)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *o = NULL;
	struct cfs_oci_platform want;
	int r = cfs_origin_open(reference, &o, &err);

	if (platform)
		CHECK_EQ(cfs_oci_platform_parse(platform, &want, &err), 0);
	return r == 0 ? cfs_origin_choose(o, platform ? &want : NULL, ret, &err)
		      : r;
}

/* Is the manifest of @descriptor chosen? */
static bool is_chosen(const char *reference, const char *platform,
		      const char *descriptor)
{
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	struct cfs_oci_id id = id_in(descriptor), of_bytes;

	if (choose(reference, platform, &choice) < 0) {
		printf("# %s\n", err.msg);
		return false;
	}
	CHECK_EQ(cfs_oci_id_of_bytes(id.alg, cfs_buf_bytes(&choice.manifest),
				     &of_bytes, &err),
		 0);
	CHECK(cfs_oci_id_equal(&choice.id, &of_bytes));
	return cfs_oci_id_equal(&choice.id, &id);
}

static int refused(const char *reference, const char *platform)
{
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	int r = choose(reference, platform, &choice);

	CHECK(r < 0 && !choice.manifest.data);
	return r;
}

/* An image for a platform that is this machine's on none that runs tests. */
static char *put_foreign(const char *dir, const char *more)
{
	return put_image(dir, "plan9", "mips", "foreign", more);
}

static char *put_here(const char *dir, const char *label, const char *more)
{
	struct cfs_oci_platform here;

	cfs_oci_platform_here(&here);
	return put_image(dir, here.os, here.arch, label, more);
}

TEST(an_entry_is_found_by_platform)
{
	char *dir = new_layout("platform"), *ref = text("oci:%s:t", dir);
	char *a = put_image(dir, "linux", "amd64", "a",
			    PLATFORM("linux", "amd64") TAG("t"));
	char *b = put_image(dir, "linux", "arm64", "b",
			    VARIANT("linux", "arm64", "v8") TAG("t"));
	char *c = put_image(dir, "linux", "riscv64", "c", TAG("t"));

	put_index(dir, text("%s,%s,%s", a, b, c));
	CHECK(is_chosen(ref, "linux/amd64", a));
	CHECK(is_chosen(ref, "linux/arm64", b));
	CHECK(is_chosen(ref, "linux/arm64/v8", b));
	CHECK(is_chosen(ref, "linux/riscv64", c));
	CHECK_EQ(refused(ref, "linux/arm64/v9"), -ENOENT);
	CHECK_EQ(refused(ref, "linux/s390x"), -ENOENT);
	CHECK(said("no image for linux/s390x in ") &&
	      said("there are: linux/amd64, linux/arm64/v8, linux/riscv64"));
}

TEST(the_first_match_wins_but_for_variants)
{
	char *dir = new_layout("variants"), *ref = text("oci:%s:t", dir);
	char *a = put_image(dir, "linux", "amd64", "a",
			    VARIANT("linux", "amd64", "v3") TAG("t"));
	char *b = put_image(dir, "linux", "amd64", "b",
			    PLATFORM("linux", "amd64") TAG("t"));
	char *c = put_image(dir, "linux", "amd64", "c",
			    PLATFORM("linux", "amd64") TAG("t"));

	put_index(dir, text("%s,%s,%s", a, b, c));
	CHECK(is_chosen(ref, "linux/amd64", b));
	CHECK(is_chosen(ref, "linux/amd64/v3", a));
	put_index(dir, a);
	CHECK(is_chosen(ref, "linux/amd64", a));
}

TEST(indexes_are_followed_to_a_depth_of_four)
{
	char *dir = new_layout("depth"), *ref = text("oci:%s:t", dir);
	char *image = put_here(dir, "deep", "");
	char *d = put_blob(dir, T_INDEX, index_of(image), "");

	for (int i = 0; i < 2; i++)
		d = put_blob(dir, T_INDEX, index_of(d), "");
	put_index(dir, put_blob(dir, T_INDEX, index_of(d), TAG("t")));
	CHECK(is_chosen(ref, NULL, image));
	d = put_blob(dir, T_INDEX, index_of(d), "");
	put_index(dir, put_blob(dir, T_INDEX, index_of(d), TAG("t")));
	CHECK_EQ(refused(ref, NULL), -ELOOP);
	CHECK(said("over 4 below one another"));
}

TEST(lists_and_manifests_of_docker_are_taken)
{
	char *dir = new_layout("docker"), *ref = text("oci:%s:t", dir);
	char *config = put_blob(
		dir, "application/vnd.docker.container.image.v1+json",
		"{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{"
		"\"diff_ids\":[]}}",
		"");
	char *image = put_blob(
		dir, "application/vnd.docker.distribution.manifest.v2+json",
		text("{\"mediaType\":\"application/vnd.docker.distribution."
		     "manifest.v2+json\",\"config\":%s,\"layers\":[]}",
		     config),
		"");
	char *list = text("{\"mediaType\":\"application/vnd.docker."
			  "distribution.manifest.list.v2+json\","
			  "\"manifests\":[%s]}",
			  image);

	put_index(dir, put_blob(dir,
				"application/vnd.docker.distribution.manifest."
				"list.v2+json",
				list, TAG("t")));
	CHECK(is_chosen(ref, "linux/amd64", image));
}

TEST(attestations_are_for_no_platform)
{
	char *dir = new_layout("unknown"), *ref = text("oci:%s:t", dir);
	char *image = put_foreign(dir, PLATFORM("plan9", "mips"));
	char *note = put_image(dir, "unknown", "unknown", "n",
			       PLATFORM("unknown", "unknown"));

	put_index(dir,
		  put_blob(dir, T_INDEX, index_of(text("%s,%s", note, image)),
			   TAG("t")));
	CHECK(is_chosen(ref, NULL, image));
	CHECK_EQ(refused(ref, "unknown/unknown"), -ENOENT);
	CHECK(said("there are: plan9/mips") && !strstr(err.msg, "unknown, "));
}

TEST(the_only_image_is_meant_whatever_its_platform)
{
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 }, other = { 0 };
	char *dir = new_layout("only"), *ref = text("oci:%s:t", dir);
	char *image = put_foreign(dir, TAG("t"));

	put_index(dir, image);
	CHECK_EQ(choose(ref, NULL, &choice), 0);
	CHECK(choice.any_platform);
	CHECK_STR(choice.platform, "plan9/mips");
	CHECK_EQ(choose(ref, "plan9/mips", &other), 0);
	CHECK(!other.any_platform);
	CHECK_EQ(refused(ref, "linux/amd64"), -ENOENT);
	CHECK(said("there are: plan9/mips"));
	put_index(dir, text("%s,%s", image,
			    put_image(dir, "plan9", "arm", "b", TAG("t"))));
	CHECK_EQ(refused(ref, NULL), -ENOENT);
	CHECK(said("there are: plan9/mips, plan9/arm"));
}

TEST(this_machines_image_needs_no_note)
{
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	char *dir = new_layout("here");
	char *here = put_here(dir, "h", TAG("t"));

	put_index(dir, text("%s,%s", put_foreign(dir, TAG("t")), here));
	CHECK_EQ(choose(text("oci:%s:t", dir), NULL, &choice), 0);
	CHECK(!choice.any_platform && strstr(here, choice.id.text));
}

TEST(artifacts_are_found_by_tag)
{
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	char *dir = new_layout("artifact"), *ref = text("oci:%s:t", dir);
	char *a = put_artifact(dir, "application/x", NULL, "data");
	char *tagged = text("%.*s" TAG("t") "}", (int)strlen(a) - 1, a);

	put_index(dir, tagged);
	CHECK(is_chosen(ref, NULL, a));
	CHECK(is_chosen(ref, "linux/amd64", a));
	CHECK_EQ(choose(ref, NULL, &choice), 0);
	CHECK(!choice.any_platform && !*choice.platform);
	put_index(dir, text("%s,%s", tagged, put_foreign(dir, TAG("t"))));
	CHECK(!is_chosen(ref, NULL, a));
	CHECK_EQ(refused(ref, "linux/amd64"), -ENOENT);
}

TEST(several_tags_without_one_asked_for_are_ambiguous)
{
	char *dir = new_layout("tags"), *ref = text("oci:%s", dir);
	char *a = put_here(dir, "a", TAG("a"));
	char *b = put_here(dir, "b", TAG("b"));
	char *old = put_here(dir, "old", "");

	put_index(dir, text("%s,%s", a, b));
	CHECK_EQ(refused(ref, NULL), -ENOTUNIQ);
	CHECK(said("under several tags (a, b)") && said(text("%s:a", dir)));
	CHECK(is_chosen(text("%s:b", ref), NULL, b));
	/* What a tag was taken from stays in a layout, without one. */
	put_index(dir, text("%s,%s", old, b));
	CHECK(is_chosen(ref, NULL, b));
	/* Two names of one image are no question. */
	put_index(dir, text("%s,%s", b, put_here(dir, "b", TAG("c"))));
	CHECK(is_chosen(ref, NULL, b));
	put_index(dir, text("%s,%s", a, put_foreign(dir, TAG("f"))));
	CHECK(is_chosen(ref, NULL, a));
	CHECK_EQ(refused(text("%s:z", ref), NULL), -ENOENT);
	CHECK(said("no tag 'z' in ") && said("there are: a, f"));
	put_index(dir, old);
	CHECK_EQ(refused(text("%s:z", ref), NULL), -ENOENT);
	CHECK(said("which has no tags at all"));
}

TEST(what_cannot_be_read_hides_nothing_else)
{
	char *dir = new_layout("junk"), *ref = text("oci:%s:t", dir);
	char *image = put_here(dir, "good", TAG("t"));
	char *lost = put_here(dir, "lost", TAG("t"));
	char *bad = put_here(dir, "bad", TAG("t"));
	char *index = put_blob(dir, T_INDEX, "{\"manifests\":7}", TAG("t"));
	struct cfs_oci_id lost_id = id_in(lost), bad_id = id_in(bad);

	CHECK_EQ(unlink(blob_path(dir, &lost_id)), 0);
	put_file(blob_path(dir, &bad_id), "{}");
	put_index(dir, text("{},%s,%s,%s,{\"mediaType\":\"text/plain\","
			    "\"digest\":\"%s\",\"size\":1" TAG("t") "},%s",
			    lost, bad, index, id_of("x").text, image));
	CHECK(is_chosen(ref, NULL, image));
	CHECK_EQ(refused(ref, "linux/none"), -ENOENT);
	CHECK(said("passed over: "));
	put_index(dir, lost);
	CHECK_EQ(refused(ref, NULL), -ENOENT);
	CHECK(said("is missing in"));
	put_index(dir, bad);
	CHECK_EQ(refused(ref, NULL), -EBADMSG);
	put_index(dir, index);
	CHECK_EQ(refused(ref, NULL), -EINVAL);
	CHECK(said("index sha256:"));
}

TEST(a_chosen_manifest_is_what_its_descriptor_says)
{
	char *dir = new_layout("lies"), *ref = text("oci:%s:t", dir);
	char *image = put_image(dir, "linux", "amd64", "a",
				PLATFORM("linux", "amd64") TAG("t"));
	struct cfs_oci_id id = id_in(image);
	CFS_AUTOBUF struct cfs_buf was = { 0 };

	put_index(dir, image);
	CHECK(is_chosen(ref, "linux/amd64", image));
	CHECK_EQ(cfs_read_file(AT_FDCWD, blob_path(dir, &id), 1 << 20, &was,
			       &err),
		 1);
	was.data[was.len - 1] = ' ';
	put_file(blob_path(dir, &id), cfs_buf_text(&was));
	CHECK_EQ(refused(ref, "linux/amd64"), -EBADMSG);
	CHECK(said("is damaged"));
	cfs_buf_addc(&was, ' ');
	put_file(blob_path(dir, &id), cfs_buf_text(&was));
	CHECK_EQ(refused(ref, "linux/amd64"), -EBADMSG);
	CHECK(said("has "));
	CHECK_EQ(unlink(blob_path(dir, &id)), 0);
	CHECK_EQ(refused(ref, "linux/amd64"), -ENOENT);
	/* An index that is called a manifest. */
	put_index(dir, put_blob(dir, T_MANIFEST, index_of(""),
				PLATFORM("linux", "amd64") TAG("t")));
	CHECK_EQ(refused(ref, "linux/amd64"), -EINVAL);
	CHECK(said("an index"));
}

TEST(a_digest_leads_to_an_index_too)
{
	char *dir = new_layout("digest");
	char *a = put_image(dir, "linux", "amd64", "a", "");
	char *b = put_image(dir, "linux", "arm64", "b", "");
	char *index = put_blob(dir, T_INDEX, index_of(text("%s,%s", a, b)), "");
	struct cfs_oci_id id = id_in(index);
	char *ref = text("oci:%s@%s", dir, id.text);

	put_index(dir, index);
	CHECK(is_chosen(ref, "linux/arm64", b));
	put_file(blob_path(dir, &id), index_of(b));
	CHECK_EQ(refused(ref, "linux/arm64"), -EBADMSG);
}

TEST(documents_are_counted)
{
	char *dir = new_layout("bomb"), *ref = text("oci:%s:t", dir);
	char *leaf = put_blob(dir, T_INDEX, index_of(""), "");
	CFS_AUTOBUF struct cfs_buf many = { 0 };

	for (int i = 0; i < 40; i++)
		cfs_buf_addf(&many, "%s%s", i ? "," : "", leaf);
	leaf = put_blob(dir, T_INDEX, index_of(cfs_buf_text(&many)), "");
	many.len = 0;
	for (int i = 0; i < 40; i++)
		cfs_buf_addf(&many, "%s%s", i ? "," : "", leaf);
	put_index(dir, put_blob(dir, T_INDEX, index_of(cfs_buf_text(&many)),
				TAG("t")));
	CHECK_EQ(refused(ref, NULL), -EFBIG);
	CHECK(said("leads to over 1000"));
}

TEST(lists_of_tags_in_messages_end)
{
	char *dir = new_layout("many");
	CFS_AUTOBUF struct cfs_buf many = { 0 };
	char *leaf = put_foreign(dir, "");

	for (int i = 0; i < 500; i++)
		cfs_buf_addf(&many,
			     "%s%.*s,\"annotations\":{\"org.opencontainers."
			     "image.ref.name\":\"tag-%d\"}}",
			     i ? "," : "", (int)strlen(leaf) - 1, leaf, i);
	put_index(dir, cfs_buf_text(&many));
	CHECK_EQ(refused(text("oci:%s:none", dir), NULL), -ENOENT);
	CHECK(said("there are: tag-0, tag-1, ") && said(", ..."));
	CHECK(strlen(err.msg) < 900);
}
