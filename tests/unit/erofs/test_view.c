/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/view.h"

#include <sys/stat.h>

#include "base/fields.h"
#include "erofs/writer.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

#define OBJECT \
	"11/22334455667788112233445566778811223344556677881122334455667788"
#define NO_DIGEST \
	"ab/cdef4455667788112233445566778811223344556677881122334455667788"
#define ROOT "/ 4096 40755 3 0 0 0 1.5 - - -\n"

static struct cfs_err err;

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

/* Opens the image of the dumpfile @dump; @image holds its bytes. */
static struct cfs_erofs_view *view_of(const char *dump, unsigned version,
				      struct cfs_buf *image)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_erofs_view *view;

	CHECK_EQ(cfs_dump_read(text(dump), 0, &tree, &err), 0);
	CHECK_EQ(cfs_erofs_write(tree, version, 0, image, &err), 0);
	CHECK_EQ(cfs_erofs_view_new(cfs_buf_bytes(image), &view, &err), 0);
	return view;
}

static struct cfs_erofs_stat root_of(const struct cfs_erofs_view *view)
{
	struct cfs_erofs_stat st;

	CHECK_EQ(
		cfs_erofs_view_stat(view, cfs_erofs_view_root(view), &st, &err),
		0);
	return st;
}

static int find(const struct cfs_erofs_view *view, const char *name,
		struct cfs_erofs_stat *ret)
{
	struct cfs_erofs_stat root = root_of(view);

	return cfs_erofs_view_find(view, &root, text(name), ret, &err);
}

struct seen {
	unsigned n, stop;
	uint64_t next;
	char names[64];
};

static int note(void *ctx, const struct cfs_erofs_entry *entry,
		struct cfs_err *ignored)
{
	struct seen *seen = ctx;

	(void)ignored;
	if (seen->n == seen->stop)
		return 1;
	seen->n++;
	seen->next = entry->next;
	snprintf(seen->names, sizeof(seen->names), "%.*s", (int)entry->name.len,
		 (const char *)entry->name.data);
	return 0;
}

/* A directory of so many names that it has several blocks. */
#define MANY 900
static struct cfs_erofs_view *many(unsigned version, struct cfs_buf *image)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };

	cfs_buf_adds(&dump, ROOT);
	for (unsigned i = 0; i < MANY; i++)
		cfs_buf_addf(&dump,
			     "/name-%04u 3 100644 1 0 0 0 1.0 - a%02u -\n",
			     2 * i, i % 100);
	cfs_buf_addc(&dump, '\0');
	CHECK(!dump.failed);
	return view_of((const char *)dump.data, version, image);
}

TEST(every_name_of_a_long_directory_is_found_and_no_other)
{
	for (unsigned version = 0; version <= 2; version++) {
		CFS_AUTOBUF struct cfs_buf image = { 0 };
		CFS_AUTO(cfs_erofs_view_free)
		struct cfs_erofs_view *view = many(version, &image);
		struct cfs_erofs_stat st;
		char name[16];

		CHECK(root_of(view).size > 4 * CFS_EROFS_BLOCK);
		for (unsigned i = 0; i < 2 * MANY; i++) {
			snprintf(name, sizeof(name), "name-%04u", i);
			CHECK_EQ(find(view, name, &st), (i % 2 == 0));
			if (i % 2 == 0)
				CHECK(st.tail.len == 3 &&
				      atoi((const char *)st.tail.data + 1) ==
					      (int)(i / 2 % 100));
		}
		CHECK_EQ(find(view, "", &st), 0);
		CHECK_EQ(find(view, "\x01", &st), 0);
		CHECK_EQ(find(view, "\xff", &st), 0);
		CHECK_EQ(find(view, ".", &st), 1);
		CHECK_EQ(st.nid, cfs_erofs_view_root(view));
	}
}

