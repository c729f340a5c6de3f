/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/signature.h"
#include "oci/seal/artifact.h"
#include "tests/unit/oci/origin/layout.h"

#define SHA256 "fsverity-sha256-12"
#define SHA512 "fsverity-sha512-12"
#define HEX    "c52abacd52ffc50b73d24334d69a7d32d1986abf9a021419c7359796bf143941"
#define ZERO   "sha256:" HEX
#define EMPTY \
	"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BRACES \
	"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

static struct cfs_seal_artifact got;

static int read_text(const char *json)
{
	struct cfs_bytes bytes = { (const uint8_t *)json, strlen(json) };

	return cfs_seal_artifact_read(bytes, &got, &err);
}

static const char *artifact(const char *type, const char *layers,
			    const char *more)
{
	return text("{\"schemaVersion\":2,\"mediaType\":\"" T_MANIFEST
		    "\",\"artifactType\":\"%s\",\"config\":{\"mediaType\":"
		    "\"application/vnd.oci.empty.v1+json\",\"digest\":\"" BRACES
		    "\",\"size\":2},\"layers\":[%s]%s}",
		    type, layers, more);
}

#define SUBJECT                                                      \
	",\"subject\":{\"mediaType\":\"" T_MANIFEST "\",\"digest\":" \
	"\"" ZERO "\",\"size\":400}"

static int read_layers(const char *layers)
{
	return read_text(artifact(CFS_SEAL_TYPE, layers, SUBJECT));
}

static const char *blob(const char *type, const char *digest, unsigned size,
			const char *annotations)
{
	return text("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%u,"
		    "\"annotations\":{%s}}",
		    type, digest, size, annotations);
}

static const char *entry(const char *key)
{
	return blob(CFS_SEAL_BLOB, ZERO, 417,
		    text("\"composefs.%s\":\"" HEX "\"", key));
}

#define MANIFEST entry("manifest." SHA256)
#define CONFIG	 entry("config." SHA256)
#define LAYER	 entry("layer.erofs.v1." SHA256)
#define MERGED	 entry("merged.erofs.v1." SHA256)
#define BOOTABLE entry("merged.bootable.erofs.v1." SHA256)

TEST(entries_are_read_in_the_order_of_their_roles)
{
	CHECK_EQ(read_layers(text("%s,%s,%s,%s,%s,%s", MANIFEST, CONFIG, LAYER,
				  LAYER, MERGED, BOOTABLE)),
		 1);
	CHECK_EQ(got.form, CFS_SEAL_METADATA);
	CHECK_EQ(got.alg, CFS_ALG_SHA256);
	CHECK_EQ(got.n, 6);
	CHECK_EQ(got.n_skipped, 0);
	CHECK_EQ(got.v[0].role, CFS_SEAL_MANIFEST);
	CHECK_EQ(got.v[0].size, 417);
	CHECK(got.v[0].is_signed);
	CHECK_STR(got.v[0].blob.text, ZERO);
	CHECK_EQ(got.v[2].role, CFS_SEAL_LAYER);
	CHECK_EQ(got.v[2].layer, 0);
	CHECK_EQ(got.v[3].role, CFS_SEAL_LAYER);
	CHECK_EQ(got.v[3].layer, 1);
	CHECK_EQ(got.v[5].role, CFS_SEAL_BOOTABLE);
	CHECK_EQ(got.subject.size, 400);
	CHECK_STR(got.subject.id.text, ZERO);
}

TEST(another_order_is_refused)
{
	CHECK_EQ(read_layers(text("%s,%s", CONFIG, MERGED)), 1);
	CHECK_EQ(read_layers(text("%s,%s,%s", CONFIG, MANIFEST, MERGED)),
		 -EINVAL);
	CHECK(strstr(err.msg, "layers[1]: an entry of role manifest"));
	CHECK_EQ(read_layers(text("%s,%s", BOOTABLE, MERGED)), -EINVAL);
	CHECK_EQ(read_layers(text("%s,%s", MERGED, LAYER)), -EINVAL);
}

