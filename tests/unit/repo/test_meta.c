/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/meta.h"

#include <errno.h>

#include "repo/meta_formats.h"
#include "tests/test.h"

static struct cfs_err err;

static int parse(const char *text, struct cfs_meta *ret)
{
	return cfs_meta_parse(
		(struct cfs_bytes){ (const uint8_t *)text, strlen(text) }, ret,
		&err);
}

static int answer(const char *text)
{
	struct cfs_meta meta = { .version = 77 };
	int r = parse(text, &meta);

	CHECK(r == 0 || meta.version == 77);
	CHECK(r == 0 || err.msg[0]);
	return r;
}

#define ALG "\"algorithm\":\"fsverity-sha512-12\""

TEST(upstreams_form_is_understood)
{
	/* As composefs-rs writes it: crates/composefs/src/repository.rs */
	static const char text[] =
		"{\n  \"version\": 1,\n  \"algorithm\": \"fsverity-sha512-12\",\n"
		"  \"features\": {\n    \"compatible\": [],\n"
		"    \"read-only-compatible\": [\n      \"v1_erofs\"\n    ],\n"
		"    \"incompatible\": []\n  },\n"
		"  \"erofs_formats\": {\n    \"default\": 1\n  }\n}\n";
	struct cfs_meta meta;

	CHECK_EQ(parse(text, &meta), 0);
	CHECK_EQ(meta.version, 1);
	CHECK_EQ(meta.alg, CFS_ALG_SHA512);
	CHECK_EQ(meta.erofs_default, 1);
	CHECK_EQ(meta.erofs_extra, 0);
	CHECK(!meta.unknown_ro_compat);
}

TEST(the_least_document_is_format_2)
{
	struct cfs_meta meta;

	CHECK_EQ(parse("{\"version\":1,\"algorithm\":\"fsverity-sha256-12\"}",
		       &meta),
		 0);
	CHECK_EQ(meta.alg, CFS_ALG_SHA256);
	CHECK_EQ(meta.erofs_default, 2);
}

TEST(the_v1_feature_decides_when_formats_do_not)
{
	struct cfs_meta meta;

	CHECK_EQ(parse("{\"version\":1," ALG ",\"features\":"
		       "{\"read-only-compatible\":[\"v1_erofs\"]}}",
		       &meta),
		 0);
	CHECK_EQ(meta.erofs_default, 1);
	CHECK_EQ(parse("{\"version\":1," ALG ",\"features\":"
		       "{\"read-only-compatible\":[\"v1_erofs\"]},"
		       "\"erofs_formats\":{\"default\":2}}",
		       &meta),
		 0);
	CHECK_EQ(meta.erofs_default, 1);
	CHECK_EQ(parse("{\"version\":1," ALG ",\"features\":"
		       "{\"read-only-compatible\":[\"v1_erofs\"]},"
		       "\"erofs_formats\":{\"default\":2,\"extra\":[1,2,1]}}",
		       &meta),
		 0);
	CHECK_EQ(meta.erofs_default, 2);
	CHECK_EQ(meta.erofs_extra, 1U << 1);
	CHECK_EQ(parse("{\"version\":1," ALG ",\"features\":"
		       "{\"read-only-compatible\":[\"v1_erofs\"]},"
		       "\"erofs_formats\":{\"default\":0}}",
		       &meta),
		 0);
	CHECK_EQ(meta.erofs_default, 0);
}

TEST(what_is_newer_is_refused_by_its_own_code)
{
	CHECK_EQ(answer("{\"version\":2," ALG "}"), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "version 2"));
	CHECK_EQ(answer("{\"version\":99999999999," ALG "}"), -EOPNOTSUPP);
	CHECK_EQ(answer("{\"version\":1," ALG ",\"features\":"
			"{\"incompatible\":[\"x-new\"]}}"),
		 -EOPNOTSUPP);
	CHECK(strstr(err.msg, "x-new"));
	/* An algorithm to come hides behind a feature: that is said first. */
	CHECK_EQ(answer("{\"version\":1,\"algorithm\":\"fsverity-sha3-12\","
			"\"features\":{\"incompatible\":[\"x\"]}}"),
		 -EOPNOTSUPP);
}

