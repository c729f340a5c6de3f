/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Layouts of whole images: tests/cli/oci_export.sh. */
#include "oci/layout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "tests/test.h"

static struct cfs_err err;
static char path[512];

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

static void start(struct cfs_layout *layout)
{
	static unsigned n;

	snprintf(path, sizeof(path), "%s/layout-%u", getenv("TMPDIR"), n++);
	CHECK(cfs_layout_open(path, layout, &err) == 0);
}

static void id_of(const char *bytes, struct cfs_oci_id *ret)
{
	CHECK(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, text(bytes), ret, &err) ==
	      0);
}

/* Is the file @name what @want says? */
static bool holds(const struct cfs_layout *layout, const char *name,
		  const char *want)
{
	CFS_AUTOBUF struct cfs_buf have = { 0 };

	return cfs_read_file(layout->fd, name, 1 << 20, &have, &err) > 0 &&
	       have.len == strlen(want) && !memcmp(have.data, want, have.len);
}

static void entry(const char *bytes, const char *tag,
		  struct cfs_oci_descriptor *ret)
{
	*ret = (struct cfs_oci_descriptor){ .size = strlen(bytes) };
	id_of(bytes, &ret->id);
	strcpy(ret->media_type, "application/vnd.oci.image.manifest.v1+json");
	strcpy(ret->tag, tag);
}

TEST(a_blob_has_its_name_only_if_it_is_what_the_name_says)
{
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	struct cfs_oci_id id, other;
	char name[128];

	start(&layout);
	id_of("a", &id);
	id_of("b", &other);
	CHECK(cfs_layout_put_bytes(&layout, &id, text("a"), &err) == 0);
	CHECK(cfs_layout_put_bytes(&layout, &id, text("a"), &err) == 0);
	snprintf(name, sizeof(name), "blobs/sha256/%s", cfs_oci_id_hex(&id));
	CHECK(holds(&layout, name, "a"));
	CHECK(cfs_layout_put_bytes(&layout, &other, text("c"), &err) ==
	      -EBADMSG);
	CHECK(strstr(err.msg, other.text));
	snprintf(name, sizeof(name), "blobs/sha256/%s", cfs_oci_id_hex(&other));
	CHECK(cfs_name_exists(layout.fd, name) == 0);
}

TEST(the_size_of_a_blob_is_known_whether_it_was_there_or_not)
{
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	struct cfs_oci_id id;

	start(&layout);
	id_of("abc", &id);
	for (unsigned i = 0; i < 2; i++) {
		struct cfs_bytes bytes = text("abc");
		const struct cfs_source source = cfs_source_of_bytes(&bytes);
		uint64_t size = 0;

		CHECK(cfs_layout_put(&layout, &id, &source, &size, &err) == 0);
		CHECK(size == 3);
	}
}

TEST(an_index_lists_what_is_added_and_keeps_the_rest)
{
	static const char old[] =
		"{\"schemaVersion\":2,\n\"manifests\": [ {\"mediaType\":"
		"\"application/vnd.oci.image.manifest.v1+json\",\"digest\":"
		"\"sha256:000000000000000000000000000000000000000000000000000"
		"0000000000001\",\"size\":1.0e0,\"x\":[]} ],\"y\":1e400}";
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	CFS_AUTOBUF struct cfs_buf have = { 0 };
	struct cfs_oci_descriptor d;

	start(&layout);
	entry("a", "t", &d);
	CHECK(cfs_layout_list(&layout, &d, 1, &err) == 0);
	CHECK(cfs_read_file(layout.fd, "index.json", 4096, &have, &err) > 0);
	CHECK(memmem(have.data, have.len, d.id.text, strlen(d.id.text)));
	CHECK(cfs_replace_file(layout.fd, "index.json", old, strlen(old)) == 0);
	CHECK(cfs_layout_list(&layout, &d, 1, &err) == -EINVAL);
	CHECK(holds(&layout, "index.json", old));
}

TEST(a_tag_moves_and_a_digest_is_listed_once)
{
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	CFS_AUTOBUF struct cfs_buf have = { 0 };
	struct cfs_oci_descriptors list = { 0 };
	struct cfs_oci_descriptor d[3];

	start(&layout);
	entry("a", "t", &d[0]);
	entry("b", "", &d[1]);
	entry("b", "u", &d[2]);
	CHECK(cfs_layout_list(&layout, d, 3, &err) == 0);
	CHECK(cfs_layout_list(&layout, d + 1, 1, &err) == 0);
	entry("c", "t", &d[0]);
	CHECK(cfs_layout_list(&layout, d, 1, &err) == 0);
	CHECK(cfs_read_file(layout.fd, "index.json", 4096, &have, &err) > 0);
	CHECK(cfs_oci_index_parse(cfs_buf_bytes(&have), &list, &err) == 0);
	CHECK(list.n == 3);
	CHECK(strcmp(list.v[0].tag, "u") == 0);
	CHECK(*list.v[1].tag == '\0');
	CHECK(cfs_oci_id_equal(&list.v[1].id, &d[1].id));
	CHECK(strcmp(list.v[2].tag, "t") == 0);
	CHECK(cfs_oci_id_equal(&list.v[2].id, &d[0].id));
	cfs_oci_descriptors_free(&list);
}

TEST(other_directories_do_not_become_layouts)
{
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	struct cfs_layout again = CFS_LAYOUT_INIT;
	char file[600];

	start(&layout);
	CHECK(cfs_layout_open(path, &again, &err) == 0);
	cfs_layout_close(&again);
	snprintf(file, sizeof(file), "%s/blobs", path);
	CHECK(mkdir(file, 0700) == 0);
	CHECK(cfs_layout_open(file, &again, &err) == 0);
	cfs_layout_close(&again);
	snprintf(file, sizeof(file), "%s/oci-layout", path);
	CHECK(cfs_layout_open(file, &again, &err) == -ENOTDIR);
	CHECK(unlink(file) == 0);
	CHECK(cfs_layout_open(path, &again, &err) == -ENOTEMPTY);
	CHECK(again.fd == -EBADF);
}
