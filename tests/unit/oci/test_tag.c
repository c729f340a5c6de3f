/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/tag.h"

#include "repo/stream/format.h"
#include "tests/unit/repo/store.h"

#define HEX64 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static struct cfs_err err;

static struct cfs_oci_id some_id(void)
{
	static const char text[] = "sha256:" HEX64;
	struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };
	struct cfs_oci_id id;

	CHECK_EQ(cfs_oci_id_parse(bytes, &id, &err), 0);
	return id;
}

static void begin(struct cfs_store *store, bool with_manifest)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest id;

	start(store);
	if (!with_manifest)
		return;
	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_MANIFEST, &w,
				       &err),
		 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	CHECK_EQ(
		cfs_stream_link(store, "oci-manifest-sha256:" HEX64, &id, &err),
		0);
}

TEST(a_tag_is_one_file_name_and_leads_to_a_manifest)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	const struct cfs_oci_id id = some_id();
	struct cfs_oci_id got;

	begin(&store, true);
	CHECK_EQ(cfs_oci_tag_get(&store.repo, "docker://a/b:1", &got, &err), 0);
	CHECK_EQ(cfs_oci_tag_set(&store, "docker://a/50%:1", &id, &err), 0);
	CHECK(is_link(root, "streams/refs/oci/docker:%2F%2Fa%2F50%25:1",
		      "../../oci-manifest-sha256:" HEX64));
	CHECK_EQ(cfs_oci_tag_get(&store.repo, "docker://a/50%:1", &got, &err),
		 1);
	CHECK(cfs_oci_id_equal(&got, &id));
	CHECK_EQ(cfs_oci_tag_remove(&store, "docker://a/50%:1", &err), 1);
	CHECK_EQ(cfs_oci_tag_remove(&store, "docker://a/50%:1", &err), 0);
}

TEST(only_what_is_there_can_be_named)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	const struct cfs_oci_id id = some_id();

	begin(&store, false);
	CHECK_EQ(cfs_oci_tag_set(&store, "x", &id, &err), -ENOENT);
	CHECK_STR(err.msg, "OCI image not found: sha256:" HEX64);
}

TEST(names_that_are_none_are_refused)
{
	static const char *const bad[] = { "",		".",	  "..",
					   "@sha256:x", "a\nb",	  "\xff",
					   ".tmp-a",	"\x1b[2J" };
	char longest[300];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_oci_tag_check(bad[i], &err), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[255] = '\0';
	CHECK_EQ(cfs_oci_tag_check(longest, &err), 0);
	longest[10] = '/'; /* three characters when it is encoded */
	CHECK_EQ(cfs_oci_tag_check(longest, &err), -ENAMETOOLONG);
	CHECK_EQ(cfs_oci_tag_check("quay.io/x/y:latest", &err), 0);
}

TEST(names_that_others_gave_are_read_and_removed)
{
	static const char *const odd[] = { "a\nb", "\xff", "@x" };
	const struct cfs_oci_id id = some_id();
	struct cfs_oci_id got;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(odd); i++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		char path[64];

		begin(&store, true);
		CHECK_EQ(cfs_oci_tag_set(&store, odd[i], &id, &err), -EINVAL);
		CHECK_EQ(cfs_oci_tag_set(&store, "x", &id, &err), 0);
		snprintf(path, sizeof(path), "streams/refs/oci/%s", odd[i]);
		make_link(root, path, "../../oci-manifest-sha256:" HEX64);
		CHECK_EQ(cfs_oci_tag_get(&store.repo, odd[i], &got, &err), 1);
		CHECK_EQ(cfs_oci_tag_remove(&store, odd[i], &err), 1);
		CHECK(!is_link(root, path, "../../oci-manifest-sha256:" HEX64));
	}
}

static int collect(const char *tag, const struct cfs_oci_id *id, void *arg,
		   struct cfs_err *e)
{
	(void)e;
	cfs_buf_addf(arg, "%s%s ", tag, id ? "" : "?");
	return 0;
}

TEST(tags_are_listed_as_they_were_given)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	const struct cfs_oci_id id = some_id();

	begin(&store, true);
	CHECK_EQ(cfs_oci_tag_set(&store, "b/%2F", &id, &err), 0);
	CHECK_EQ(cfs_oci_tag_set(&store, "a", &id, &err), 0);
	make_link(root, "streams/refs/oci/odd", "../../oci-config-sha256:0");
	CHECK_EQ(cfs_oci_tag_each(&store.repo, collect, &got, &err), 0);
	CHECK_STR(cfs_buf_text(&got), "a b/%2F odd? ");
}

TEST(content_ids_have_the_digest_behind_what_they_are)
{
	const struct cfs_oci_id id = some_id();
	char name[CFS_OCI_NAME_MAX];
	struct cfs_oci_id got;

	cfs_oci_config_name(&id, name);
	CHECK_STR(name, "oci-config-sha256:" HEX64);
	CHECK(cfs_oci_name_id(name, "oci-config-", &got));
	CHECK(cfs_oci_id_equal(&got, &id));
	CHECK(!cfs_oci_name_id(name, "oci-manifest-", &got));
	CHECK(!cfs_oci_name_id("oci-config-", "oci-config-", &got));
	cfs_oci_layer_name(&id, name);
	CHECK_STR(name, "oci-layer-sha256:" HEX64);
	cfs_oci_blob_name(&id, name);
	CHECK_STR(name, "oci-blob-sha256:" HEX64);
	cfs_oci_manifest_name(&id, name);
	CHECK_STR(name, "oci-manifest-sha256:" HEX64);
}
