/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/boot_copy.h"

#include "base/io.h"
#include "repo/node_content.h"
#include "tests/unit/ops/image.h"

#define HEX "a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3"

/* A partition, and a tree of the files /a and /b, which are objects, and /c,
 * which is in the image. */
static struct cfs_tree *tree;
static struct cfs_digest image;
static const struct cfs_uki_images images = { 1, &image };
static char boot[4096];
static struct cfs_boot_copy copy;

static struct cfs_node *node_of(const char *path)
{
	struct cfs_node *node;

	CHECK_EQ(cfs_tree_lookup(tree, path, &node, &err), 1);
	return node;
}

static void begin(void)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOFREE char *objects = NULL;
	struct cfs_digest id;

	start_empty();
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	cfs_buf_adds(&text, "/ 4096 40755 2 0 0 0 1.0 - - -\n");
	for (char letter = 'a'; letter <= 'b'; letter++) {
		CHECK_EQ(cfs_object_add_bytes(&store, content_of(letter), &id,
					      &err),
			 0);
		add_line(&text, letter, &id);
	}
	cfs_buf_adds(&text, "/c 4 100644 1 0 0 0 1.0 - text -\n");
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&text), 0, &tree, &err), 0);
	CHECK_EQ(cfs_digest_from_hex(HEX, strlen(HEX), &image, &err), 0);
	objects = below(root, "objects");
	snprintf(boot, sizeof(boot), "%s", fresh_dir());
	copy = (struct cfs_boot_copy){ .tree = tree,
				       .objects = open_dir(objects),
				       .boot = open_dir(boot),
				       .images = &images,
				       .dir = "id/hash" };
}

static void end(void)
{
	cfs_closep(&copy.objects);
	cfs_closep(&copy.boot);
	cfs_tree_free(tree);
	tree = NULL;
}

static int add(const char *path, const char *name)
{
	return cfs_boot_copy_add(&copy, node_of(path), name, CFS_BOOT_NO_CHECK,
				 &err);
}

static uint64_t plan(void)
{
	uint64_t need = 0;

	CHECK_EQ(cfs_boot_copy_plan(&copy, &need, &err), 0);
	return need;
}

/* The SHA-256 of the content of @path, by cfs_boot_hash(). */
static void check_hash(const char *path, struct cfs_bytes content)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	uint8_t have[CFS_CONTENT_MAX], want[CFS_CONTENT_MAX];

	CHECK_EQ(cfs_content_hash_new(CFS_CONTENT_SHA256, &hash, &err), 0);
	CHECK_EQ(cfs_boot_hash(tree, copy.objects, node_of(path), hash, &err),
		 0);
	CHECK_EQ(cfs_content_hash_final(hash, have, &err), 0);
	CHECK_EQ(
		cfs_content_hash_bytes(CFS_CONTENT_SHA256, content, want, &err),
		0);
	CHECK(memcmp(have, want, 32) == 0);
}

TEST(contents_are_hashed_from_objects_and_from_the_image)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;

	begin();
	check_hash("/a", content_of('a'));
	check_hash("/c", (struct cfs_bytes){ (const uint8_t *)"text", 4 });
	lose('b');
	CHECK_EQ(cfs_content_hash_new(CFS_CONTENT_SHA256, &hash, &err), 0);
	CHECK_EQ(cfs_boot_hash(tree, copy.objects, node_of("/b"), hash, &err),
		 -ENOENT);
	end();
}

TEST(a_content_has_a_digest_wherever_it_is)
{
	struct cfs_digest id, want;

	begin();
	CHECK_EQ(
		cfs_boot_digest(tree, node_of("/a"), CFS_ALG_SHA512, &id, &err),
		0);
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of('a'), &want,
					 &err),
		 0);
	CHECK(cfs_digest_equal(&id, &want));
	CHECK_EQ(
		cfs_boot_digest(tree, node_of("/c"), CFS_ALG_SHA512, &id, &err),
		0);
	CHECK_EQ(cfs_verity_digest_bytes(
			 CFS_ALG_SHA512,
			 (struct cfs_bytes){ (const uint8_t *)"text", 4 },
			 &want, &err),
		 0);
	CHECK(cfs_digest_equal(&id, &want));
	end();
}

TEST(a_content_is_read_and_compared_with_its_digest)
{
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_digest id;

	begin();
	CHECK_EQ(
		cfs_node_read(copy.objects, tree, node_of("/c"), 4, &got, &err),
		0);
	CHECK_EQ(cfs_node_read(copy.objects, tree, node_of("/a"), LONG_FILE,
			       &got, &err),
		 0);
	CHECK(got.len == LONG_FILE + 4);
	CHECK_MEM(got.data + 4, content_of('a').data, LONG_FILE);
	CHECK_EQ(cfs_node_read(copy.objects, tree, node_of("/a"), LONG_FILE - 1,
			       &got, &err),
		 -EFBIG);
	CHECK_EQ(
		cfs_boot_digest(tree, node_of("/a"), CFS_ALG_SHA256, &id, &err),
		0);
	cfs_digest_to_path(&id, path + strlen(path));
	put(root, path, "damaged");
	CHECK_EQ(cfs_node_read(copy.objects, tree, node_of("/a"), LONG_FILE,
			       &got, &err),
		 -EBADMSG);
	lose('a');
	CHECK_EQ(cfs_node_read(copy.objects, tree, node_of("/a"), LONG_FILE,
			       &got, &err),
		 -ENOENT);
	end();
}

