/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "compress/decompress.h"

#include "tests/test.h"

static struct cfs_err err;

/* "hello\n", by gzip 1.12, zstd 1.5.4 (twice, the second time behind a
 * skippable frame), xz 5.4.1 and bzip2 1.0.8. */
static const struct {
	const char *kind;
	size_t n;
	const char *bytes;
} cases[] = {
	{ "gzip", 26,
	  "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\xe7"
	  "\x02\x00\x20\x30\x3a\x36\x06\x00\x00\x00" },
	{ "zstd", 19,
	  "\x28\xb5\x2f\xfd\x04\x58\x31\x00\x00\x68\x65\x6c\x6c\x6f\x0a\x53"
	  "\x88\xbd\x91" },
	{ "zstd", 31,
	  "\x5f\x2a\x4d\x18\x04\x00\x00\x00tail"
	  "\x28\xb5\x2f\xfd\x04\x58\x31\x00\x00\x68\x65\x6c\x6c\x6f\x0a\x53"
	  "\x88\xbd\x91" },
	{ "xz", 64,
	  "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01"
	  "\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x05\x68\x65\x6c\x6c\x6f"
	  "\x0a\x00\x00\x00\xa5\x60\x97\xf1\x94\xf6\xfd\xe0\x00\x01\x1e\x06"
	  "\xc1\x2f\xa4\x1d\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a" },
	{ "none", 6, "hello\n" },
};

static ssize_t read_as(struct cfs_bytes bytes, const char *kind, char *out,
		       size_t size)
{
	CFS_AUTO(cfs_decompress_free) struct cfs_decompress *d = NULL;
	struct cfs_source from = cfs_source_of_bytes(&bytes), source;

	CHECK_EQ(cfs_decompress_new(&from, &d, &err), 0);
	CHECK_STR(cfs_decompress_kind(d), kind);
	source = cfs_decompress_source(d);
	return cfs_source_full(&source, out, size, &err);
}

TEST(a_compression_is_known_by_its_first_bytes)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		struct cfs_bytes bytes = { (const uint8_t *)cases[i].bytes,
					   cases[i].n };
		char out[16];

		CHECK_EQ(read_as(bytes, cases[i].kind, out, sizeof(out)), 6);
		CHECK_MEM(out, "hello\n", 6);
	}
}

TEST(few_bytes_or_none_are_as_they_are)
{
	/* In two pieces, for the escape would take the digit. */
	static const char *const texts[] = { "", "\x1f", "BZ",
					     ("\xfd"
					      "7zX") };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(texts); i++) {
		struct cfs_bytes bytes = { (const uint8_t *)texts[i],
					   strlen(texts[i]) };
		char out[16];

		CHECK_EQ(read_as(bytes, "none", out, sizeof(out)),
			 (ssize_t)strlen(texts[i]));
	}
}

TEST(damage_is_found_in_whatever_it_is)
{
	for (size_t i = 0; i + 1 < CFS_ARRAY_SIZE(cases); i++) {
		struct cfs_bytes bytes = { (const uint8_t *)cases[i].bytes,
					   cases[i].n - 1 };
		char out[16];

		CHECK_EQ(read_as(bytes, cases[i].kind, out, sizeof(out)),
			 -EBADMSG);
	}
}
