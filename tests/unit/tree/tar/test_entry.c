/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/entry.h"

#include <sys/sysmacros.h>

#include "tests/tarball.h"
#include "tests/test.h"

static struct cfs_err err;
static struct cfs_tar_pending pending;
static struct cfs_buf tar;

static void begin(void)
{
	tar.len = 0;
	cfs_tar_pending_reset(&pending);
}

/* Reads the headers in @tar, the last of which is the entry's. */
static int make(struct cfs_tar_entry *ret)
{
	const uint8_t *p = tar.data;

	for (;;) {
		struct cfs_tar_header header;
		struct cfs_buf *data;
		int r;

		CHECK_EQ(cfs_tar_header_parse(p, &header, &err), 0);
		r = cfs_tar_pending_take(&pending, &header, &data, &err);
		if (r < 0)
			return r;
		if (r == 0)
			return cfs_tar_entry_make(&pending, &header, p, 512,
						  ret, &err);
		cfs_buf_add(data, p + 512, (size_t)header.size);
		p += 512 + ((header.size + 511) & ~511);
	}
}

static struct cfs_tar_entry made(void)
{
	struct cfs_tar_entry e;

	CHECK_EQ(make(&e), 0);
	return e;
}

/* The entry of one header. */
static struct cfs_tar_entry of(const struct tar_spec *spec)
{
	begin();
	tar_header(&tar, spec);
	return made();
}

static bool is(struct cfs_bytes b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.data, text, b.len) == 0;
}

static bool before(const struct cfs_tar_xattr *a, const struct cfs_tar_xattr *b)
{
	size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
	int r = memcmp(a->name.data, b->name.data, len);

	return r < 0 || (r == 0 && a->name.len < b->name.len);
}

static void file(void)
{
	tar_file(&tar, "name", "");
}