TEST(one_name_is_one_content)
{
	begin();
	CHECK_EQ(add("/a", "x"), 0);
	CHECK_EQ(add("/a", "x"), 0);
	CHECK_EQ(copy.n, 1);
	CHECK_EQ(add("/b", "x"), -EINVAL);
	CHECK_EQ(add("/a", "X"), -EINVAL);
	for (unsigned i = 1; i < CFS_BOOT_FILES_MAX; i++) {
		static char names[CFS_BOOT_FILES_MAX][8];

		snprintf(names[i], sizeof(names[i]), "n%u", i);
		CHECK_EQ(add("/c", names[i]), 0);
	}
	CHECK_EQ(add("/c", "more"), -E2BIG);
	end();
}

TEST(files_are_copied_unless_they_are_there)
{
	CFS_AUTOBUF struct cfs_buf got = { 0 };

	begin();
	CHECK_EQ(add("/a", "x"), 0);
	CHECK_EQ(add("/c", "y"), 0);
	CHECK(plan() == LONG_FILE + 4);
	CHECK_EQ(count(boot, ".", ""), 0);
	CHECK_EQ(cfs_boot_copy_run(&copy, &err), 0);
	CHECK(holds(boot, "id/hash/y", "text"));
	CHECK_EQ(cfs_read_file(copy.boot, "id/hash/x", LONG_FILE, &got, &err),
		 1);
	CHECK(got.len == LONG_FILE);
	CHECK_MEM(got.data, content_of('a').data, LONG_FILE);
	CHECK(plan() == 0 && copy.v[0].present && copy.v[1].present);
	put(boot, "id/hash/y", "else");
	CHECK(plan() == 4 && !copy.v[1].present);
	CHECK_EQ(cfs_boot_copy_run(&copy, &err), 0);
	CHECK(holds(boot, "id/hash/y", "text"));
	end();
}

TEST(a_damaged_object_gets_no_name)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_digest id;

	begin();
	CHECK_EQ(add("/a", "x"), 0);
	CHECK_EQ(
		cfs_boot_digest(tree, node_of("/a"), CFS_ALG_SHA256, &id, &err),
		0);
	cfs_digest_to_path(&id, path + strlen(path));
	put(root, path, "damaged");
	CHECK(plan() == LONG_FILE);
	CHECK_EQ(cfs_boot_copy_run(&copy, &err), -EBADMSG);
	CHECK_EQ(count(boot, "id/hash", ""), 0);
	CHECK_EQ(count(boot, "id/hash", ".x"), 0);
	end();
}

TEST(links_on_the_partition_lead_nowhere)
{
	uint64_t need = 0;

	begin();
	CHECK_EQ(add("/c", "y"), 0);
	make_link(boot, "id", "/");
	CHECK_EQ(cfs_boot_copy_plan(&copy, &need, &err), -EXDEV);
	CHECK_EQ(cfs_boot_copy_run(&copy, &err), -ELOOP);
	end();
}

TEST(programs_are_checked_before_and_while_they_are_copied)
{
	begin();
	CHECK_EQ(cfs_boot_copy_add(&copy, node_of("/c"), "y", CFS_BOOT_IS_UKI,
				   &err),
		 0);
	CHECK_EQ(cfs_boot_copy_check(&copy, &err), -EINVAL);
	CHECK_EQ(cfs_boot_copy_run(&copy, &err), -EINVAL);
	CHECK_EQ(count(boot, "id/hash", ""), 0);
	copy.v[0].check = CFS_BOOT_MAY_BE;
	CHECK_EQ(cfs_boot_copy_check(&copy, &err), 0);
	CHECK_EQ(cfs_boot_copy_run(&copy, &err), 0);
	CHECK_EQ(copy.named, 0);
	end();
}

TEST(an_entry_is_replaced_at_once)
{
	struct cfs_bytes text = { (const uint8_t *)"new", 3 };

	begin();
	strcpy(copy.dir, "loader/entries");
	CHECK_EQ(cfs_boot_publish(&copy, "x.conf", text, &err), 0);
	CHECK(holds(boot, "loader/entries/x.conf", "new"));
	text.len = 2;
	copy.no_sync = true;
	CHECK_EQ(cfs_boot_publish(&copy, "x.conf", text, &err), 0);
	CHECK(holds(boot, "loader/entries/x.conf", "ne"));
	CHECK_EQ(count(boot, "loader/entries", ""), 1);
	make_dir(boot, "loader/entries/y.conf");
	CHECK_EQ(cfs_boot_publish(&copy, "y.conf", text, &err), -EISDIR);
	end();
}
