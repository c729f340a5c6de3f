/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/inline.h"

#include "tests/unit/oci/seal/vectors.h"

#define ALG	       "fsverity-sha256-12"
#define ZERO	       "0000000000000000000000000000000000000000000000000000000000000000"
#define CONFIG	       "\"composefs.config." ALG "\":\"" ZERO "\""
#define MERGED	       "\"composefs.merged.erofs.v1." ALG "\":\"" ZERO "\""
#define BOOT	       "\"composefs.merged.bootable.erofs.v1." ALG "\":\"" ZERO "\""
#define SIG(key, text) "\"composefs." key "." ALG ".sig\":\"" text "\""

static struct cfs_seal_artifact a;
static struct cfs_seal_blobs blobs;

/* Reads a manifest with these annotations of the configuration, of a layer and
 * at the top. */
static int read3(const char *config, const char *layer, const char *top)
{
	static const struct cfs_oci_id id;
	char text[4096];

	cfs_seal_blobs_free(&blobs);
	blobs = (struct cfs_seal_blobs){ 0 };
	snprintf(text, sizeof(text),
		 "{\"config\":{\"annotations\":%s},"
		 "\"layers\":[{\"annotations\":%s}],\"annotations\":%s}",
		 config, layer, top);
	return cfs_seal_inline_read(
		&id, (struct cfs_bytes){ (uint8_t *)text, strlen(text) },
		CFS_ALG_SHA256, &a, &blobs, &err);
}

static int read1(const char *config, const char *top)
{
	return read3(config, "null", top);
}

TEST(annotations_become_entries_in_the_order_of_roles)
{
	CHECK_EQ(read1("{\"x\":\"y\"," CONFIG "}",
		       "{" BOOT "," MERGED
		       "," SIG("merged.erofs.v1", "Zm9v") "}"),
		 1);
	CHECK_EQ(a.form, CFS_SEAL_INLINE);
	CHECK_EQ(a.n, 3);
	CHECK_EQ(a.v[0].role, CFS_SEAL_CONFIG);
	CHECK_EQ(a.v[1].role, CFS_SEAL_MERGED);
	CHECK_EQ(a.v[2].role, CFS_SEAL_BOOTABLE);
	CHECK(!a.v[0].is_signed && a.v[1].is_signed && !a.v[2].is_signed);
	CHECK_EQ(a.v[1].size, 3);
	CHECK_MEM(blobs.v[CFS_SEAL_MERGED].data, "foo", 3);
}

TEST(without_digests_there_is_nothing_to_read)
{
	CHECK_EQ(read1("null", "{}"), 0);
	CHECK_EQ(read1("{\"composefs.config.erofs.v2." ALG "\":\"x\"}",
		       "{\"composefs.merged." ALG "\":\"x\","
		       "\"composefs.new\":\"y\"}"),
		 0);
	/* A draft's, on the last layer; digests of layers alone. */
	CHECK_EQ(read3("null", "{" MERGED "}", "null"), 0);
	CHECK_EQ(read3("null", "{\"composefs.layer.erofs.v1." ALG "\":7}",
		       "null"),
		 0);
}

TEST(other_algorithms_are_left_out)
{
	CHECK_EQ(read1("null", "{\"composefs.merged.erofs.v1."
			       "fsverity-sha512-12\":\"x\"}"),
		 -EOPNOTSUPP);
	CHECK(strstr(err.msg, "sha256-12"));
	CHECK_EQ(read1("null", "{\"composefs.merged.erofs.v1."
			       "fsverity-sha256-16\":\"x\"}"),
		 -EOPNOTSUPP);
	CHECK_EQ(read1("{" CONFIG "}",
		       "{\"composefs.merged.erofs.v1."
		       "fsverity-sha512-12\":\"x\"," MERGED "}"),
		 1);
	CHECK_EQ(a.n, 2);
}

TEST(what_breaks_a_rule_is_refused_with_its_place)
{
	static const struct {
		const char *config, *top, *words;
	} rows[] = {
		{ "{" CONFIG "}", "{}", "no digest of role merged" },
		{ "{" MERGED "}", "{}",
		  "config.annotations: a digest of role merged" },
		{ "{}", "{" MERGED "," CONFIG "}",
		  "annotations: a digest of role config" },
		{ "{}", "{" MERGED ",\"composefs.manifest." ALG "\":\"\"}",
		  "role manifest does not belong" },
		{ "{" SIG("config", "Zm9v") "}", "{" MERGED "}",
		  "config: a signature without" },
		{ "{}", "{" MERGED "," SIG("merged.erofs.v1", "Zm9") "}",
		  "merged: the signature is not clean base64" },
		{ "{}", "{" MERGED "," SIG("merged.erofs.v1", "Zm9v\\n") "}",
		  "merged: the signature is not clean base64" },
		{ "{}",
		  "{" MERGED "," SIG("merged.erofs.v1", "Zm9v\\ud800") "}",
		  "" },
		{ "{}", "{\"composefs.merged.erofs.v1." ALG "\":\"00\"}",
		  "merged: the digest is not" },
		{ "{}", "{\"composefs.merged.erofs.v1." ALG "\":[]}",
		  "merged: the digest is not" },
		{ "[]", "{" MERGED "}", "config.annotations" },
		{ "{}", "7", "annotations" },
	};

	for (unsigned i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		CHECK_EQ(read1(rows[i].config, rows[i].top), -EINVAL);
		CHECK(strstr(err.msg, rows[i].words));
	}
}

TEST(a_signature_may_be_escaped_as_json_allows)
{
	CHECK_EQ(read1("{}", "{" MERGED "," SIG("merged.erofs.v1",
						"\\u005am9v\\/\\/8=") "}"),
		 1);
	CHECK_MEM(blobs.v[CFS_SEAL_MERGED].data, "foo\xff\xff", 5);
}

TEST(a_signature_has_a_limit)
{
	static char top[65536];
	static const struct cfs_oci_id id;
	size_t n = (size_t)snprintf(top, sizeof(top),
				    "{\"annotations\":{" MERGED ","
				    "\"composefs.merged.erofs.v1." ALG
				    ".sig\":\"");

	memset(top + n, 'A', 30000);
	strcpy(top + n + 30000, "\"}}");
	cfs_seal_blobs_free(&blobs);
	CHECK_EQ(cfs_seal_inline_read(
			 &id, (struct cfs_bytes){ (uint8_t *)top, strlen(top) },
			 CFS_ALG_SHA256, &a, &blobs, &err),
		 -EFBIG);
	cfs_seal_blobs_free(&blobs);
}
