/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/manifest.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

#define A \
	"sha256:aa7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define B \
	"sha256:bb7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define OCI "application/vnd.oci.image."

static char *desc(const char *type, const char *id, const char *more)
{
	char *s;

	CHECK(asprintf(&s,
		       "{\"mediaType\":\"%s\",\"digest\":\"%s\","
		       "\"size\":77%s}",
		       type, id, more) > 0);
	return s;
}

TEST(media_types_of_oci_and_docker_are_known)
{
	CHECK(cfs_oci_kind_of(OCI "index.v1+json") == CFS_OCI_INDEX);
	CHECK(cfs_oci_kind_of("application/vnd.docker.distribution.manifest."
			      "list.v2+json") == CFS_OCI_INDEX);
	CHECK(cfs_oci_kind_of(OCI "config.v1+json") == CFS_OCI_CONFIG);
	CHECK(cfs_oci_kind_of("application/vnd.docker.image.rootfs.diff.tar."
			      "gzip") == CFS_OCI_LAYER);
	CHECK(cfs_oci_kind_of("application/vnd.in-toto+json") == CFS_OCI_OTHER);
	CHECK(cfs_oci_kind_of("") == CFS_OCI_OTHER);
}

TEST(an_index_is_a_list_of_descriptors)
{
	struct cfs_oci_descriptors list = { 0 };
	char *a = desc(OCI "manifest.v1+json", A,
		       ",\"platform\":{\"os\":\"linux\",\"architecture\":"
		       "\"amd64\"},\"annotations\":{\"org.opencontainers.image."
		       "ref.name\":\"v1\"}");
	char *b = desc(OCI "manifest.v1+json", B,
		       ",\"artifactType\":\"application/x\"");
	char *all;

	CHECK(asprintf(&all, "{\"manifests\":[%s,%s],\"other\":{}}", a, b) > 0);
	CHECK(cfs_oci_index_parse(text(all), &list, &err) == 0);
	CHECK(list.n == 2 && list.v[0].size == 77);
	CHECK(strcmp(list.v[0].id.text, A) == 0);
	CHECK(strcmp(list.v[0].tag, "v1") == 0 && list.v[0].has_platform);
	CHECK(strcmp(list.v[0].platform.arch, "amd64") == 0);
	CHECK(!list.v[1].has_platform && !*list.v[1].tag);
	CHECK(strcmp(list.v[1].artifact_type, "application/x") == 0);
	cfs_oci_descriptors_free(&list);
	CHECK(cfs_oci_index_parse(text("{\"manifests\":[]}"), &list, &err) ==
	      0);
	CHECK(list.n == 0);
	cfs_oci_descriptors_free(&list);
	free(a);
	free(b);
	free(all);
}

TEST(a_manifest_has_a_config_layers_and_perhaps_a_subject)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	char *c = desc(OCI "config.v1+json", A, "");
	char *l = desc(OCI "layer.v1.tar", B, "");
	char *all;

	CHECK(asprintf(&all,
		       "{\"mediaType\":\"" OCI "manifest.v1+json\","
		       "\"config\":%s,\"layers\":[%s,%s],\"subject\":%s}",
		       c, l, l, l) > 0);
	CHECK(cfs_oci_manifest_parse(text(all), &m, &err) == 0);
	CHECK(cfs_oci_manifest_is_container(&m) && m.layers.n == 2);
	CHECK(strcmp(m.layers.v[1].id.text, B) == 0 && m.has_subject);
	free(all);
	free(c);
	free(l);
}