TEST(types_become_modes)
{
	static const struct {
		char type;
		uint32_t mode;
	} types[] = {
		{ '0', S_IFREG }, { '7', S_IFREG }, { 'N', S_IFREG },
		{ '2', S_IFLNK }, { '3', S_IFCHR }, { '4', S_IFBLK },
		{ '5', S_IFDIR }, { '6', S_IFIFO }, { '1', 0 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(types); i++) {
		struct cfs_tar_entry e = of(&(struct tar_spec){
			.name = "n",
			.link = "l",
			.type = types[i].type,
			.mode = 0100753,
			.major = 8,
			.minor = 3,
		});

		CHECK_EQ(e.mode, (types[i].mode | 0753));
		CHECK_EQ(e.is_hardlink, (types[i].type == '1'));
		CHECK_EQ(e.rdev, (types[i].type == '3' || types[i].type == '4'
					  ? makedev(8, 3)
					  : 0));
		CHECK_EQ((e.link.len > 0),
			 (types[i].type == '1' || types[i].type == '2'));
	}
}

TEST(before_posix_a_slash_makes_a_directory)
{
	struct cfs_tar_entry e =
		of(&(struct tar_spec){ .name = "d/", .type = 'N' });

	CHECK(S_ISDIR(e.mode) && is(e.path, "d"));
	e = of(&(struct tar_spec){ .name = "d/", .type = '0' });
	CHECK(S_ISREG(e.mode) && is(e.path, "d"));
	begin();
	tar_extension(&tar, 'L', "long/", 6);
	tar_header(&tar, &(struct tar_spec){ .name = "d", .type = 'N' });
	e = made();
	CHECK(S_ISDIR(e.mode) && is(e.path, "long"));
}

TEST(types_that_are_not_known_are_refused)
{
	for (int c = 1; c < 256; c++) {
		struct cfs_tar_entry e;

		if (strchr("0123456789xLKSN", c) && c != '8' && c != '9')
			continue;
		begin();
		tar_header(&tar, &(struct tar_spec){ .name = "n",
						     .link = "l",
						     .type = (char)c });
		CHECK_EQ(make(&e), -ENOTSUP);
		CHECK(is(e.path, "n") && strstr(err.msg, "type"));
	}
}

TEST(extension_headers_are_those_of_two_magics)
{
	static const char types[] = "xLKS";

	for (size_t i = 0; i < 4; i++) {
		struct cfs_tar_entry e;

		begin();
		tar_header(&tar,
			   &(struct tar_spec){ .name = "n",
					       .type = types[i],
					       .magic = "\0\0\0\0\0\0\0\0" });
		CHECK_EQ(make(&e), -ENOTSUP);
	}
}

TEST(a_prefix_goes_before_the_name)
{
	struct cfs_tar_entry e =
		of(&(struct tar_spec){ .prefix = "a/b", .name = "c" });

	CHECK(is(e.path, "a/b/c"));
	e = of(&(struct tar_spec){ .prefix = "a/b/", .name = "/c" });
	CHECK(is(e.path, "a/b/c"));
}

TEST(names_come_from_where_most_can_be_said)
{
	struct cfs_tar_entry e;

	begin();
	tar_extension(&tar, 'L', "from-L", 7);
	file();
	e = made();
	CHECK(is(e.path, "from-L"));
	begin();
	tar_pax(&tar, "path", "from-pax");
	tar_extension(&tar, 'L', "from-L", 7);
	file();
	e = made();
	CHECK(is(e.path, "from-pax"));
	begin();
	tar_extension(&tar, 'K', "from-K", 7);
	tar_link(&tar, '2', "n", "header");
	e = made();
	CHECK(is(e.link, "from-K"));
	begin();
	tar_extension(&tar, 'K', "from-K", 7);
	tar_pax(&tar, "linkpath", "from-pax");
	tar_link(&tar, '2', "n", "header");
	e = made();
	CHECK(is(e.link, "from-pax") && is(e.path, "n"));
}

TEST(nuls_at_the_end_of_a_long_name_do_not_count)
{
	struct cfs_tar_entry e;

	begin();
	tar_extension(&tar, 'L', "name", 4);
	file();
	e = made();
	CHECK(is(e.path, "name"));
	begin();
	tar_extension(&tar, 'L', "name\0\0\0", 7);
	file();
	e = made();
	CHECK(is(e.path, "name"));
	begin();
	tar_extension(&tar, 'L', "na\0me", 6);
	file();
	CHECK_EQ(make(&e), -EINVAL);
	CHECK(strstr(err.msg, "NUL"));
}

TEST(every_record_that_counts_is_taken)
{
	CFS_AUTOBUF struct cfs_buf rec = { 0 };
	struct cfs_tar_entry e;

	tar_record(&rec, "path", "p", 1);
	tar_record(&rec, "size", "70", 2);
	tar_record(&rec, "uid", "3000000", 7);
	tar_record(&rec, "gid", "4294967295", 10);
	tar_record(&rec, "mtime", "12.5", 4);
	tar_record(&rec, "atime", "not looked at", 13);
	tar_record(&rec, "LIBARCHIVE.xattr.user.x", "eA", 2);
	tar_record(&rec, "SCHILY.acl.access", "user::rwx", 9);
	tar_record(&rec, "comment", "\0", 1);
	begin();
	tar_extension(&tar, 'x', rec.data, rec.len);
	file();
	e = made();
	CHECK(is(e.path, "p"));
	CHECK_EQ(e.size, 70);
	CHECK(e.is_external);
	CHECK_EQ(e.uid, 3000000);
	CHECK_EQ(e.gid, UINT32_MAX);
	CHECK_EQ(e.mtime_sec, 12);
	CHECK_EQ(e.mtime_nsec, 500000000);
	CHECK_EQ(e.n_xattrs, 0);
	CHECK(!e.sparse);
	CHECK_EQ(e.offset, 512);
}

TEST(of_a_record_that_is_repeated_the_last_counts)
{
	CFS_AUTOBUF struct cfs_buf rec = { 0 };
	struct cfs_tar_entry e;

	tar_record(&rec, "path", "first", 5);
	tar_record(&rec, "mtime", "1.25", 4);
	tar_record(&rec, "SCHILY.xattr.user.a", "1", 1);
	tar_record(&rec, "SCHILY.xattr.user.b", "2", 1);
	tar_record(&rec, "path", "last", 4);
	tar_record(&rec, "mtime", "2", 1);
	tar_record(&rec, "SCHILY.xattr.user.a", "3", 1);
	begin();
	tar_extension(&tar, 'x', rec.data, rec.len);
	file();
	e = made();
	CHECK(is(e.path, "last"));
	CHECK_EQ(e.mtime_sec, 2);
	CHECK_EQ(e.mtime_nsec, 0);
	CHECK_EQ(e.n_xattrs, 2);
	CHECK(is(e.xattrs[0].name, "user.a") && is(e.xattrs[0].value, "3"));
	CHECK(is(e.xattrs[1].name, "user.b") && is(e.xattrs[1].value, "2"));
}

TEST(xattrs_are_in_order_however_many_there_are)
{
	for (unsigned n = 1; n < 300; n += 37) {
		CFS_AUTOBUF struct cfs_buf rec = { 0 };
		struct cfs_tar_entry e;

		for (unsigned i = 0; i < 2 * n; i++) {
			char key[64], value[16];

			snprintf(key, sizeof(key), "SCHILY.xattr.user.%u",
				 i * 7919 % n);
			snprintf(value, sizeof(value), "%u", i / n);
			tar_record(&rec, key, value, strlen(value));
		}
		begin();
		tar_extension(&tar, 'x', rec.data, rec.len);
		file();
		e = made();
		CHECK_EQ(e.n_xattrs, n);
		for (unsigned i = 0; i < n; i++) {
			CHECK(is(e.xattrs[i].value, "1"));
			CHECK(i == 0 || before(&e.xattrs[i - 1], &e.xattrs[i]));
		}
	}
}

TEST(an_xattr_may_be_empty_and_binary)
{
	CFS_AUTOBUF struct cfs_buf rec = { 0 };
	struct cfs_tar_entry e;

	tar_record(&rec, "SCHILY.xattr.user.bin", "a=b\n\0c", 6);
	tar_record(&rec, "SCHILY.xattr.user.none", "", 0);
	begin();
	tar_extension(&tar, 'x', rec.data, rec.len);
	file();
	e = made();
	CHECK_EQ(e.n_xattrs, 2);
	CHECK_EQ(e.xattrs[0].value.len, 6);
	CHECK_MEM(e.xattrs[0].value.data, "a=b\n\0c", 6);
	CHECK_EQ(e.xattrs[1].value.len, 0);
}

/* One record of @key and @len bytes of value, before a file. */
static int with_record(const char *key, const char *value, size_t len)
{
	CFS_AUTOBUF struct cfs_buf rec = { 0 };
	struct cfs_tar_entry e;

	tar_record(&rec, key, value, len);
	begin();
	tar_extension(&tar, 'x', rec.data, rec.len);
	file();
	return make(&e);
}

TEST(records_that_make_no_sense_are_refused_by_name)
{
	static const struct {
		const char *key, *value;
		int code;
	} bad[] = {
		{ "size", "", -EINVAL },
		{ "size", "-1", -EINVAL },
		{ "size", "9223372036854775808", -ERANGE },
		{ "uid", "", -EINVAL },
		{ "gid", "x", -EINVAL },
		{ "mtime", "", -EINVAL },
		{ "mtime", "1e9", -EINVAL },
		{ "SCHILY.xattr.", "v", -EINVAL },
		{ "GNU.sparse.size", "x", -EINVAL },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CHECK_EQ(with_record(bad[i].key, bad[i].value,
				     strlen(bad[i].value)),
			 bad[i].code);
		CHECK(strstr(err.msg, bad[i].key));
	}
}

TEST(an_empty_path_is_refused)
{
	struct cfs_tar_entry e;

	CHECK_EQ(with_record("path", "", 0), -EINVAL);
	begin();
	tar_header(&tar, &(struct tar_spec){ 0 });
	CHECK_EQ(make(&e), -EINVAL);
	CHECK(strstr(err.msg, "empty"));
}

TEST(a_link_needs_a_target)
{
	static const char types[] = "12";

	for (size_t i = 0; i < 2; i++) {
		struct cfs_tar_entry e;

		begin();
		tar_link(&tar, types[i], "l", "");
		CHECK_EQ(make(&e), -EINVAL);
		CHECK(strstr(err.msg, "link target"));
		begin();
		tar_pax(&tar, "linkpath", "");
		tar_link(&tar, types[i], "l", "t");
		CHECK_EQ(make(&e), -EINVAL);
		CHECK(strstr(err.msg, "link target"));
	}
}

TEST(long_names_of_no_bytes_are_empty)
{
	struct cfs_tar_entry e;

	cfs_tar_pending_free(&pending);
	pending = (struct cfs_tar_pending){ 0 };
	begin();
	tar_extension(&tar, 'K', "", 0);
	tar_link(&tar, '1', "l", "t");
	CHECK_EQ(make(&e), -EINVAL);
	CHECK(strstr(err.msg, "empty"));
	begin();
	tar_extension(&tar, 'L', "", 0);
	file();
	CHECK_EQ(make(&e), -EINVAL);
	CHECK(strstr(err.msg, "empty"));
}

TEST(targets_of_hard_links_are_paths_and_those_of_symlinks_are_not)
{
	struct cfs_tar_entry e;

	begin();
	tar_link(&tar, '1', "l", "./usr//bin/");
	e = made();
	CHECK(is(e.link, "usr/bin"));
	begin();
	tar_link(&tar, '2', "l", ".././usr//bin/");
	e = made();
	CHECK(is(e.link, ".././usr//bin/"));
	begin();
	tar_link(&tar, '1', "l", "../etc/shadow");
	CHECK_EQ(make(&e), -EINVAL);
	CHECK(strstr(err.msg, "link target"));
}

TEST(owners_have_32_bits)
{
	static const struct tar_spec bad[] = {
		{ .name = "n",
		  .patch_at = 108,
		  .patch = "\x80\0\0\1\0\0\0\0",
		  .patch_len = 8 },
		{ .name = "n",
		  .patch_at = 116,
		  .patch = "\xff\xff\xff\xff\xff\xff\xff\xff",
		  .patch_len = 8 },
	};
	struct cfs_tar_entry e;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		begin();
		tar_header(&tar, &bad[i]);
		CHECK_EQ(make(&e), -ERANGE);
		CHECK(strstr(err.msg, "id"));
		/* A record that says better overrides it. */
		begin();
		tar_pax(&tar, i == 0 ? "uid" : "gid", "5");
		tar_header(&tar, &bad[i]);
		e = made();
		CHECK_EQ((i == 0 ? e.uid : e.gid), 5);
	}
}

