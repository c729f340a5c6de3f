/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/meta_formats.h"
#include "tests/test.h"

static struct cfs_err err;

/* The answer to a document with @features as the list of those that are
 * compatible for reading, and @formats as its erofs_formats; NULL: without. */
static int parse(const char *features, const char *formats,
		 struct cfs_meta *ret)
{
	char text[1024];
	int n = snprintf(text, sizeof(text),
			 "{\"version\":1,\"algorithm\":\"fsverity-sha256-12\","
			 "\"features\":{\"read-only-compatible\":[%s]}%s%s}",
			 features ? features : "",
			 formats ? ",\"erofs_formats\":" : "",
			 formats ? formats : "");

	CHECK(n > 0 && (size_t)n < sizeof(text));
	return cfs_meta_parse(
		(struct cfs_bytes){ (const uint8_t *)text, (size_t)n }, ret,
		&err);
}

TEST(formats_are_a_default_and_others)
{
	static const struct {
		const char *features, *formats;
		unsigned def, extra;
	} cases[] = {
		{ NULL, NULL, 2, 0 },
		{ "\"v1_erofs\"", NULL, 1, 0 },
		{ NULL, "{\"default\":0}", 0, 0 },
		{ NULL, "{\"default\":1,\"extra\":[2]}", 1, 4 },
		{ NULL, "{\"default\":1,\"extra\":[2,0,2]}", 1, 5 },
		/* The default is no other one. */
		{ NULL, "{\"default\":1,\"extra\":[1]}", 1, 0 },
		{ NULL, "{\"default\":1,\"extra\":[]}", 1, 0 },
		/* What is said at length goes before the feature. */
		{ "\"v1_erofs\"", "{\"default\":2,\"extra\":[1]}", 2, 2 },
		{ "\"v1_erofs\"", "{\"default\":2}", 1, 0 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		struct cfs_meta meta;

		CHECK_EQ(parse(cases[i].features, cases[i].formats, &meta), 0);
		CHECK_EQ(meta.erofs_default, cases[i].def);
		CHECK_EQ(meta.erofs_extra, cases[i].extra);
		CHECK(!meta.unknown_ro_compat);
	}
}

TEST(what_a_newer_version_knows_forbids_writing_only)
{
	static const struct {
		const char *features, *formats;
	} cases[] = {
		{ "\"v9\"", NULL },
		{ "\"v1_erofs\",\"v9\"", NULL },
		{ NULL, "{\"default\":3}" },
		{ NULL, "{\"default\":1,\"extra\":[64]}" },
		{ NULL, "{\"default\":18446744073709551615}" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		struct cfs_meta meta;

		CHECK_EQ(parse(cases[i].features, cases[i].formats, &meta), 0);
		CHECK(meta.unknown_ro_compat);
		CHECK_EQ(meta.alg, CFS_ALG_SHA256);
		CHECK(meta.erofs_default <= CFS_META_FORMAT_MAX);
		CHECK_EQ(meta.erofs_extra >> (CFS_META_FORMAT_MAX + 1), 0);
	}
}

TEST(members_of_another_type_are_refused_and_named)
{
	static const struct {
		const char *features, *formats, *name;
	} cases[] = {
		{ "1", NULL, "read-only-compatible" },
		{ "[]", NULL, "read-only-compatible" },
		{ NULL, "1", "erofs_formats" },
		{ NULL, "[]", "erofs_formats" },
		{ NULL, "{}", "erofs_formats" },
		{ NULL, "{\"default\":\"1\"}", "erofs_formats" },
		{ NULL, "{\"default\":-1}", "erofs_formats" },
		{ NULL, "{\"default\":1.5}", "erofs_formats" },
		{ NULL, "{\"default\":18446744073709551616}", "erofs_formats" },
		{ NULL, "{\"default\":1,\"extra\":1}", "extra" },
		{ NULL, "{\"default\":1,\"extra\":[\"2\"]}", "erofs_formats" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		struct cfs_meta meta = { .version = 77 };

		CHECK_EQ(parse(cases[i].features, cases[i].formats, &meta),
			 -EINVAL);
		CHECK(strstr(err.msg, cases[i].name));
		CHECK_EQ(meta.version, 77);
	}
}