TEST(manifests_that_are_none_are_refused)
{
	static const struct {
		const char *text;
		const char *words;
	} cases[] = {
		{ "{}", "the member 'config' is missing" },
		{ "{\"manifests\":[]}", "it is an index" },
		{ "{\"config\":{}}", "config: the member 'digest' is missing" },
		{ "{\"config\":{\"digest\":\"" A "\",\"size\":-1}}",
		  "no count of bytes" },
		{ "{\"config\":{\"digest\":\"" A "\",\"size\":1}}",
		  "the member 'layers' is missing" },
		{ "{\"config\":{\"digest\":\"" A "\",\"size\":1},"
		  "\"layers\":[7]}",
		  "layers[0]: a descriptor is no object" },
		{ "{\"config\":{\"digest\":\"../x\",\"size\":1}}",
		  "is not a digest" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		struct cfs_oci_manifest m;

		CHECK(cfs_oci_manifest_parse(text(cases[i].text), &m, &err) <
		      0);
		CHECK(strstr(err.msg, cases[i].words));
	}
}

TEST(a_config_lists_the_archives_of_its_layers)
{
	CFS_AUTOCONFIG struct cfs_oci_config c = { 0 };

	CHECK(cfs_oci_config_parse(
		      text("{\"os\":\"linux\",\"architecture\":\"arm64\","
			   "\"variant\":\"v8\",\"created\":\"2026-01-01T00:00:"
			   "00Z\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":"
			   "[\"" A "\",\"" B "\"]}}"),
		      &c, &err) == 0);
	CHECK(c.n_diff_ids == 2 && strcmp(c.diff_ids[1].text, B) == 0);
	CHECK(strcmp(c.platform.variant, "v8") == 0);
	CHECK(strcmp(c.created, "2026-01-01T00:00:00Z") == 0);
}

TEST(the_label_of_a_sealed_image_is_read_and_no_other_value_refused)
{
#define SEALED(labels)                                                    \
	"{\"os\":\"linux\",\"architecture\":\"arm64\",\"config\":" labels \
	",\"rootfs\":{\"diff_ids\":[\"" A "\"]}}"
#define LABEL "{\"Labels\":{\"containers.composefs.fsverity\":"
	static const char *const none[] = {
		SEALED("null"),
		SEALED("[]"),
		SEALED("{\"Labels\":null}"),
		SEALED("{\"Labels\":{\"a\":\"b\"}}"),
		SEALED(LABEL "1}}"),
	};
	CFS_AUTOCONFIG struct cfs_oci_config c = { 0 };

	CHECK(cfs_oci_config_parse(text(SEALED(LABEL "\"0123\"}}")), &c,
				   &err) == 0);
	CHECK(strcmp(c.sealed, "0123") == 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(none); i++) {
		CFS_AUTOCONFIG struct cfs_oci_config d = { 0 };

		CHECK(cfs_oci_config_parse(text(none[i]), &d, &err) == 0);
		CHECK(d.sealed[0] == '\0');
	}
}

TEST(the_label_that_asks_for_objects_has_any_value_but_no)
{
#define ASKS(value) \
	SEALED("{\"Labels\":{\"containers.composefs.ipe\":" value "}}")
	static const struct {
		const char *config;
		bool asks;
	} rows[] = {
		{ ASKS("\"1\""), true },
		{ ASKS("\"true\""), true },
		{ ASKS("\"yes\""), true },
		{ ASKS("\" \""), true },
		{ ASKS("\"0\""), false },
		{ ASKS("\"\\u0030\""), false },
		{ ASKS("\"false\""), false },
		{ ASKS("\"\""), false },
		{ ASKS("1"), false },
		{ ASKS("true"), false },
		{ SEALED("null"), false },
		{ SEALED("{\"Labels\":{\"Containers.composefs.ipe\":\"1\"}}"),
		  false },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		CFS_AUTOCONFIG struct cfs_oci_config c = { 0 };

		CHECK_EQ(cfs_oci_config_parse(text(rows[i].config), &c, &err),
			 0);
		CHECK_EQ(c.program_objects, rows[i].asks);
	}
}

TEST(configs_that_are_none_are_refused)
{
	static const char *const bad[] = {
		"{}",
		"{\"rootfs\":{}}",
		"{\"rootfs\":{\"diff_ids\":{}}}",
		"{\"rootfs\":{\"diff_ids\":[1]}}",
		"{\"rootfs\":{\"diff_ids\":[\"sha256:0\"]}}",
		"{\"os\":1,\"rootfs\":{\"diff_ids\":[]}}",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		struct cfs_oci_config c;

		CHECK(cfs_oci_config_parse(text(bad[i]), &c, &err) == -EINVAL);
	}
}

#define M OCI "manifest.v1+json"
#define D "{\"mediaType\":\"" M "\",\"digest\":\"" A "\",\"size\":1}"

TEST(documents_that_can_be_read_in_two_ways_are_refused)
{
	static const char *const indexes[] = {
		"{\"manifests\":[],\"layers\":[]}",
		"{\"manifests\":[],\"config\":{}}",
		"{\"mediaType\":\"" M "\",\"manifests\":[]}",
		"{\"mediaType\":\"text/plain\",\"manifests\":[]}",
		"{\"manifests\":[],\"lay\\u0065rs\":[]}",
	};
	static const char *const manifests[] = {
		"{\"config\":" D ",\"layers\":[],\"manifests\":[]}",
		"{\"mediaType\":\"" OCI "index.v1+json\",\"config\":" D
		",\"layers\":[]}",
		"{\"config\":" D ",\"layers\":[],\"manif\\u0065sts\":[]}",
	};
	struct cfs_oci_descriptors list = { 0 };
	struct cfs_oci_manifest m;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(indexes); i++)
		CHECK(cfs_oci_index_parse(text(indexes[i]), &list, &err) ==
		      -EINVAL);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(manifests); i++)
		CHECK(cfs_oci_manifest_parse(text(manifests[i]), &m, &err) ==
		      -EINVAL);
}