TEST(sizes_and_times_in_binary_are_taken)
{
	struct cfs_tar_entry e;

	e = of(&(struct tar_spec){ .name = "n",
				   .patch_at = 136,
				   .patch = "\xff\xff\xff\xff\xff\xff"
					    "\xff\xff\xff\xff\xff\xfe",
				   .patch_len = 12 });
	CHECK_EQ(e.mtime_sec, -2);
	CHECK_EQ(e.mtime_nsec, 0);
	begin();
	tar_header(&tar,
		   &(struct tar_spec){ .name = "n",
				       .patch_at = 124,
				       .patch = "\xff\xff\xff\xff\xff\xff"
						"\xff\xff\xff\xff\xff\xfe",
				       .patch_len = 12 });
	CHECK_EQ(make(&e), -EINVAL);
	CHECK(strstr(err.msg, "negative"));
}

TEST(only_long_regular_files_are_external)
{
	CHECK(!of(&(struct tar_spec){ .name = "n", .size = 64 }).is_external);
	CHECK(of(&(struct tar_spec){ .name = "n", .size = 65 }).is_external);
	CHECK(!of(&(struct tar_spec){ .name = "n", .type = '5', .size = 65 })
		       .is_external);
	CHECK(!of(&(struct tar_spec){
			  .name = "n", .link = "l", .type = '1', .size = 65 })
		       .is_external);
	CHECK(!of(&(struct tar_spec){ .name = "n/", .type = 'N', .size = 65 })
		       .is_external);
}

