/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/archive.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "base/io.h"
#include "tests/tarball.h"
#include "tests/test.h"

static struct cfs_err err;

/* Indexes @text as a file. */
static int load(const struct cfs_buf *text, struct cfs_archive **ret)
{
	CFS_AUTOFD int fd = memfd_create("archive", MFD_CLOEXEC);

	CHECK(fd >= 0 && !text->failed);
	CHECK(text->len == 0 || cfs_write_full(fd, text->data, text->len) == 0);
	return cfs_archive_read(fd, text->len, ret, &err);
}

static bool has(const struct cfs_archive *a, const struct cfs_buf *text,
		const char *name, const char *content)
{
	const struct cfs_archive_member *m = cfs_archive_find(a, name);

	return m && m->is_regular && m->size == strlen(content) &&
	       m->at + m->size <= text->len &&
	       memcmp(text->data + m->at, content, m->size) == 0;
}

static int refused(const struct cfs_buf *text, const char *words)
{
	struct cfs_archive *a = NULL;
	int r = load(text, &a);

	CHECK(r < 0 && !a);
	if (!strstr(err.msg, words))
		printf("# %s\n", err.msg);
	CHECK(strstr(err.msg, words));
	return r;
}

TEST(the_files_of_a_layout_are_found)
{
	CFS_AUTO(cfs_archive_free) struct cfs_archive *a = NULL;
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	const struct cfs_archive_member *v;

	tar_dir(&tar, "./", 0755);
	tar_file(&tar, "./oci-layout", "marker");
	tar_dir(&tar, "./blobs/", 0755);
	tar_file(&tar, "./blobs/sha256/b", "bee");
	tar_file(&tar, "manifest.json", "not of the layout");
	tar_file(&tar, "blobs//sha256/a", "");
	tar_file(&tar, "index.json", "{}");
	tar_end(&tar);
	cfs_buf_adds(&tar, "whatever follows");
	CHECK_EQ(load(&tar, &a), 0);
	CHECK(has(a, &tar, "oci-layout", "marker"));
	CHECK(has(a, &tar, "index.json", "{}"));
	CHECK(has(a, &tar, "blobs/sha256/b", "bee"));
	CHECK(has(a, &tar, "blobs/sha256/a", ""));
	CHECK(!cfs_archive_find(a, "manifest.json"));
	CHECK(!cfs_archive_find(a, "blobs"));
	CHECK_EQ(cfs_archive_members(a, &v), 4);
	CHECK_STR(v[0].name, "blobs/sha256/a");
}

TEST(of_two_entries_with_one_name_the_last_counts)
{
	CFS_AUTO(cfs_archive_free) struct cfs_archive *a = NULL;
	CFS_AUTOBUF struct cfs_buf tar = { 0 };

	tar_file(&tar, "index.json", "first");
	tar_file(&tar, "oci-layout", "only");
	tar_file(&tar, "./index.json", "second");
	tar_link(&tar, '2', "blobs/sha256/x", "oci-layout");
	tar_file(&tar, "blobs/sha256/x", "file");
	tar_file(&tar, "blobs/sha256/y", "file");
	tar_link(&tar, '1', "blobs/sha256/y", "oci-layout");
	CHECK_EQ(load(&tar, &a), 0);
	CHECK(has(a, &tar, "index.json", "second"));
	CHECK(has(a, &tar, "blobs/sha256/x", "file"));
	CHECK(!cfs_archive_find(a, "blobs/sha256/y")->is_regular);
}

TEST(long_names_come_in_every_form)
{
	CFS_AUTO(cfs_archive_free) struct cfs_archive *a = NULL;
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char hex[129], name[200], dir[100];

	memset(hex, 'a', 128);
	hex[128] = '\0';
	snprintf(name, sizeof(name), "blobs/sha512/%s", hex);
	tar_pax(&tar, "path", name);
	tar_file(&tar, "short", "pax");
	hex[0] = 'b';
	snprintf(name, sizeof(name), "blobs/sha512/%s", hex);
	tar_extension(&tar, 'L', name, strlen(name) + 1);
	tar_file(&tar, "short", "gnu");
	snprintf(dir, sizeof(dir), "./blobs/sha512/%.60s", hex);
	tar_entry(&tar, (struct tar_spec){ .name = hex + 60, .prefix = dir },
		  "ustar", 5);
	CHECK_EQ(load(&tar, &a), 0);
	CHECK(has(a, &tar, name, "gnu"));
	name[13] = 'a';
	CHECK(has(a, &tar, name, "pax"));
	snprintf(name, sizeof(name), "%s/%s", dir + 2, hex + 60);
	CHECK(has(a, &tar, name, "ustar"));
}

TEST(a_size_may_stand_in_an_extension_header)
{
	CFS_AUTO(cfs_archive_free) struct cfs_archive *a = NULL;
	CFS_AUTOBUF struct cfs_buf tar = { 0 };

	tar_pax(&tar, "size", "5");
	tar_header(&tar, &(struct tar_spec){ .name = "index.json" });
	tar_data(&tar, "12345", 5);
	tar_file(&tar, "oci-layout", "next");
	CHECK_EQ(load(&tar, &a), 0);
	CHECK(has(a, &tar, "index.json", "12345"));
	CHECK(has(a, &tar, "oci-layout", "next"));
}