TEST(unknown_members_and_compatible_features_are_ignored)
{
	struct cfs_meta meta;

	CHECK_EQ(parse("{\"x\":[{}],\"version\":1," ALG ",\"features\":"
		       "{\"compatible\":[\"x\"],\"y\":1}}",
		       &meta),
		 0);
	CHECK(!meta.unknown_ro_compat);
}

TEST(formats_to_come_forbid_writing_not_booting)
{
	struct cfs_meta meta;

	CHECK_EQ(parse("{\"version\":1," ALG ","
		       "\"erofs_formats\":{\"default\":3}}",
		       &meta),
		 0);
	CHECK(meta.unknown_ro_compat);
	CHECK_EQ(parse("{\"version\":1," ALG ","
		       "\"erofs_formats\":{\"default\":1,\"extra\":[9]}}",
		       &meta),
		 0);
	CHECK(meta.unknown_ro_compat);
	CHECK_EQ(meta.erofs_default, 1);
}

TEST(an_unknown_ro_compatible_feature_forbids_writing)
{
	struct cfs_meta meta;

	CHECK_EQ(parse("{\"version\":1," ALG ",\"features\":"
		       "{\"read-only-compatible\":[\"v1_erofs\",\"x\"]}}",
		       &meta),
		 0);
	CHECK(meta.unknown_ro_compat);
	CHECK_EQ(meta.erofs_default, 1);
}

TEST(malformed_documents_are_refused)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"version\":1}",
		"{" ALG "}",
		"{\"version\":\"1\"," ALG "}",
		"{\"version\":-1," ALG "}",
		"{\"version\":1,\"algorithm\":7}",
		"{\"version\":1,\"algorithm\":\"sha512-12\"}",
		"{\"version\":1,\"algorithm\":\"fsverity-sha512-16\"}",
		"{\"version\":1,\"algorithm\":\"fsverity-md5-12\"}",
		"{\"version\":1," ALG ",\"features\":[]}",
		"{\"version\":1," ALG ",\"features\":{\"incompatible\":{}}}",
		"{\"version\":1," ALG ",\"features\":{\"incompatible\":[1]}}",
		"{\"version\":1," ALG
		",\"features\":{\"read-only-compatible\":[1]}}",
		"{\"version\":1," ALG ",\"erofs_formats\":1}",
		"{\"version\":1," ALG ",\"erofs_formats\":{}}",
		"{\"version\":1," ALG ",\"erofs_formats\":{\"default\":\"1\"}}",
		"{\"version\":1," ALG
		",\"erofs_formats\":{\"default\":1,\"extra\":2}}",
		"{\"version\":1," ALG "," ALG "}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		CHECK_EQ(answer(texts[i]), -EINVAL);
}

TEST(too_many_values_are_refused)
{
	static char text[CFS_META_MAX];
	char *p = text + sprintf(text, "{\"version\":1," ALG ",\"x\":[0");

	for (int i = 0; i < 2000; i++)
		p += sprintf(p, ",0");
	strcpy(p, "]}");
	CHECK_EQ(answer(text), -EINVAL);
}

TEST(booting_depends_on_three_members_alone)
{
	static const char odd[] =
		"{\"version\":1,\"algorithm\":\"fsverity-sha512-12\","
		"\"erofs_formats\":7,"
		"\"features\":{\"read-only-compatible\":7}}";
	static const char newer[] =
		"{\"version\":1,\"algorithm\":\"fsverity-sha512-12\","
		"\"features\":{\"incompatible\":[\"x\"]}}";
	struct cfs_meta m = { 0 };
	struct cfs_err e;

	CHECK_EQ(
		cfs_meta_parse_to_boot(
			(struct cfs_bytes){ (const uint8_t *)odd, strlen(odd) },
			&m, &e),
		0);
	CHECK_EQ(m.version, 1);
	CHECK_EQ(m.alg, CFS_ALG_SHA512);
	CHECK_EQ(cfs_meta_parse((struct cfs_bytes){ (const uint8_t *)odd,
						    strlen(odd) },
				&m, &e),
		 -EINVAL);
	CHECK_EQ(cfs_meta_parse_to_boot(
			 (struct cfs_bytes){ (const uint8_t *)newer,
					     strlen(newer) },
			 &m, &e),
		 -EOPNOTSUPP);
}