TEST(a_second_extension_header_of_a_type_is_refused)
{
	static const char types[] = "xLK";

	for (size_t i = 0; i < 3; i++) {
		struct cfs_tar_entry e;

		begin();
		tar_extension(&tar, types[i], "5 a=\n", 5);
		tar_extension(&tar, types[i], "5 a=\n", 5);
		CHECK_EQ(make(&e), -EINVAL);
		CHECK(strstr(err.msg, "second"));
	}
}

TEST(extension_headers_have_a_limit_together)
{
	struct cfs_tar_header x = {
		.type = 'x',
		.magic = CFS_TAR_USTAR,
		.size = CFS_TAR_EXTENSION_MAX - 1,
	};
	struct cfs_tar_header k = { .type = 'K', .magic = CFS_TAR_GNU };
	struct cfs_buf *data;

	begin();
	CHECK(!cfs_tar_pending_any(&pending));
	CHECK_EQ(cfs_tar_pending_take(&pending, &x, &data, &err), 1);
	CHECK(cfs_tar_pending_any(&pending));
	cfs_buf_addz(data, (size_t)x.size);
	k.size = 2;
	CHECK_EQ(cfs_tar_pending_take(&pending, &k, &data, &err), -E2BIG);
	cfs_tar_pending_reset(&pending);
	x.size = CFS_TAR_EXTENSION_MAX + 1;
	CHECK_EQ(cfs_tar_pending_take(&pending, &x, &data, &err), -E2BIG);
	cfs_tar_pending_reset(&pending);
	x.size = -1;
	CHECK_EQ(cfs_tar_pending_take(&pending, &x, &data, &err), -EINVAL);
}

