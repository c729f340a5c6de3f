/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/ref.h"

#include "repo/dir.h"
#include "repo/object.h"
#include "tests/unit/repo/store.h"

#define HEX "b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"
#define OBJECT \
	"b8/03429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"

static struct cfs_err err;
static struct cfs_digest id;

static void begin(struct cfs_store *store)
{
	struct cfs_bytes data = { (const uint8_t *)"", 1 };
	start(store);
	CHECK_EQ(cfs_object_add_bytes(store, data, &id, &err), 0);
	CHECK_EQ(cfs_image_commit(store, &id, &err), 0);
	CHECK(!store->dirty);
}

TEST(images_and_names_are_links_as_upstream_makes_them)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	begin(&store);
	CHECK(is_link(root, "images/" HEX, "../objects/" OBJECT));
	CHECK_EQ(cfs_ref_set(&store, "my-image", &id, &err), 0);
	CHECK(is_link(root, "images/refs/my-image", "../" HEX));
	CHECK_EQ(cfs_ref_set(&store, "a/b", &id, &err), 0);
	CHECK(is_link(root, "images/refs/a/b", "../../" HEX));
}

TEST(names_are_resolved_by_the_last_component)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest got;

	begin(&store);
	CHECK_EQ(cfs_ref_get(&store.repo, "x", &got, &err), 0);
	CHECK_EQ(cfs_ref_set(&store, "a/x", &id, &err), 0);
	CHECK_EQ(cfs_ref_get(&store.repo, "a/x", &got, &err), 1);
	CHECK(cfs_digest_equal(&got, &id));
	CHECK_EQ(cfs_ref_get(&store.repo, "a/x/y", &got, &err), -ELOOP);
	CHECK_EQ(cfs_ref_get(&store.repo, "a", &got, &err), -EINVAL);
	make_link(root, "images/refs/up", "../../images/" HEX);
	CHECK_EQ(cfs_ref_get(&store.repo, "up", &got, &err), 1);
	make_link(root, "images/refs/other", "/etc/passwd");
	CHECK_EQ(cfs_ref_get(&store.repo, "other", &got, &err), -EINVAL);
	put(root, "images/refs/file", HEX);
	CHECK_EQ(cfs_ref_get(&store.repo, "file", &got, &err), -EINVAL);
}

TEST(a_name_is_taken_away_and_the_image_stays)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest got;

	begin(&store);
	CHECK_EQ(cfs_ref_set(&store, "a/x", &id, &err), 0);
	CHECK_EQ(cfs_ref_remove(&store, "a", &err), -EINVAL);
	CHECK_EQ(cfs_ref_remove(&store, "a/x", &err), 1);
	CHECK_EQ(cfs_ref_remove(&store, "a/x", &err), 0);
	CHECK_EQ(cfs_ref_remove(&store, "../" HEX, &err), -EINVAL);
	CHECK_EQ(cfs_ref_get(&store.repo, "a/x", &got, &err), 0);
	CHECK(is_link(root, "images/" HEX, "../objects/" OBJECT));
}

TEST(unfit_names_reach_nothing)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest got;

	begin(&store);
	CHECK_EQ(cfs_ref_set(&store, "../../x", &id, &err), -EINVAL);
	CHECK_EQ(cfs_ref_set(&store, "", &id, &err), -EINVAL);
	CHECK_EQ(cfs_ref_set(&store, "/x", &id, &err), -EINVAL);
	CHECK_EQ(cfs_ref_get(&store.repo, "../" HEX, &got, &err), -EINVAL);
	CHECK_EQ(count(root, "images", ""), 1);
}

TEST(an_image_is_checked_when_it_is_opened)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest other;
	CFS_AUTOFREE char *path = NULL;

	begin(&store);
	CHECK_EQ(cfs_image_open(&store.repo, &id, false, &fd, &err),
		 CFS_CHECKED_HASHED);
	cfs_closep(&fd);
	CHECK_EQ(cfs_image_open(&store.repo, &id, true, &fd, &err), -EBADMSG);
	other = id;
	other.bytes[0] ^= 1;
	CHECK_EQ(cfs_image_open(&store.repo, &other, false, &fd, &err),
		 -ENOENT);
	put(root, "objects/" OBJECT, "x");
	CHECK_EQ(cfs_image_open(&store.repo, &id, false, &fd, &err), -EBADMSG);
	path = below(root, "objects/" OBJECT);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(cfs_image_open(&store.repo, &id, false, &fd, &err), -ENOENT);
	CHECK(strstr(err.msg, "missing"));
	CHECK_EQ(fd, -EBADF);
}

static char seen[256];

static int note(const char *name, const struct cfs_digest *image, void *arg,
		struct cfs_err *e)
{
	(void)e;
	strcat(seen, name);
	strcat(seen, image ? "+ " : "- ");
	return arg ? 7 : 0;
}

TEST(names_are_walked_in_order)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	begin(&store);
	seen[0] = '\0';
	CHECK_EQ(cfs_ref_each(&store.repo, note, NULL, &err), 0);
	CHECK(!*seen);
	CHECK_EQ(cfs_ref_set(&store, "b/c", &id, &err), 0);
	CHECK_EQ(cfs_ref_set(&store, "a", &id, &err), 0);
	make_link(root, "images/refs/z", "nothing");
	make_link(root, "images/refs/.tmp-1", "../" HEX);
	CHECK_EQ(cfs_ref_each(&store.repo, note, NULL, &err), 0);
	CHECK_STR(seen, "a+ b/c+ z- ");
	seen[0] = '\0';
	CHECK_EQ(cfs_ref_each(&store.repo, note, seen, &err), 7);
	CHECK_STR(seen, "a+ ");
}

TEST(what_is_deeper_than_a_name_can_be_is_left_out)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char path[4096] = "images/refs";

	begin(&store);
	CHECK_EQ(cfs_ref_set(&store, "a", &id, &err), 0);
	CHECK_EQ(cfs_ref_set(&store, "z", &id, &err), 0);
	for (int i = 0; i < CFS_DIR_DEPTH_MAX + 2; i++) {
		strcat(path, "/d");
		make_dir(root, path);
	}
	strcat(path, "/x");
	make_link(root, path, "../" HEX);
	seen[0] = '\0';
	CHECK_EQ(cfs_ref_each(&store.repo, note, NULL, &err), 0);
	CHECK_STR(seen, "a+ z+ ");
}
