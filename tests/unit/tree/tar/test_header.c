/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/header.h"

#include <sys/sysmacros.h>

#include "tests/tarball.h"
#include "tests/test.h"

static struct cfs_err err;

static int parse(const struct tar_spec *spec, struct cfs_tar_header *ret)
{
	static struct cfs_buf block; /* what *ret borrows from */

	block.len = 0;
	tar_header(&block, spec);
	CHECK(!block.failed);
	return cfs_tar_header_parse(block.data, ret, &err);
}

static int parse_stat(const struct tar_spec *spec, struct cfs_tar_stat *ret)
{
	CFS_AUTOBUF struct cfs_buf block = { 0 };

	tar_header(&block, spec);
	CHECK(!block.failed);
	return cfs_tar_header_stat(block.data, ret, &err);
}

static struct cfs_tar_header parsed(const struct tar_spec *spec)
{
	struct cfs_tar_header h;

	CHECK_EQ(parse(spec, &h), 0);
	return h;
}

static bool is(struct cfs_bytes bytes, const char *text)
{
	return bytes.len == strlen(text) &&
	       memcmp(bytes.data, text, bytes.len) == 0;
}

/* What cfs_tar_number() makes of @len bytes. */
static bool number(const void *field, size_t len, int64_t *ret)
{
	return cfs_tar_number((struct cfs_bytes){ field, len }, ret);
}

static int64_t value(const void *field, size_t len)
{
	int64_t v;

	CHECK(number(field, len, &v));
	return v;
}

TEST(every_field_is_read)
{
	const struct tar_spec spec = {
		.name = "usr/bin/sh",
		.link = "dash",
		.prefix = "chroot",
		.type = '2',
		.mode = 0120755,
		.uid = 12,
		.gid = 34,
		.size = 56,
		.mtime = 78,
	};
	struct cfs_tar_header h = parsed(&spec);
	struct cfs_tar_stat st;

	CHECK_EQ(parse_stat(&spec, &st), 0);
	CHECK(is(h.name, "usr/bin/sh") && is(h.link, "dash"));
	CHECK(is(h.prefix, "chroot"));
	CHECK_EQ(h.magic, CFS_TAR_USTAR);
	CHECK_EQ(h.type, '2');
	CHECK_EQ(h.size, 56);
	CHECK_EQ(st.mode, 0755);
	CHECK_EQ(st.uid, 12);
	CHECK_EQ(st.gid, 34);
	CHECK_EQ(st.mtime, 78);
}

TEST(a_name_may_fill_its_field)
{
	char name[101];
	struct cfs_tar_header h;

	memset(name, 'n', 100);
	name[100] = '\0';
	h = parsed(&(struct tar_spec){ .name = name, .link = name });
	CHECK(is(h.name, name) && is(h.link, name));
}

TEST(only_posix_headers_have_a_prefix)
{
	struct cfs_tar_header h;

	h = parsed(&(struct tar_spec){ .prefix = "p", .magic = "ustar  \0" });
	CHECK_EQ(h.magic, CFS_TAR_GNU);
	CHECK_EQ(h.prefix.len, 0);
	h = parsed(&(struct tar_spec){ .prefix = "p",
				       .magic = "\0\0\0\0\0\0\0\0" });
	CHECK_EQ(h.magic, CFS_TAR_V7);
	CHECK_EQ(h.prefix.len, 0);
	h = parsed(&(struct tar_spec){ .prefix = "p", .magic = "ustar0\0\0" });
	CHECK_EQ(h.magic, CFS_TAR_V7);
	CHECK_EQ(h.prefix.len, 0);
	/* Whatever the version is. */
	h = parsed(&(struct tar_spec){ .prefix = "p", .magic = "ustar\0\0\0" });
	CHECK_EQ(h.magic, CFS_TAR_USTAR);
	CHECK(is(h.prefix, "p"));
}