TEST(a_role_stands_once_but_for_layers)
{
	CHECK_EQ(read_layers(text("%s,%s,%s", MANIFEST, MANIFEST, MERGED)),
		 -EINVAL);
	CHECK(strstr(err.msg, "layers[1]: it is the second entry of role"));
	CHECK_EQ(read_layers(text("%s,%s", MERGED, MERGED)), -EINVAL);
	CHECK_EQ(read_layers(text("%s,%s,%s", LAYER, LAYER, MERGED)), 1);
}

TEST(without_a_merged_image_there_is_nothing_to_vouch_for)
{
	CHECK_EQ(read_layers(""), -EINVAL);
	CHECK_EQ(read_layers(text("%s,%s", MANIFEST, CONFIG)), -EINVAL);
	CHECK_EQ(read_layers(text("%s,%s", LAYER, BOOTABLE)), -EINVAL);
	CHECK(strstr(err.msg, "no entry of role merged"));
}

TEST(an_artifact_has_one_algorithm)
{
	const char *other = blob(CFS_SEAL_BLOB, ZERO, 417,
				 "\"composefs.config." SHA512 "\":\"" HEX HEX
				 "\"");

	CHECK_EQ(read_layers(text("%s,%s", other, MERGED)), -EINVAL);
	CHECK(strstr(err.msg, "an artifact has one"));
}

TEST(what_newer_programs_add_is_skipped)
{
	const char *newer = entry("merged.erofs.v2." SHA256);
	const char *role = entry("sbom." SHA256);
	const char *block = entry("config.fsverity-sha256-16");

	CHECK_EQ(read_layers(text("%s,%s,%s,%s", role, block, MERGED, newer)),
		 1);
	CHECK_EQ(got.n, 1);
	CHECK_EQ(got.n_skipped, 3);
	CHECK_EQ(read_layers(newer), -EINVAL);
	CHECK_EQ(read_layers(entry("merged.erofs.v1.fsverity-sha256-16")),
		 -EOPNOTSUPP);
	CHECK(strstr(err.msg, "unsupported block size"));
}

TEST(a_digest_is_lower_case_hex_of_its_length)
{
	static const char *const bad[] = {
		"\"\"",
		"\"c52abacd\"",
		"\"" HEX HEX "\"",
		"\"" HEX " \"",
		"\"C52abacd52ffc50b73d24334d69a7d32d1986abf9a021419c7359796bf"
		"143941\"",
		"\"g52abacd52ffc50b73d24334d69a7d32d1986abf9a021419c7359796bf"
		"143941\"",
		"\"\\u00652abacd52ffc50b73d24334d69a7d32d1986abf9a021419c7359"
		"796b\"",
		"7",
		"null",
		"{}",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		const char *key = "\"composefs.merged.erofs.v1." SHA256 "\"";

		CHECK_EQ(read_layers(blob(CFS_SEAL_BLOB, ZERO, 417,
					  text("%s:%s", key, bad[i]))),
			 -EINVAL);
		CHECK(strstr(err.msg, "layers[0]: "));
	}
}

TEST(an_entry_has_one_composefs_annotation)
{
	const char *merged = "\"composefs.merged.erofs.v1." SHA256 "\":\"" HEX
			     "\"";

	CHECK_EQ(read_layers(blob(CFS_SEAL_BLOB, ZERO, 417,
				  text("\"a\":\"b\",%s,\"c\":\"\"", merged))),
		 1);
	CHECK_EQ(read_layers(blob(CFS_SEAL_BLOB, ZERO, 417,
				  text("%s,\"composefs.config." SHA256
				       "\":\"" HEX "\"",
				       merged))),
		 -EINVAL);
	CHECK_EQ(read_layers(blob(CFS_SEAL_BLOB, ZERO, 417,
				  text("%s,\"composefs.new\":\"\"", merged))),
		 -EINVAL);
	CHECK_EQ(read_layers(blob(CFS_SEAL_BLOB, ZERO, 417, "\"a\":\"b\"")),
		 -EINVAL);
	CHECK_EQ(read_layers(
			 blob(CFS_SEAL_BLOB, ZERO, 417,
			      text("%s,\"compos\\u0065fs.x\":\"\"", merged))),
		 -EINVAL);
	CHECK(strstr(err.msg, "escapes"));
	CHECK_EQ(read_layers(entry("merged.erofs.v1." SHA256 ".sig")), -EINVAL);
	CHECK(strstr(err.msg, "as an annotation"));
}

