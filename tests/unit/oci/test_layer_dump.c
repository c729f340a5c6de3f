/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_dump.h"

#include <sys/stat.h>

#include "tests/test.h"

static struct cfs_bytes bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static void is_line(const struct cfs_tar_entry *entry,
		    const struct cfs_digest *id, const char *want)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	cfs_oci_layer_dump(entry, id, &out);
	CHECK_STR(cfs_buf_text(&out), want);
}

TEST(a_file_has_its_content_or_its_object)
{
	struct cfs_tar_entry entry = { .path = bytes("a"),
				       .mode = S_IFREG | 0644,
				       .uid = 1,
				       .gid = 2,
				       .mtime_sec = -3,
				       .mtime_nsec = 4,
				       .size = 2,
				       .content = bytes("x\n") };
	struct cfs_digest id = { .alg = CFS_ALG_SHA256 };

	memset(id.bytes, 0xab, 32);
	is_line(&entry, NULL, "/a 2 100644 1 1 2 0 -3.4 - x\\n -\n");
	entry.size = 100;
	entry.content.len = 0;
	is_line(&entry, &id,
		"/a 100 100644 1 1 2 0 -3.4 "
		"ab/ababababababababababababababababababababababababababababab"
		"abab - "
		"abababababababababababababababababababababababababababababab"
		"abab\n");
	entry.size = 0;
	is_line(&entry, NULL, "/a 0 100644 1 1 2 0 -3.4 - - -\n");
}

TEST(names_and_values_cannot_end_their_field)
{
	struct cfs_tar_xattr xattr = { .name = bytes("user.a=b c"),
				       .value = bytes("v=w\n") };
	const struct cfs_tar_entry entry = { .path = bytes("a b\n\xff"),
					     .mode = S_IFDIR | 0755,
					     .size = 9,
					     .xattrs = &xattr,
					     .n_xattrs = 1 };

	is_line(&entry, NULL,
		"/a\\x20b\\n\\xff 0 40755 1 0 0 0 0.0 - - - "
		"user.a\\x3db\\x20c=v\\x3dw\\n\n");
}

TEST(links_say_where_they_lead)
{
	struct cfs_tar_entry entry = { .path = bytes("a"),
				       .link = bytes("b c"),
				       .mode = S_IFLNK | 0777 };

	is_line(&entry, NULL, "/a 3 120777 1 0 0 0 0.0 b\\x20c - -\n");
	entry.mode = S_IFREG | 0644;
	entry.is_hardlink = true;
	is_line(&entry, NULL, "/a 0 @120000 - - - - 0.0 /b\\x20c - -\n");
}

TEST(devices_have_numbers_and_no_size)
{
	const struct cfs_tar_entry entry = { .path = bytes("a"),
					     .mode = S_IFCHR | 0600,
					     .rdev = 0x103,
					     .size = 7 };

	is_line(&entry, NULL, "/a 0 20600 1 0 0 259 0.0 - - -\n");
}