TEST(a_listing_goes_on_where_it_stopped)
{
	for (unsigned version = 0; version <= 2; version++) {
		CFS_AUTOBUF struct cfs_buf image = { 0 };
		CFS_AUTO(cfs_erofs_view_free)
		struct cfs_erofs_view *view = many(version, &image);
		struct cfs_erofs_stat root = root_of(view);
		struct seen seen = { 0 };
		unsigned total = 0;
		int r;

		do {
			seen.n = 0;
			seen.stop = 1 + total % 7;
			r = cfs_erofs_view_list(view, &root, seen.next, note,
						&seen, &err);
			CHECK(r >= 0);
			total += seen.n;
		} while (r == 1);
		CHECK_EQ(total, MANY + 2);
		CHECK_STR(seen.names, "name-1798");
	}
}

TEST(a_listing_from_any_position_ends)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTO(cfs_erofs_view_free)
	struct cfs_erofs_view *view = many(1, &image);
	struct cfs_erofs_stat root = root_of(view);
	const uint64_t positions[] = { 4095,	   4096 * 3 + 4000,
				       4096 * 100, UINT64_MAX,
				       INT64_MAX,  UINT64_MAX - 4095,
				       1ull << 52 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(positions); i++) {
		struct seen seen = { .stop = UINT32_MAX };

		CHECK_EQ(cfs_erofs_view_list(view, &root, positions[i], note,
					     &seen, &err),
			 0);
		CHECK(seen.n < MANY);
	}
}

TEST(no_number_but_that_of_an_inode_can_be_read)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTO(cfs_erofs_view_free)
	struct cfs_erofs_view *view = many(2, &image);
	const uint64_t bad[] = { 0,	     1,
				 2,	     35,
				 UINT64_MAX, UINT64_MAX / 32,
				 1ull << 59, image.len / 32,
				 1ull << 30 };
	struct cfs_erofs_stat st;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(cfs_erofs_view_stat(view, bad[i], &st, &err),
			 -EBADMSG);
}

TEST(any_byte_can_be_taken_for_an_inode_without_harm)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTO(cfs_erofs_view_free)
	struct cfs_erofs_view *view = many(0, &image);
	struct cfs_erofs_stat st, found;
	struct cfs_erofs_backing backing;

	for (uint64_t nid = 0; nid < image.len / 32; nid++) {
		struct seen seen = { .stop = UINT32_MAX };

		if (cfs_erofs_view_stat(view, nid, &st, &err) < 0)
			continue;
		(void)!cfs_erofs_view_find(view, &st, text("name-0000"), &found,
					   &err);
		(void)!cfs_erofs_view_list(view, &st, 0, note, &seen, &err);
		(void)!cfs_erofs_view_backing(view, &st, &backing, &err);
	}
}

static int note_xattr(void *ctx, const char *key, struct cfs_bytes value,
		      struct cfs_err *ignored)
{
	struct cfs_buf *out = ctx;

	(void)ignored;
	cfs_buf_addf(out, "%s=%.*s ", key, (int)value.len,
		     (const char *)value.data);
	return 0;
}

TEST(xattrs_have_the_names_that_a_mount_shows)
{
	static const char dump[] = ROOT
		"/ext 5 100644 1 0 0 0 1.0 11/22 - "
		"1122334455667788112233445566778811223344556677881122334455667788"
		" trusted.overlay.x=one user.y=two\n"
		"/other 3 100644 1 0 0 0 1.0 - abc - user.y=two\n";

	for (unsigned version = 0; version <= 2; version++) {
		CFS_AUTOBUF struct cfs_buf image = { 0 };
		CFS_AUTOBUF struct cfs_buf out = { 0 };
		CFS_AUTO(cfs_erofs_view_free)
		struct cfs_erofs_view *view = view_of(dump, version, &image);
		struct cfs_erofs_stat st;

		CHECK_EQ(find(view, "ext", &st), 1);
		CHECK_EQ(cfs_erofs_view_xattrs(view, &st, note_xattr, &out,
					       &err),
			 0);
		cfs_buf_addc(&out, '\0');
		CHECK(strstr((char *)out.data, "trusted.overlay.x=one "));
		CHECK(strstr((char *)out.data, "user.y=two "));
		CHECK_EQ(out.len, sizeof("trusted.overlay.x=one user.y=two "));
	}
}