TEST(an_entry_without_annotations_is_refused)
{
	CHECK_EQ(read_layers(text("{\"mediaType\":\"" CFS_SEAL_BLOB
				  "\",\"digest\":\"" ZERO "\",\"size\":1}")),
		 -EINVAL);
}

static int read_blob(const char *type, const char *digest, unsigned size)
{
	return read_layers(blob(type, digest, size,
				"\"composefs.merged.erofs.v1." SHA256
				"\":\"" HEX "\""));
}

TEST(an_entry_may_have_a_digest_only)
{
	const char *empty = "application/vnd.oci.empty.v1+json";

	CHECK_EQ(read_blob(CFS_SEAL_BLOB, EMPTY, 0), 1);
	CHECK(!got.v[0].is_signed);
	CHECK_EQ(read_blob(empty, BRACES, 2), 1);
	CHECK(!got.v[0].is_signed);
	CHECK_EQ(read_blob(CFS_SEAL_BLOB, ZERO, 0), -EINVAL);
	CHECK_EQ(read_blob(empty, ZERO, 2), -EINVAL);
	CHECK_EQ(read_blob(empty, BRACES, 3), -EINVAL);
	CHECK_EQ(read_blob(empty, EMPTY, 0), -EINVAL);
}

TEST(a_signature_no_kernel_would_take_is_refused)
{
	CHECK_EQ(read_blob(CFS_SEAL_BLOB, ZERO, CFS_SIGNATURE_MAX), 1);
	CHECK_EQ(read_blob(CFS_SEAL_BLOB, ZERO, CFS_SIGNATURE_MAX + 1), -EFBIG);
}

TEST(blobs_of_other_types_are_refused)
{
	CHECK_EQ(read_blob(T_LAYER, ZERO, 417), -EINVAL);
	CHECK(strstr(err.msg, "is not that of a signature"));
	CHECK_EQ(read_blob("application/vnd.composefs.v1.erofs", ZERO, 417),
		 -EINVAL);
}

TEST(manifests_of_other_types_are_none_of_ours)
{
	CHECK_EQ(
		read_text(artifact("application/vnd.dev.cosign.artifact.sig.v1+"
				   "json",
				   MERGED, SUBJECT)),
		0);
	CHECK_EQ(read_text(artifact("", "", "")), 0);
	CHECK(cfs_seal_form_of(CFS_SEAL_TYPE, NULL));
	CHECK(!cfs_seal_form_of("application/vnd.composefs.metadata.v2", NULL));
}

TEST(an_artifact_is_about_something)
{
	CHECK_EQ(read_text(artifact(CFS_SEAL_TYPE, MERGED, "")), -EINVAL);
	CHECK(strstr(err.msg, "'subject' is missing"));
}

TEST(an_artifact_has_so_many_entries_and_bytes)
{
	const char *layers = MERGED;
	char *spaces = calloc(1, CFS_SEAL_TEXT_MAX + 1);

	CHECK(spaces);
	for (int i = 1; i < CFS_SEAL_ENTRIES_MAX; i++)
		layers = text("%s,%s", LAYER, layers);
	CHECK_EQ(read_layers(layers), 1);
	CHECK_EQ(got.n, CFS_SEAL_ENTRIES_MAX);
	CHECK_EQ(read_layers(text("%s,%s", LAYER, layers)), -EFBIG);
	memset(spaces, ' ', CFS_SEAL_TEXT_MAX);
	CHECK_EQ(
		read_text(text("%s%s", artifact(CFS_SEAL_TYPE, MERGED, SUBJECT),
			       spaces)),
		-EFBIG);
	free(spaces);
}

