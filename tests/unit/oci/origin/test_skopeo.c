/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/skopeo.h"

#include "tests/unit/oci/origin/fake_skopeo.h"

static bool words(const char *line, const char *want)
{
	struct cfs_bytes bytes = { (const uint8_t *)line, strlen(line) };
	char got[CFS_SKOPEO_WORDS_MAX];

	cfs_skopeo_words(bytes, got);
	if (strcmp(got, want) != 0)
		printf("# %s\n", got);
	return strcmp(got, want) == 0;
}

TEST(the_message_of_a_log_line_is_taken)
{
	CHECK(words("time=\"2026-01-01\" level=fatal msg=\"a \\\"b\\\" "
		    "\\\\ c\\nd\"\n",
		    "a \"b\" \\ c d"));
	CHECK(words("time=\"x\" level=warning msg=\"first\"\n"
		    "time=\"x\" level=fatal msg=\"second\" more=1\n\n",
		    "second"));
	CHECK(words("time=\"x\" level=error msg=\"first\"\n"
		    "time=\"x\" level=warning msg=\"second\"\n",
		    "first"));
	CHECK(words("panic: this is no log\ngoroutine 1\n", "goroutine 1"));
	CHECK(words("time=\"x\" level=fatal msg=\"no end", "no end"));
	CHECK(words("time=\"x\" level=fatal msg=\"\\", "\\"));
	CHECK(words("", "it says nothing"));
	CHECK(words("\n\n", "it says nothing"));
}

TEST(a_registry_without_tls_leads_to_the_option)
{
	const char *plain = cfs_skopeo_advice(
		"pinging container registry localhost:5000: Get "
		"\"https://localhost:5000/v2/\": http: server gave HTTP "
		"response to HTTPS client");

	CHECK(strstr(plain, "--no-tls-verify"));
	CHECK_STR(cfs_skopeo_advice("Get \"https://localhost:1/v2/\": tls: "
				    "first record does not look like a TLS "
				    "handshake"),
		  plain);
	CHECK(strstr(cfs_skopeo_advice("Get \"https://localhost:1/v2/\": x509: "
				       "certificate signed by unknown "
				       "authority"),
		     "--cert-dir"));
	CHECK_STR(cfs_skopeo_advice("connection refused"), "");
}

TEST(words_are_cut)
{
	char *line = malloc(5000), got[CFS_SKOPEO_WORDS_MAX];
	struct cfs_bytes bytes = { (uint8_t *)line, 5000 };

	memset(line, 'x', 5000);
	cfs_skopeo_words(bytes, got);
	CHECK_EQ(strlen(got), CFS_SKOPEO_WORDS_MAX - 1);
	memcpy(line, "x level=fatal msg=\"", 19);
	cfs_skopeo_words(bytes, got);
	CHECK_EQ(strlen(got), CFS_SKOPEO_WORDS_MAX - 1);
	CHECK_EQ(got[0], 'x');
	free(line);
}

TEST(options_become_arguments)
{
	static const char *const command[] = { "a", "b", NULL };
	const struct cfs_origin_options from = { .authfile = "F",
						 .cert_dir = "D",
						 .no_tls_verify = true };
	static const char *const want[] = {
		"skopeo", "a",		"b", "--authfile",
		"F",	  "--cert-dir", "D", "--tls-verify=false",
		"X",
	};
	struct cfs_skopeo_options o = { .n = 0 };
	struct cfs_skopeo_args args;

	CHECK_EQ(cfs_skopeo_options_make(&from, &o, &err), 0);
	cfs_skopeo_args_make(command, &o, "X", &args);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(want); i++)
		CHECK_STR(args.v[i], want[i]);
	CHECK(!args.v[CFS_ARRAY_SIZE(want)]);
	cfs_skopeo_options_free(&o);
	cfs_skopeo_args_make(command, &o, NULL, &args);
	CHECK(!args.v[3]);
}

TEST(its_output_is_bounded)
{
	static const char *const command[] = { "inspect", NULL };
	char *dir = fake_layout("bounded", "");
	const struct cfs_skopeo_options none = { .n = 0 };
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	struct cfs_skopeo_args args;

	put_file(text("%s/tags/t", dir), "12345");
	cfs_skopeo_args_make(command, &none, "docker://x:t", &args);
	CHECK_EQ(cfs_skopeo_run(&args, 5, &got, &err), 0);
	CHECK_EQ(got.len, 5);
	CHECK_EQ(truncate(text("%s/tags/t", dir), 10000000), 0);
	CHECK_EQ(cfs_skopeo_run(&args, 100000, &got, &err), -EFBIG);
	CHECK(said("over 100000 bytes"));
	cfs_skopeo_args_make(command, &none, "docker://x:none", &args);
	CHECK_EQ(cfs_skopeo_run(&args, 100, &got, &err), -EIO);
	CHECK_STR(err.msg, "skopeo: manifest unknown");
}
