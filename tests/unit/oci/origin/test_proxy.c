/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/proxy.h"

#include <pthread.h>

#include "tests/unit/oci/origin/fake_skopeo.h"

static const struct cfs_skopeo_options none;

static struct cfs_skopeo_pool *new_pool(void)
{
	struct cfs_skopeo_pool *pool;

	CHECK_EQ(cfs_skopeo_pool_new(&none, &pool, &err), 0);
	return pool;
}

/* Reads the blob of @content. */
static int get(struct cfs_skopeo_pool *pool, const char *content, uint64_t size,
	       struct cfs_err *e)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_source source = cfs_oci_blob_source(&blob);
	struct cfs_oci_id id = id_of(content);
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	int r = cfs_skopeo_pool_blob(pool, "docker://x/y", &id, size, &blob, e);

	if (r < 0)
		return r;
	CHECK_EQ(blob.end, strlen(content));
	r = cfs_source_all(&source, 1 << 24, &got, e);
	if (r < 0)
		return r;
	CHECK_EQ(got.len, strlen(content));
	CHECK_MEM(got.data, content, got.len);
	/* The end stays the end. */
	CHECK_EQ(cfs_source_read(&source, &r, 1, e), 0);
	return 0;
}

static char *repeated(char c, size_t n)
{
	char *s = keep(malloc(n + 1));

	memset(s, c, n);
	s[n] = '\0';
	return s;
}

TEST(blobs_come_one_after_the_other_from_one_process)
{
	char *dir = fake_layout("one", "");
	CFS_AUTO(cfs_skopeo_pool_free) struct cfs_skopeo_pool *p = new_pool();
	char *large = repeated('x', 3000000);

	(void)put_blob(dir, "x", "first", "");
	(void)put_blob(dir, "x", "", "");
	(void)put_blob(dir, "x", large, "");
	CHECK_EQ(get(p, "first", 5, &err), 0);
	CHECK_EQ(get(p, "", 0, &err), 0);
	CHECK_EQ(get(p, large, 3000000, &err), 0);
	CHECK_EQ(get(p, "none", 4, &err), -EIO);
	CHECK(said("skopeo: no such blob"));
	CHECK_EQ(get(p, "first", 5, &err), 0);
	CHECK_EQ(fake_calls(dir, "experimental-image-proxy --sockfd 3"), 1);
}

TEST(a_size_that_is_not_known_is_asked_for)
{
	char *dir = fake_layout("size", "");
	CFS_AUTO(cfs_skopeo_pool_free) struct cfs_skopeo_pool *p = new_pool();

	(void)put_blob(dir, "x", "content", "");
	CHECK_EQ(get(p, "content", CFS_OCI_SIZE_ANY, &err), 0);
	CHECK_EQ(get(p, "none", CFS_OCI_SIZE_ANY, &err), -EIO);
	CHECK_EQ(get(p, "content", UINT64_C(1) << 60, &err), -EFBIG);
}

struct reader {
	struct cfs_skopeo_pool *pool;
	char *content;
	pthread_t thread;
	int r;
};

static void *read_many(void *arg)
{
	struct reader *reader = arg;
	struct cfs_err e;

	for (int i = 0; i < 5 && reader->r == 0; i++)
		reader->r = get(reader->pool, reader->content,
				strlen(reader->content), &e);
	return NULL;
}

TEST(threads_have_processes_of_their_own)
{
	char *dir = fake_layout("threads", "");
	CFS_AUTO(cfs_skopeo_pool_free) struct cfs_skopeo_pool *p = new_pool();
	struct reader readers[4];

	for (int i = 0; i < 4; i++) {
		readers[i] = (struct reader){
			.pool = p, .content = repeated((char)('a' + i), 500000)
		};
		(void)put_blob(dir, "x", readers[i].content, "");
	}
	for (int i = 0; i < 4; i++)
		CHECK_EQ(pthread_create(&readers[i].thread, NULL, read_many,
					&readers[i]),
			 0);
	for (int i = 0; i < 4; i++) {
		CHECK_EQ(pthread_join(readers[i].thread, NULL), 0);
		CHECK_EQ(readers[i].r, 0);
	}
	CHECK(fake_calls(dir, "experimental-image-proxy") <= 4);
}

TEST(a_blob_may_be_left_in_the_middle)
{
	char *dir = fake_layout("middle", "");
	CFS_AUTO(cfs_skopeo_pool_free) struct cfs_skopeo_pool *p = new_pool();
	struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_source source = cfs_oci_blob_source(&blob);
	char *large = repeated('x', 3000000), data[10];
	struct cfs_oci_id id = id_of(large);

	(void)put_blob(dir, "x", large, "");
	CHECK_EQ(cfs_skopeo_pool_blob(p, "x", &id, 3000000, &blob, &err), 0);
	CHECK(cfs_source_read(&source, data, 10, &err) > 0);
	cfs_oci_blob_close(&blob);
	CHECK_EQ(get(p, large, 3000000, &err), 0);
}

TEST(a_failure_of_skopeo_is_passed_on)
{
	static const struct {
		const char *fake;
		int code;
		const char *words;
	} cases[] = {
		{ "garbage", -EPROTO, "an answer is not JSON" },
		{ "ends", -EIO, "skopeo: it \"broke\"" },
		{ "version", -EPROTO, "its protocol is not one of 0.2" },
		{ "policy", -EIO, "skopeo: rejected by policy" },
		{ "no-pipe", -EPROTO, "a blob without a pipe" },
		{ "short", -EIO, "skopeo: expected more bytes" },
		{ "dies", -EIO, "skopeo: it says nothing" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		char *dir = fake_layout(text("case-%zu", i), cases[i].fake);
		CFS_AUTO(cfs_skopeo_pool_free)
		struct cfs_skopeo_pool *p = new_pool();

		(void)put_blob(dir, "x", "content", "");
		CHECK_EQ(get(p, "content", 7, &err), cases[i].code);
		CHECK(said(cases[i].words));
		/* One that refuses an image is in order; others end. */
		CHECK_EQ(setenv("FAKE", "", 1), 0);
		CHECK_EQ((get(p, "content", 7, &err) == 0),
			 (strcmp(cases[i].fake, "policy") != 0));
	}
}

TEST(only_one_pipe_is_kept_of_several)
{
	char *dir = fake_layout("pipes", "two-pipes");
	CFS_AUTO(cfs_skopeo_pool_free) struct cfs_skopeo_pool *p = new_pool();

	(void)put_blob(dir, "x", "content", "");
	CHECK_EQ(get(p, "content", 7, &err), 0);
}

TEST(without_skopeo_the_message_says_what_to_install)
{
	CFS_AUTO(cfs_skopeo_pool_free) struct cfs_skopeo_pool *p = new_pool();

	CHECK_EQ(setenv("PATH", "/nonexistent", 1), 0);
	CHECK_EQ(get(p, "content", 7, &err), -ENOPKG);
	CHECK(said("package skopeo"));
}