#define ALONGSIDE "application/vnd.composefs.erofs-alongside.v1"

static const char *draft(const char *role)
{
	return blob(CFS_SEAL_BLOB, ZERO, 417,
		    text("\"composefs.signature.type\":\"%s\","
			 "\"composefs.digest\":\"" HEX "\"",
			 role));
}

static int read_draft(const char *type, const char *layers, const char *alg)
{
	return read_text(artifact(
		type, layers,
		text("%s,\"annotations\":{\"composefs.algorithm\":\"%s\"}",
		     SUBJECT, alg)));
}

TEST(drafts_have_roles_and_digests_apart)
{
	const char *layer = draft("layer"), *merged = draft("merged");
	const char *erofs = blob("application/vnd.composefs.v1.erofs", ZERO,
				 8192, "\"composefs.erofs.type\":\"merged\"");

	CHECK_EQ(read_draft(ALONGSIDE,
			    text("%s,%s,%s,%s", erofs, erofs, layer, merged),
			    SHA256),
		 1);
	CHECK_EQ(got.form, CFS_SEAL_ALONGSIDE);
	CHECK_EQ(got.n, 2);
	CHECK_EQ(got.v[0].role, CFS_SEAL_LAYER);
	CHECK(got.v[0].is_signed);
	CHECK_EQ(got.v[1].role, CFS_SEAL_MERGED);
	CHECK_EQ(read_draft("application/vnd.composefs.canonical.v1",
			    text("%s,%s", draft("config"), merged), SHA256),
		 1);
	CHECK_EQ(got.form, CFS_SEAL_CANONICAL);
	CHECK_EQ(got.n, 2);
	CHECK_EQ(read_draft("application/vnd.composefs.canonical.v1",
			    text("%s,%s", erofs, merged), SHA256),
		 -EINVAL);
}

TEST(drafts_are_read_as_strictly)
{
	const char *erofs = blob("application/vnd.composefs.v1.erofs", ZERO,
				 8192, "\"composefs.erofs.type\":\"merged\"");
	const char *merged = draft("merged");

	CHECK_EQ(read_draft(ALONGSIDE, merged, SHA256), 1);
	CHECK_EQ(read_draft(ALONGSIDE, merged, SHA512), -EINVAL);
	CHECK_EQ(read_draft(ALONGSIDE, merged, "fsverity-sha256-16"), -EINVAL);
	CHECK_EQ(read_draft(ALONGSIDE, merged, ""), -EINVAL);
	CHECK_EQ(read_text(artifact(ALONGSIDE, merged, SUBJECT)), -EINVAL);
	CHECK_EQ(read_draft(ALONGSIDE, text("%s,%s", merged, erofs), SHA256),
		 -EINVAL);
	CHECK_EQ(read_draft(ALONGSIDE, text("%s,%s", merged, draft("layer")),
			    SHA256),
		 -EINVAL);
	CHECK_EQ(read_draft(ALONGSIDE, text("%s,%s", merged, merged), SHA256),
		 -EINVAL);
	CHECK_EQ(read_draft(ALONGSIDE, draft("layer"), SHA256), -EINVAL);
	CHECK_EQ(read_draft(ALONGSIDE,
			    text("%s,%s", merged, draft("merged.bootable")),
			    SHA256),
		 -EINVAL);
	CHECK_EQ(read_draft(ALONGSIDE, draft("x"), SHA256), -EINVAL);
	CHECK_EQ(read_draft(ALONGSIDE, MERGED, SHA256), -EINVAL);
}

TEST(malformed_manifests_are_refused)
{
	CHECK_EQ(read_text(""), -EINVAL);
	CHECK_EQ(read_text("[]"), -EINVAL);
	CHECK_EQ(read_text("{}"), -EINVAL);
	CHECK_EQ(read_text(artifact(CFS_SEAL_TYPE, "7", SUBJECT)), -EINVAL);
	CHECK_EQ(read_text(artifact(CFS_SEAL_TYPE, MERGED,
				    SUBJECT ",\"manifests\":[]")),
		 -EINVAL);
}
