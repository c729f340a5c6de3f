/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/writer.h"

#include <fcntl.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;

static void load(const char *name, struct cfs_buf *buf)
{
	const char *src = getenv("CFS_SRC");
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/data/erofs/%s", src ? src : ".",
		 name);
	CHECK_EQ(cfs_read_file(AT_FDCWD, path, 1 << 20, buf, &err), 1);
}

static int build(struct cfs_bytes dump, unsigned dump_flags, unsigned version,
		 unsigned flags, struct cfs_buf *image)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;

	CHECK_EQ(cfs_dump_read(dump, dump_flags, &tree, &err), 0);
	return cfs_erofs_write(tree, version, flags, image, &err);
}

static void digest_of(const struct cfs_buf *image, char *hex)
{
	struct cfs_digest digest;

	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, cfs_buf_bytes(image),
					 &digest, &err),
		 0);
	cfs_digest_to_hex(&digest, hex);
}

/* Version 2 takes files up to 2^43 bytes: bigger ones cannot be mounted. */
static bool beyond_version_2(const char *vector)
{
	return strcmp(vector, "16-chunks") == 0 ||
	       strcmp(vector, "17-chunk-promoted") == 0;
}

static void check_vector(const char *vector, const char *version,
			 const char *want)
{
	bool v2 = strcmp(version, "2") == 0;
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	char name[128], hex[CFS_DIGEST_HEX_MAX];
	unsigned flags = v2 ? 0 : CFS_EROFS_SIGNED_TIME;
	int r;

	if (strcmp(version, "auto") == 0)
		flags |= CFS_EROFS_BUMP;
	snprintf(name, sizeof(name), "%s.dump", vector);
	load(name, &dump);
	r = build(cfs_buf_bytes(&dump), v2 ? 0 : CFS_DUMP_LENIENT,
		  (unsigned)atoi(version), flags, &image);
	if (v2 && beyond_version_2(vector)) {
		CHECK_EQ(r, -EFBIG);
		CHECK(strstr(err.msg, "8796093022208"));
		return;
	}
	CHECK_EQ(r, 0);
	digest_of(&image, hex);
	if (strcmp(hex, want) != 0)
		printf("# %s version %s: %s\n", vector, version, hex);
	CHECK_STR(hex, want);
}

/* Source: tests/data/erofs/digests.tsv: images of mkcomposefs 1.0.8 and
 * composefs-rs 0.9.0, some of them pinned by their own tests. */
TEST(every_vector_gives_the_image_of_both_peers)
{
	CFS_AUTOBUF struct cfs_buf tsv = { 0 };
	char *line, *save = NULL;
	int n = 0;

	load("digests.tsv", &tsv);
	for (line = strtok_r(cfs_buf_text(&tsv), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char vector[64], version[8], want[80];

		if (line[0] == '#')
			continue;
		CHECK_EQ(sscanf(line, "%63s %7s %79s", vector, version, want),
			 3);
		if (strcmp(want, "-") == 0)
			continue;
		check_vector(vector, version, want);
		n++;
	}
	CHECK(n >= 90);
}

static struct cfs_bytes text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

#define ROOT "/ 0 40755 2 0 0 0 0.0 - - -\n"
#define SHA512_A                                                           \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Source: struct ovl_metacopy, linux fs/overlayfs/overlayfs.h. */
TEST(sha512_digests_stand_in_metacopy_and_redirect)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	static const uint8_t head[] = { 0, 68, 0, 2, 0xaa, 0xaa };

	CHECK_EQ(build(text(ROOT "/f 99 100644 1 0 0 0 0.0 aa/x - " SHA512_A
				 "\n"),
		       0, 1, 0, &image),
		 0);
	CHECK(memmem(image.data, image.len, head, sizeof(head)));
	CHECK(memmem(image.data, image.len, "overlay.redirect/aa/aaaa", 24));
}

TEST(a_version_that_is_not_there_is_refused)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	CHECK_EQ(build(text(ROOT), 0, 3, 0, &image), -EINVAL);
	CHECK_EQ(image.len, 0);
}

TEST(version_2_refuses_what_its_readers_refuse)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	cfs_buf_adds(&dump, ROOT "/f 513 100644 1 0 0 0 0.0 - ");
	for (int i = 0; i < 513; i++)
		cfs_buf_addc(&dump, 'x');
	cfs_buf_adds(&dump, " -\n");
	CHECK_EQ(build(cfs_buf_bytes(&dump), CFS_DUMP_LENIENT, 2, 0, &image),
		 -EFBIG);
	CHECK(strstr(err.msg, "/f: "));
	CHECK_EQ(build(cfs_buf_bytes(&dump), CFS_DUMP_LENIENT, 1, 0, &image),
		 0);
}

TEST(version_2_refuses_more_shared_xattrs_than_a_byte_counts)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	cfs_buf_adds(&dump, ROOT);
	for (int f = 0; f < 2; f++) {
		cfs_buf_addf(&dump, "/%d 0 100644 1 0 0 0 0.0 - - -", f);
		for (int i = 0; i < 256; i++)
			cfs_buf_addf(&dump, " user.%03d=v", i);
		cfs_buf_addc(&dump, '\n');
	}
	CHECK_EQ(build(cfs_buf_bytes(&dump), 0, 2, 0, &image), -E2BIG);
	CHECK_EQ(image.len, 0);
	CHECK_EQ(build(cfs_buf_bytes(&dump), 0, 1, 0, &image), 0);
}

TEST(a_file_of_more_chunks_than_there_may_be_is_refused)
{
	CFS_AUTOBUF struct cfs_buf image = { 0 };

	CHECK_EQ(build(text(ROOT
			    "/f 9007199254740993 100644 1 0 0 0 0.0 - - -\n"),
		       CFS_DUMP_LENIENT, 1, 0, &image),
		 -EFBIG);
	CHECK_EQ(image.len, 0);
}

static int refuse(void *ctx, const void *data, size_t len, struct cfs_err *e)
{
	(void)ctx;
	(void)data;
	(void)len;
	return cfs_fail(e, ENOSPC, "no space");
}

TEST(a_sink_that_fails_ends_the_writing)
{
	const struct cfs_sink sink = { refuse, NULL };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	uint64_t size = 7;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	CHECK_EQ(cfs_erofs_write_to(tree, 1, 0, &sink, &size, &err), -ENOSPC);
	CHECK_EQ(size, 7);
}

TEST(links_count_in_version_2_and_are_believed_before)
{
	static const char dump[] = ROOT "/a 0 100644 9 0 0 0 0.0 - - -\n"
					"/b 0 @100644 - - - - 0.0 /a - -\n";
	CFS_AUTOBUF struct cfs_buf strict = { 0 };
	CFS_AUTOBUF struct cfs_buf lenient = { 0 };
	CFS_AUTOBUF struct cfs_buf lenient2 = { 0 };
	CFS_AUTOBUF struct cfs_buf strict2 = { 0 };

	CHECK_EQ(build(text(dump), 0, 1, 0, &strict), 0);
	CHECK_EQ(build(text(dump), CFS_DUMP_LENIENT, 1, 0, &lenient), 0);
	CHECK_EQ(build(text(dump), 0, 2, 0, &strict2), 0);
	CHECK_EQ(build(text(dump), CFS_DUMP_LENIENT, 2, 0, &lenient2), 0);
	CHECK_EQ(strict.len, lenient.len);
	CHECK(memcmp(strict.data, lenient.data, strict.len) != 0);
	CHECK_EQ(strict2.len, lenient2.len);
	CHECK_MEM(strict2.data, lenient2.data, strict2.len);
}
