/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/inline.h"

#include "oci/json_doc.h"
#include "tests/unit/oci/seal/vectors.h"

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

static bool equal(struct cfs_bytes a, struct cfs_bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static struct cfs_buf write_inline(const struct vector *v,
				   struct cfs_bytes manifest,
				   const struct cfs_seal_blobs *blobs)
{
	struct cfs_buf out = { 0 };

	CHECK_EQ(cfs_seal_inline_write(manifest, &v->facts, blobs, true, &out,
				       &err),
		 0);
	return out;
}

/* What is written reads back as the facts and signatures that went in, and
 * gives the same bytes when it is written again. */
static void round_trip(struct vector *v)
{
	CFS_AUTOBUF struct cfs_buf once =
		write_inline(v, cfs_buf_bytes(&v->manifest), &v->blobs);
	CFS_AUTOBUF struct cfs_buf twice =
		write_inline(v, cfs_buf_bytes(&once), &v->blobs);
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	struct cfs_seal_artifact a;

	CHECK(equal(cfs_buf_bytes(&once), cfs_buf_bytes(&twice)));
	CHECK_EQ(cfs_seal_inline_read(&v->id, cfs_buf_bytes(&once),
				      v->facts.alg, &a, &blobs, &err),
		 1);
	CHECK_EQ(a.n, v->facts.role[CFS_SEAL_BOOTABLE].known ? 3 : 2);
	for (unsigned i = 0; i < a.n; i++) {
		enum cfs_seal_role role = a.v[i].role;

		CHECK(cfs_digest_equal(&a.v[i].digest,
				       &v->facts.role[role].digest));
		CHECK(equal(cfs_buf_bytes(&blobs.v[role]),
			    cfs_buf_bytes(&v->blobs.v[role])));
	}
}

TEST(every_vector_reads_back_as_it_was_written)
{
	CHECK_EQ(vectors_each(round_trip), 14);
}

/* The text without the annotations is what it was. */
static void check_rest(struct vector *v)
{
	struct cfs_seal_facts none = { .alg = v->facts.alg };
	const struct cfs_seal_blobs no_blobs = { 0 };
	CFS_AUTOBUF struct cfs_buf with =
		write_inline(v, cfs_buf_bytes(&v->manifest), &v->blobs);
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	CFS_AUTOBUF struct cfs_buf same = { 0 };

	/* Nothing to write and nothing to drop: not a byte changes. */
	CHECK_EQ(cfs_seal_inline_write(cfs_buf_bytes(&v->manifest), &none,
				       &no_blobs, true, &same, &err),
		 0);
	CHECK(equal(cfs_buf_bytes(&same), cfs_buf_bytes(&v->manifest)));
	CHECK_EQ(cfs_seal_inline_write(cfs_buf_bytes(&with), &none, &no_blobs,
				       true, &out, &err),
		 0);
	CHECK(!memmem(out.data, out.len, "composefs.", 10));
}

TEST(without_digests_nothing_is_written)
{
	CHECK_EQ(vectors_each(check_rest), 14);
}

#define DIGEST                                    \
	"sha256:00000000000000000000000000000000" \
	"00000000000000000000000000000000"
#define DESCRIPTOR(type, more)                             \
	"{\"mediaType\":\"application/vnd.oci.image." type \
	"\",\"digest\":\"" DIGEST "\",\"size\":7" more "}"
#define MANIFEST(first, layer, more)                                           \
	"{\"schemaVersion\":2," first "\"config\":" DESCRIPTOR(                \
		"config.v1+json",                                              \
		"") ",\"layers\":[" DESCRIPTOR("layer.v1.tar", layer) "]" more \
								      "}"
#define OLD   "\"composefs.layer.erofs.v1.fsverity-sha256-12\":\"old\""
#define NEWER "\"composefs.layer.erofs.v2.fsverity-sha256-12\":\"newer\""
#define OTHER "\"composefs.layer.erofs.v1.fsverity-sha512-12\":\"other\""

static void check_write(const char *from, bool layers, const char *want)
{
	struct cfs_seal_facts none = { .alg = CFS_ALG_SHA256 };
	const struct cfs_seal_blobs blobs = { 0 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	CHECK_EQ(cfs_seal_inline_write(text(from), &none, &blobs, layers, &out,
				       &err),
		 0);
	cfs_buf_addc(&out, '\0');
	CHECK_STR((const char *)out.data, want);
}

TEST(digests_of_layers_are_replaced_only_where_that_is_wanted)
{
	const char *from =
		MANIFEST("",
			 ",\"annotations\": {\"x\" : \"\\u0041\"," OLD "," NEWER
			 "," OTHER "}",
			 "");

	check_write(from, false, from);
	check_write(from, true,
		    MANIFEST("",
			     ",\"annotations\": {\"x\":\"\\u0041\"," NEWER
			     "," OTHER "}",
			     ""));
}

TEST(annotations_in_front_of_the_rest_are_edited_in_their_place)
{
	check_write(MANIFEST("\"annotations\":{\"composefs.merged.erofs.v1."
			     "fsverity-sha256-12.sig\":\"x\",\"a\":\"b\"},",
			     "", " "),
		    true, MANIFEST("\"annotations\":{\"a\":\"b\"},", "", " "));
}

TEST(annotations_are_known_by_names_with_escapes_too)
{
	const struct cfs_seal_blobs blobs = { 0 };
	struct cfs_seal_facts none = { .alg = CFS_ALG_SHA256 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	check_write(MANIFEST("",
			     ",\"annotations\":{\"c\\u006fmposefs.layer.erofs."
			     "v1.fsverity-sha256-12\":\"old\",\"a\":\"b\"}",
			     ""),
		    true, MANIFEST("", ",\"annotations\":{\"a\":\"b\"}", ""));
	CHECK_EQ(cfs_seal_inline_write(
			 text(MANIFEST("", ",\"\\u0061nnotations\":{}", "")),
			 &none, &blobs, true, &out, &err),
		 -EOPNOTSUPP);
}

TEST(annotations_that_are_no_objects_are_refused)
{
	static const char *const bad[] = {
		MANIFEST("", "", ",\"annotations\":[]"),
		MANIFEST("", ",\"annotations\":7", ""),
		"{}",
		"[]",
	};
	struct cfs_seal_facts none = { .alg = CFS_ALG_SHA256 };
	const struct cfs_seal_blobs blobs = { 0 };

	for (unsigned i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CFS_AUTOBUF struct cfs_buf out = { 0 };

		CHECK_EQ(cfs_seal_inline_write(text(bad[i]), &none, &blobs,
					       true, &out, &err),
			 -EINVAL);
	}
}

#define HEX   "0000000000000000000000000000000000000000000000000000000000000000"
#define LABEL "\"" CFS_SEAL_LABEL "\":\"" HEX "\""

TEST(the_label_is_added_where_labels_are)
{
	static const char *const rows[][2] = {
		{ "{\"os\":\"linux\"}",
		  "{\"os\":\"linux\",\"config\":{\"Labels\":{" LABEL "}}}" },
		{ "{\"config\":null }",
		  "{\"config\":{\"Labels\":{" LABEL "}} }" },
		{ "{\"config\": {\"Cmd\":[ ]}}",
		  "{\"config\": {\"Cmd\":[ ],\"Labels\":{" LABEL "}}}" },
		{ "{\"config\":{\"Labels\":null,\"User\":\"1\"}}",
		  "{\"config\":{\"Labels\":{" LABEL "},\"User\":\"1\"}}" },
		{ "{\"config\":{\"Labels\":{\"a\":\"b\"}}}",
		  "{\"config\":{\"Labels\":{\"a\":\"b\"," LABEL "}}}" },
		{ "{\"config\":{\"Labels\":{\"" CFS_SEAL_LABEL
		  "\" : \"old\",\"a\":\"b\"}}}",
		  "{\"config\":{\"Labels\":{\"" CFS_SEAL_LABEL "\" : \"" HEX
		  "\",\"a\":\"b\"}}}" },
		{ "{\"config\":{\"Labels\":{\"a\":\"b\",\"containers.compose"
		  "fs.fsverit\\u0079\":1}}}",
		  "{\"config\":{\"Labels\":{\"a\":\"b\"," LABEL "}}}" },
	};
	static const struct cfs_seal_label label = { CFS_SEAL_LABEL, HEX };

	for (unsigned i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		CFS_AUTOBUF struct cfs_buf out = { 0 };

		CHECK_EQ(cfs_seal_set_label(text(rows[i][0]), &label, &out,
					    &err),
			 0);
		cfs_buf_addc(&out, '\0');
		CHECK_STR((const char *)out.data, rows[i][1]);
	}
}

TEST(labels_of_another_kind_are_refused)
{
	static const struct cfs_seal_label label = { CFS_SEAL_LABEL, HEX };
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	CHECK_EQ(
		cfs_seal_set_label(text("{\"config\":[]}"), &label, &out, &err),
		-EINVAL);
	CHECK_EQ(cfs_seal_set_label(text("{\"config\":{\"Labels\":[]}}"),
				    &label, &out, &err),
		 -EINVAL);
}

TEST(names_with_escapes_on_the_way_to_the_labels_are_refused)
{
	static const char *const bad[] = {
		"{\"conf\\u0069g\":{}}",
		"{\"config\":{\"\\u004cabels\":{\"a\":\"b\"}}}",
	};
	static const struct cfs_seal_label label = { CFS_SEAL_LABEL, HEX };

	for (unsigned i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CFS_AUTOBUF struct cfs_buf out = { 0 };

		CHECK_EQ(cfs_seal_set_label(text(bad[i]), &label, &out, &err),
			 -EOPNOTSUPP);
		CHECK(strstr(err.msg, "written with escapes"));
	}
}

TEST(another_configuration_changes_its_digest_and_size_in_any_order)
{
	struct cfs_oci_id id;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	CFS_AUTOBUF struct cfs_buf turned = { 0 };

	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, text("{}"), &id, &err),
		 0);
	CHECK_EQ(cfs_seal_set_config(text(MANIFEST("", "", "")), &id, 2, &out,
				     &err),
		 0);
	cfs_buf_addc(&out, '\0');
	CHECK(strstr((char *)out.data, id.text));
	CHECK(strstr((char *)out.data, "\"size\":2}"));
	CHECK(strstr((char *)out.data, DIGEST "\",\"size\":7}"));
	CHECK_EQ(cfs_seal_set_config(
			 text("{\"schemaVersion\":2,\"config\":{\"size\":7,"
			      "\"digest\":\"" DIGEST "\",\"mediaType\":"
			      "\"application/vnd.oci.image.config.v1+json\"},"
			      "\"layers\":[]}"),
			 &id, 2, &turned, &err),
		 0);
	cfs_buf_addc(&turned, '\0');
	CHECK(strstr((char *)turned.data,
		     "{\"size\":2,\"digest\":\"sha256:44"));
}

TEST(a_configuration_inside_the_manifest_is_not_left_behind)
{
	struct cfs_oci_id id;
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	cfs_seal_empty_config(&id);
	CHECK_EQ(cfs_seal_set_config(
			 text("{\"schemaVersion\":2,\"config\":" DESCRIPTOR(
				 "config.v1+json",
				 ",\"data\":\"e30=\"") ","
						       "\"layers\":[]}"),
			 &id, 2, &out, &err),
		 -EOPNOTSUPP);
}