TEST(xattrs_have_limits)
{
	static char big[CFS_XATTR_VALUE_MAX + 1];
	char key[300] = "SCHILY.xattr.";
	CFS_AUTOBUF struct cfs_buf rec = { 0 };
	struct cfs_tar_entry e;

	CHECK_EQ(with_record("SCHILY.xattr.user.x", big, sizeof(big)), -ERANGE);
	CHECK_EQ(with_record("SCHILY.xattr.user.x", big, sizeof(big) - 1), 0);
	memset(key + 13, 'k', 255);
	CHECK_EQ(with_record(key, "", 0), 0);
	key[13 + 255] = 'k';
	CHECK_EQ(with_record(key, "", 0), -ERANGE);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(key, sizeof(key), "SCHILY.xattr.user.%u", i);
		tar_record(&rec, key, big, 60000);
	}
	begin();
	tar_extension(&tar, 'x', rec.data, rec.len);
	file();
	CHECK_EQ(make(&e), -E2BIG);
	CHECK(strstr(err.msg, "bytes of xattrs"));
}

TEST(sparse_files_are_told_by_records_or_by_type)
{
	CFS_AUTOBUF struct cfs_buf rec = { 0 };
	struct cfs_tar_entry e;

	tar_record(&rec, "GNU.sparse.map", "0,1", 3);
	tar_record(&rec, "GNU.sparse.size", "9", 1);
	tar_record(&rec, "GNU.sparse.name", "real", 4);
	tar_record(&rec, "path", "GNUSparseFile.1/real", 20);
	begin();
	tar_extension(&tar, 'x', rec.data, rec.len);
	tar_file(&tar, "n", "x");
	e = made();
	CHECK(e.sparse);
	CHECK_EQ(e.sparse->size, 9);
	CHECK(is(e.path, "real"));
	CHECK_EQ(e.size, 1);
	CHECK(!e.is_external);
	begin();
	tar_extension(&tar, 'x', rec.data, rec.len);
	tar_dir(&tar, "n", 0755);
	CHECK_EQ(make(&e), -EINVAL);
	CHECK(strstr(err.msg, "regular"));
	begin();
	tar_header(&tar, &(struct tar_spec){ .name = "n",
					     .type = 'S',
					     .magic = "ustar  \0",
					     .patch_at = 482,
					     .patch = "\1",
					     .patch_len = 1 });
	CHECK_EQ(make(&e), 1);
	CHECK(S_ISREG(e.mode));
}

TEST(an_entry_is_named_in_messages)
{
	struct cfs_tar_entry e = of(&(struct tar_spec){ .name = "usr/x" });

	CHECK_EQ(cfs_fail(&err, EIO, "cause"), -EIO);
	CHECK_EQ(cfs_tar_entry_ctx(&e, &err), -EIO);
	CHECK_STR(err.msg, "entry 'usr/x' at offset 512: cause");
}