TEST(octal_numbers_may_have_blanks_around_them_and_anything_after_a_nul)
{
	CHECK_EQ(value("0000644\0", 8), 0644);
	CHECK_EQ(value("  644 \0", 8), 0644);
	CHECK_EQ(value("\t\n\v\f\r7 ", 7), 7);
	CHECK_EQ(value("12345670", 8), 012345670);
	CHECK_EQ(value("777777777777", 12), 0777777777777);
	CHECK_EQ(value("12\0xyz\x80", 7), 012);
	CHECK_EQ(value("\0\0\0\0", 4), 0);
	CHECK_EQ(value("    ", 4), 0);
	CHECK_EQ(value("", 0), 0);
}

TEST(what_is_no_octal_number_is_refused)
{
	static const char *const bad[] = { "8",	   "1 2", "-1",	 "+1",	  "0x1",
					   "1.0",  "a",	  "12a", "1\x80", "1_",
					   "\x7f", "/",	  ":" };
	int64_t v;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK(!number(bad[i], strlen(bad[i]), &v));
}

/* One digit after the other. */
static bool slowly(const char *f, size_t len, int64_t *ret)
{
	size_t i = 0;

	*ret = 0;
	while (i < len && f[i] == ' ')
		i++;
	for (; i < len && f[i] >= '0' && f[i] <= '7'; i++)
		*ret = *ret * 8 + (f[i] - '0');
	while (i < len && f[i] == ' ')
		i++;
	return i == len || f[i] == '\0';
}

TEST(numbers_of_every_shape_are_read_alike)
{
	static const char bytes[] = "0123456701234567012345670123456 \0"
				    "8/";
	uint32_t random = 1;

	for (unsigned n = 0; n < 2000000; n++) {
		size_t len = n % 2 ? 8 : 12;
		int64_t want, got = 0;
		char f[12];
		bool ok;

		for (size_t i = 0; i < len; i++) {
			random = random * 1664525 + 1013904223;
			f[i] = bytes[(random >> 16) % (sizeof(bytes) - 1)];
		}
		ok = slowly(f, len, &want);
		CHECK_EQ(number(f, len, &got), ok);
		CHECK((!ok || got == want));
	}
}

TEST(binary_numbers_are_signed)
{
	CHECK_EQ(value("\x80\0\0\0\0\0\1\0", 8), 256);
	CHECK_EQ(value("\x80\0\0\0\0\0\0\0\0\0\0\1", 12), 1);
	CHECK_EQ(value("\xff\xff\xff\xff\xff\xff\xff\xff", 8), -1);
	CHECK_EQ(value("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 12),
		 -2);
	CHECK_EQ(value("\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", 12),
		 INT64_MAX);
	CHECK_EQ(value("\xff\xff\xff\xff\x80\0\0\0\0\0\0\0", 12), INT64_MIN);
	CHECK_EQ(value("\xbf\xff\xff\xff\xff\xff\xff\xff", 8), INT64_MAX >> 1);
	CHECK_EQ(value("\xc0\0\0\0\0\0\0\0", 8), INT64_MIN >> 1);
	CHECK_EQ(value("\x80", 1), 0);
}

TEST(binary_numbers_of_over_64_bits_are_refused)
{
	int64_t v;

	CHECK(!number("\x80\0\0\0\x80\0\0\0\0\0\0\0", 12, &v));
	CHECK(!number("\x80\0\0\1\0\0\0\0\0\0\0\0", 12, &v));
	CHECK(!number("\x81\0\0\0\0\0\0\0\0\0\0\0", 12, &v));
	CHECK(!number("\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff", 12,
		      &v));
	CHECK(!number("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12,
		      &v));
}

TEST(a_field_that_is_no_number_is_named)
{
	static const struct {
		size_t at;
		const char *what;
	} fields[] = {
		{ 100, "mode" },
		{ 108, "uid" },
		{ 116, "gid" },
		{ 136, "mtime" },
	};
	struct tar_spec spec = { .patch = "9", .patch_len = 1 };
	struct cfs_tar_header h;
	struct cfs_tar_stat st;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(fields); i++) {
		spec.patch_at = fields[i].at;
		CHECK_EQ(parse_stat(&spec, &st), -EINVAL);
		CHECK(strstr(err.msg, fields[i].what));
		/* Extension headers may have what they like there. */
		CHECK_EQ(parse(&spec, &h), 0);
	}
	spec.patch_at = 124;
	CHECK_EQ(parse(&spec, &h), -EINVAL);
	CHECK(strstr(err.msg, "size"));
}

