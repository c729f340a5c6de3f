/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/content_hash.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

static int is_hex(const uint8_t *hash, size_t len, const char *hex)
{
	char have[2 * CFS_CONTENT_MAX + 1];

	for (size_t i = 0; i < len; i++)
		snprintf(have + 2 * i, 3, "%02x", hash[i]);
	return strcmp(have, hex) == 0;
}

/* Source: FIPS 180-2, B.1 and C.1. */
#define ABC_256 \
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define ABC_512                                                            \
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" \
	"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

TEST(bytes_have_the_known_hashes)
{
	uint8_t hash[CFS_CONTENT_MAX];

	CHECK_EQ(cfs_content_hash_bytes(CFS_CONTENT_SHA256, text("abc"), hash,
					&err),
		 0);
	CHECK(is_hex(hash, cfs_content_hash_size(CFS_CONTENT_SHA256), ABC_256));
	CHECK_EQ(cfs_content_hash_bytes(CFS_CONTENT_SHA512, text("abc"), hash,
					&err),
		 0);
	CHECK(is_hex(hash, cfs_content_hash_size(CFS_CONTENT_SHA512), ABC_512));
	CHECK_STR(cfs_content_hash_name(CFS_CONTENT_SHA512), "sha512");
}

TEST(every_implementation_gives_the_same_hash)
{
	static const char *const ways[] = { "openssl", "portable", "sha-ni",
					    "avx2", "avx512" };
	uint8_t hash[CFS_CONTENT_MAX];

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		int r;

		CHECK_EQ(setenv("CFS_HASH", ways[i], 1), 0);
		r = cfs_content_hash_bytes(CFS_CONTENT_SHA256, text("abc"),
					   hash, &err);
		CHECK(r == -ENOTSUP || (r == 0 && is_hex(hash, 32, ABC_256)));
		CHECK(r == 0 || i > 1);
	}
	CHECK_EQ(unsetenv("CFS_HASH"), 0);
}

TEST(a_source_is_hashed_as_it_is_read)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	struct cfs_bytes rest = text("abc");
	struct cfs_source from = cfs_source_of_bytes(&rest), source;
	uint8_t out[CFS_CONTENT_MAX];
	char data[8];

	CHECK_EQ(cfs_content_hash_new(CFS_CONTENT_SHA256, &hash, &err), 0);
	source = cfs_content_hash_source(hash, &from);
	CHECK_EQ(cfs_source_read(&source, data, 1, &err), 1);
	CHECK_EQ(cfs_content_hash_fed(hash), 1);
	CHECK_EQ(data[0], 'a');
	CHECK_EQ(cfs_source_full(&source, data, sizeof(data), &err), 2);
	CHECK_EQ(cfs_content_hash_final(hash, out, &err), 0);
	CHECK(is_hex(out, 32, ABC_256));
}

TEST(a_pair_is_hashed_while_one_buffer_serves_all_reads)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *a = NULL;
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *b = NULL;
	static uint8_t data[100000];
	uint8_t want[CFS_CONTENT_MAX], have[CFS_CONTENT_MAX], piece[5000];
	struct cfs_bytes rest = { data, sizeof(data) };
	struct cfs_source from = cfs_source_of_bytes(&rest), source;
	ssize_t n;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 13 + i / 300);
	CHECK_EQ(cfs_content_hash_new(CFS_CONTENT_SHA256, &a, &err), 0);
	CHECK_EQ(cfs_content_hash_new(CFS_CONTENT_SHA256, &b, &err), 0);
	cfs_content_hash_pair(a, b);
	source = cfs_content_hash_source(a, &from);
	while ((n = cfs_source_read(&source, piece, sizeof(piece), &err)) > 0)
		CHECK_EQ(cfs_content_hash_update(
				 b, (struct cfs_bytes){ piece, (size_t)n },
				 &err),
			 0);
	CHECK_EQ(n, 0);
	CHECK_EQ(cfs_content_hash_bytes(
			 CFS_CONTENT_SHA256,
			 (struct cfs_bytes){ data, sizeof(data) }, want, &err),
		 0);
	CHECK_EQ(cfs_content_hash_final(a, have, &err), 0);
	CHECK_MEM(have, want, 32);
	CHECK_EQ(cfs_content_hash_final(b, have, &err), 0);
	CHECK_MEM(have, want, 32);
}

TEST(failures_of_the_source_are_passed_on)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	int bad = -1;
	struct cfs_source from = cfs_source_of_fd(&bad), source;
	char data[8];

	CHECK_EQ(cfs_content_hash_new(CFS_CONTENT_SHA256, &hash, &err), 0);
	source = cfs_content_hash_source(hash, &from);
	CHECK_EQ(cfs_source_read(&source, data, 1, &err), -EBADF);
	cfs_content_hash_free(NULL);
}