TEST(an_extension_header_may_be_empty)
{
	CFS_AUTO(cfs_archive_free) struct cfs_archive *a = NULL;
	CFS_AUTOBUF struct cfs_buf tar = { 0 };

	tar_extension(&tar, 'x', "", 0);
	tar_file(&tar, "index.json", "{}");
	CHECK_EQ(load(&tar, &a), 0);
	CHECK(has(a, &tar, "index.json", "{}"));
}

TEST(sparse_files_have_no_range)
{
	CFS_AUTO(cfs_archive_free) struct cfs_archive *a = NULL;
	CFS_AUTOBUF struct cfs_buf tar = { 0 }, pax = { 0 };

	tar_record(&pax, "GNU.sparse.size", "1000", 4);
	tar_record(&pax, "GNU.sparse.map", "0,4", 3);
	tar_extension(&tar, 'x', pax.data, pax.len);
	tar_file(&tar, "blobs/sha256/a", "data");
	tar_file(&tar, "index.json", "{}");
	CHECK_EQ(load(&tar, &a), 0);
	CHECK(!cfs_archive_find(a, "blobs/sha256/a")->is_regular);
	CHECK(has(a, &tar, "index.json", "{}"));
}

TEST(contents_are_not_read)
{
	CFS_AUTO(cfs_archive_free) struct cfs_archive *a = NULL;
	CFS_AUTOFD int fd = memfd_create("archive", MFD_CLOEXEC);
	CFS_AUTOBUF struct cfs_buf head = { 0 }, next = { 0 };
	const uint64_t size = UINT64_C(1) << 32;
	const struct cfs_archive_member *m;

	tar_header(&head, &(struct tar_spec){ .name = "blobs/sha256/a",
					      .size = size });
	tar_file(&next, "index.json", "{}");
	CHECK_EQ(cfs_write_full(fd, head.data, head.len), 0);
	CHECK(lseek(fd, (off_t)size, SEEK_CUR) > 0);
	CHECK_EQ(cfs_write_full(fd, next.data, next.len), 0);
	CHECK_EQ(cfs_archive_read(fd, size + head.len + next.len, &a, &err), 0);
	m = cfs_archive_find(a, "index.json");
	CHECK(m);
	CHECK_EQ(m->at, size + 1024);
	CHECK_EQ(m->size, 2);
	CHECK_EQ(cfs_archive_find(a, "blobs/sha256/a")->size, size);
}

TEST(an_archive_that_is_cut_short_is_refused)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	size_t whole;

	tar_file(&tar, "blobs/sha256/a", "content");
	whole = tar.len;
	for (size_t len = 1; len < whole; len += 100) {
		tar.len = len;
		CHECK_EQ(refused(&tar, "cut short"), -EINVAL);
	}
	tar.len = 0;
	tar_extension(&tar, 'L', "blobs/sha256/a", 15);
	CHECK_EQ(refused(&tar, "extension header that has no entry"), -EINVAL);
}

TEST(hostile_numbers_are_refused)
{
	static const uint8_t huge[12] = { 0x80, 0,    0,    0,	  0x7f, 0xff,
					  0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	static const uint8_t negative[12] = { 0xff, 0xff, 0xff, 0xff,
					      0xff, 0xff, 0xff, 0xff,
					      0xff, 0xff, 0xfe, 0x00 };
	const char types[] = { '0', '5', 'g', 'x' };

	for (size_t i = 0; i < sizeof(types); i++) {
		CFS_AUTOBUF struct cfs_buf a = { 0 }, b = { 0 };
		struct tar_spec spec = { .name = "index.json",
					 .type = types[i],
					 .patch_at = 124,
					 .patch_len = 12,
					 .patch = huge };

		tar_header(&a, &spec);
		spec.patch = negative;
		tar_header(&b, &spec);
		tar_end(&b);
		CHECK(refused(&a, types[i] == 'x' ? "bytes" : "cut short") < 0);
		CHECK_EQ(refused(&b, "size is negative"), -EINVAL);
	}
}

TEST(what_is_no_archive_is_refused)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	CHECK_EQ(refused(&text, "the archive is empty"), -EINVAL);
	for (int i = 0; i < 100; i++)
		cfs_buf_adds(&text, "plain text ");
	CHECK_EQ(refused(&text, "header at offset 0"), -EINVAL);
}

TEST(a_compressed_archive_is_refused_with_the_way_out)
{
	static const char *const heads[][2] = {
		{ "\x1f\x8b\x08 and so on", "(gzip)" },
		{ "\x28\xb5\x2f\xfd and so on", "(zstd)" },
		{ "\xfd"
		  "7zXZ and so on",
		  "(xz)" },
		{ "BZh9 and so on", "(bzip2)" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(heads); i++) {
		CFS_AUTOBUF struct cfs_buf text = { 0 };

		cfs_buf_adds(&text, heads[i][0]);
		CHECK_EQ(refused(&text, heads[i][1]), -EMEDIUMTYPE);
		CHECK(strstr(err.msg, "skopeo copy"));
	}
}

TEST(a_path_out_of_the_archive_is_refused)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };

	tar_file(&tar, "blobs/../../index.json", "{}");
	CHECK_EQ(refused(&tar, "at offset 0"), -EINVAL);
}

TEST(blobs_and_headers_have_limits)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	char name[64];

	for (unsigned i = 0; i <= CFS_ARCHIVE_MEMBERS_MAX; i++) {
		snprintf(name, sizeof(name), "blobs/sha256/%u", i);
		tar_header(&tar, &(struct tar_spec){ .name = name });
	}
	CHECK_EQ(refused(&tar, "over 65536 blobs"), -EFBIG);
}