TEST(the_checksum_must_fit)
{
	uint8_t block[512];
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_tar_header h;

	tar_header(&buf, &(struct tar_spec){ .name = "x" });
	for (size_t i = 0; i < sizeof(block); i++) {
		memcpy(block, buf.data, sizeof(block));
		block[i] ^= 2;
		/* Behind the NUL of the checksum field nothing is looked at. */
		if (i == 155)
			continue;
		CHECK_EQ(cfs_tar_header_parse(block, &h, &err), -EINVAL);
	}
	memset(block, 0, sizeof(block));
	CHECK_EQ(cfs_tar_header_parse(block, &h, &err), -EINVAL);
	CHECK(strstr(err.msg, "checksum"));
}

TEST(a_checksum_of_signed_bytes_is_one_too)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_tar_header h;
	int sum = 0;

	tar_header(&buf, &(struct tar_spec){ .name = "caf\xc3\xa9" });
	/* Behind the digits, where it counts as a space. */
	memcpy(buf.data + 148, "      \0\xff", 8);
	for (size_t i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : (int8_t)buf.data[i];
	snprintf((char *)buf.data + 148, 7, "%06o", (unsigned)sum);
	CHECK_EQ(cfs_tar_header_parse(buf.data, &h, &err), 0);
	CHECK(is(h.name, "caf\xc3\xa9"));
}

TEST(checksums_of_large_bytes_do_not_overflow)
{
	struct cfs_tar_header h;
	char high[101];

	memset(high, 0xff, 100);
	high[100] = '\0';
	h = parsed(&(struct tar_spec){
		.name = high, .link = high, .prefix = high });
	CHECK(is(h.name, high) && is(h.prefix, high));
}

TEST(device_numbers_are_octal_and_those_of_linux)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	uint32_t dev;

	tar_header(&buf, &(struct tar_spec){ .type = '3',
					     .major = 4095,
					     .minor = 1048575 });
	CHECK_EQ(cfs_tar_header_rdev(buf.data, &dev, &err), 0);
	CHECK_EQ(dev, makedev(4095, 1048575));
	CHECK_EQ(dev, UINT32_MAX);
	buf.len = 0;
	tar_header(&buf, &(struct tar_spec){ .type = '4',
					     .magic = "ustar  \0",
					     .major = 8,
					     .minor = 1 });
	CHECK_EQ(cfs_tar_header_rdev(buf.data, &dev, &err), 0);
	CHECK_EQ(dev, makedev(8, 1));
}

TEST(device_numbers_that_cannot_be_are_refused)
{
	static const struct tar_spec bad[] = {
		{ .type = '3', .major = 4096 },
		{ .type = '3', .minor = 1048576 },
		{ .type = '3', .magic = "\0\0\0\0\0\0\0\0" },
		{ .type = '3',
		  .patch = "\x80",
		  .patch_at = 329,
		  .patch_len = 1 },
		{ .type = '3', .patch = "x", .patch_at = 337, .patch_len = 1 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CFS_AUTOBUF struct cfs_buf buf = { 0 };
		uint32_t dev;

		tar_header(&buf, &bad[i]);
		CHECK_EQ(cfs_tar_header_rdev(buf.data, &dev, &err), -EINVAL);
	}
}

TEST(a_zero_block_has_nothing_but_zeros)
{
	uint8_t block[512] = { 0 };

	CHECK(cfs_tar_block_is_zero(block));
	for (size_t i = 0; i < sizeof(block); i++) {
		block[i] = 1;
		CHECK(!cfs_tar_block_is_zero(block));
		block[i] = 0;
	}
}
