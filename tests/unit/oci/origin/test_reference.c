/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/reference.h"

#include "tests/unit/oci/origin/layout.h"

#define HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static bool is(const char *a, const char *b)
{
	return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static bool splits(const char *t, const char *path, const char *tag)
{
	CFS_AUTOREFERENCE struct cfs_oci_reference ref = { 0 };

	CHECK_EQ(cfs_oci_reference_split(t, &ref, &err), 0);
	return is(ref.path, path) && is(ref.tag, tag) && !ref.has_id;
}

static bool names(const char *t, const char *path, const char *tag,
		  const char *id)
{
	CFS_AUTOREFERENCE struct cfs_oci_reference ref = { 0 };

	CHECK_EQ(cfs_oci_reference_name(t, &ref, &err), 0);
	return is(ref.path, path) && is(ref.tag, tag) &&
	       is(ref.has_id ? ref.id.text : NULL, id);
}

TEST(the_tag_follows_the_last_colon_after_the_last_slash)
{
	CHECK(splits("/no/where", "/no/where", NULL));
	CHECK(splits("/no/where:1.0", "/no/where", "1.0"));
	CHECK(splits("no:1", "no", "1"));
	CHECK(splits("/no:1/where", "/no:1/where", NULL));
	CHECK(splits("/no/where:1/", "/no/where:1/", NULL));
}

TEST(a_path_that_exists_decides)
{
	char *dir = new_dir("colons");

	CHECK_EQ(chdir(dir), 0);
	CHECK_EQ(mkdir("plain", 0755), 0);
	CHECK_EQ(mkdir("with:colon", 0755), 0);
	CHECK_EQ(mkdir("both", 0755), 0);
	CHECK_EQ(mkdir("both:tag", 0755), 0);
	CHECK(splits("plain:tag", "plain", "tag"));
	CHECK(splits("with:colon", "with:colon", NULL));
	CHECK(splits("with:colon:tag", "with:colon", "tag"));
	CHECK(splits("with:colon/", "with:colon/", NULL));
	CHECK(splits("both:tag", "both", "tag"));
	CHECK(splits("both:tag/", "both:tag/", NULL));
	CHECK(splits("plain:example.org/a/b:1", "plain", "example.org/a/b:1"));
	CHECK(splits("both:tag:example.org:80/a", "both:tag",
		     "example.org:80/a"));
}

TEST(a_digest_stands_in_place_of_a_tag)
{
	CFS_AUTOREFERENCE struct cfs_oci_reference ref = { 0 };

	CHECK_EQ(cfs_oci_reference_split("/a:b@sha256:" HEX, &ref, &err), 0);
	CHECK(is(ref.path, "/a:b") && !ref.tag && ref.has_id);
	CHECK(is(ref.id.text, "sha256:" HEX));
	CHECK(splits("/a@b:tag", "/a@b", "tag"));
	CHECK(splits("/a@b", "/a@b", NULL));
}

TEST(names_of_registries_have_ports_tags_and_digests)
{
	CHECK(names("host/a", "host/a", NULL, NULL));
	CHECK(names("host:5000/a", "host:5000/a", NULL, NULL));
	CHECK(names("host:5000/a:1", "host:5000/a", "1", NULL));
	CHECK(names("host:5000/a@sha256:" HEX, "host:5000/a", NULL,
		    "sha256:" HEX));
	CHECK(names("host/a:1@sha256:" HEX, "host/a", "1", "sha256:" HEX));
}

TEST(what_is_no_reference_is_refused)
{
	static const char *const bad[] = { "", ":tag",
					   "path:", "path@sha256:abc",
					   ("@sha256:" HEX) };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		struct cfs_oci_reference ref = { 0 };

		CHECK_EQ(cfs_oci_reference_split(bad[i], &ref, &err), -EINVAL);
		CHECK_EQ(cfs_oci_reference_name(bad[i], &ref, &err), -EINVAL);
		CHECK(!ref.path && !ref.tag);
	}
	CHECK(said("no path"));
}