TEST(a_document_without_a_descriptor_is_what_it_has_in_it)
{
	CHECK(cfs_oci_document_kind(text("{\"manifests\":[]}"), &err) ==
	      CFS_OCI_INDEX);
	CHECK(cfs_oci_document_kind(text("{\"config\":{}}"), &err) ==
	      CFS_OCI_MANIFEST);
	CHECK(cfs_oci_document_kind(text("{\"fsLayers\":[]}"), &err) ==
	      -EOPNOTSUPP);
	CHECK(strstr(err.msg, "schema 1"));
	CHECK(cfs_oci_document_kind(text("{}"), &err) == -EINVAL);
	CHECK(cfs_oci_document_kind(text("<html>"), &err) == -EINVAL);
}

struct seen {
	unsigned good, bad;
	char why[200];
};

static int see(void *ctx, const struct cfs_oci_descriptor *d,
	       const struct cfs_err *why, struct cfs_err *e)
{
	struct seen *seen = ctx;

	if (!d)
		snprintf(seen->why, sizeof(seen->why), "%.*s",
			 (int)sizeof(seen->why) - 1, why->msg);
	*(d ? &seen->good : &seen->bad) += 1;
	return seen->good == 3 ? cfs_fail(e, ECANCELED, "enough") : 0;
}

TEST(malformed_entries_of_an_index_do_not_hide_the_others)
{
	struct seen seen = { 0 };

	CHECK(cfs_oci_index_each(text("{\"manifests\":[" D
				      ",7,{\"digest\":\"sha384:0\","
				      "\"size\":1}," D "]}"),
				 see, &seen, &err) == 0);
	CHECK(seen.good == 2 && seen.bad == 2);
	CHECK(strncmp(seen.why, "manifests[2]: ", 14) == 0);
	seen = (struct seen){ 0 };
	CHECK(cfs_oci_index_each(
		      text("{\"manifests\":[" D "," D "," D "," D "]}"), see,
		      &seen, &err) == -ECANCELED);
	CHECK(seen.good == 3);
	CHECK(cfs_oci_index_each(text("{}"), see, &seen, &err) == -EINVAL);
}