TEST(an_external_file_has_a_path_and_a_digest)
{
	static const char dump[] = ROOT
		"/ext 5 100644 1 0 0 0 1.0 " OBJECT " - "
		"1122334455667788112233445566778811223344556677881122334455667788"
		"\n"
		"/none 5 100644 1 0 0 0 1.0 " NO_DIGEST " - -\n"
		"/in 3 100644 1 0 0 0 1.0 - abc -\n";
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTO(cfs_erofs_view_free)
	struct cfs_erofs_view *view = view_of(dump, 1, &image);
	struct cfs_erofs_backing backing;
	struct cfs_erofs_stat st;

	CHECK_EQ(find(view, "ext", &st), 1);
	CHECK_EQ(st.size, 5);
	CHECK_EQ(cfs_erofs_view_backing(view, &st, &backing, &err), 0);
	CHECK(cfs_bytes_are(backing.path, OBJECT) && backing.has_digest);
	CHECK_EQ(backing.digest.alg, CFS_ALG_SHA256);
	CHECK_EQ(backing.digest.bytes[1], 0x22);
	CHECK_EQ(find(view, "none", &st), 1);
	CHECK_EQ(cfs_erofs_view_backing(view, &st, &backing, &err), 0);
	CHECK(cfs_bytes_are(backing.path, NO_DIGEST) && !backing.has_digest);
	CHECK_EQ(find(view, "in", &st), 1);
	CHECK(cfs_bytes_are(st.tail, "abc"));
	CHECK_EQ(cfs_erofs_view_backing(view, &st, &backing, &err), -EINVAL);
}

/* The value in an image of the same digest; erofs/format.h has such a one. */
TEST(a_metacopy_is_what_overlayfs_wants_for_a_digest)
{
	static const uint8_t head[] = { 0, 4 + 32, 0, 1 };
	struct cfs_digest digest = { .alg = CFS_ALG_SHA256,
				     .bytes = { 0x0a, 0x0b } };
	struct cfs_erofs_metacopy value;

	digest.bytes[31] = 0x07;
	CHECK_EQ(cfs_erofs_metacopy_of(&digest, &value), 36);
	CHECK_MEM(&value, head, sizeof(head));
	CHECK_MEM(value.digest, digest.bytes, 32);
	digest.alg = CFS_ALG_SHA512;
	CHECK_EQ(cfs_erofs_metacopy_of(&digest, &value), 68);
	CHECK_EQ(value.len, 68);
	CHECK_EQ(value.digest_algo, 2);
}

TEST(whiteouts_and_stubs_are_not_shown)
{
	static const char dump[] = ROOT "/w 0 20644 1 7 8 0 0.0 - - -\n";

	for (unsigned version = 0; version <= 2; version++) {
		CFS_AUTOBUF struct cfs_buf image = { 0 };
		CFS_AUTO(cfs_erofs_view_free)
		struct cfs_erofs_view *view = view_of(dump, version, &image);
		struct cfs_erofs_stat root = root_of(view), st;
		struct seen seen = { .stop = UINT32_MAX };
		/* Older versions have it as an empty file. */
		int shown = version < 2;

		CHECK_EQ(find(view, "w", &st), shown);
		CHECK_EQ(find(view, "ab", &st), 0);
		CHECK_EQ(cfs_erofs_view_list(view, &root, 0, note, &seen, &err),
			 0);
		CHECK_EQ(seen.n, 2u + (unsigned)shown);
	}
}

TEST(a_file_is_no_directory)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTO(cfs_erofs_view_free)
	struct cfs_erofs_view *view =
		view_of(ROOT "/in 3 100644 1 0 0 0 1.0 - abc -\n", 1, &image);
	struct cfs_erofs_stat st, below;
	struct seen seen = { 0 };

	CHECK_EQ(find(view, "in", &st), 1);
	CHECK_EQ(cfs_erofs_view_find(view, &st, text("x"), &below, &err),
		 -ENOTDIR);
	CHECK_EQ(cfs_erofs_view_list(view, &st, 0, note, &seen, &err),
		 -ENOTDIR);
}

TEST(what_is_no_image_is_refused)
{
	struct cfs_erofs_view *view;

	CHECK_EQ(cfs_erofs_view_new(text("no image"), &view, &err), -EBADMSG);
}
