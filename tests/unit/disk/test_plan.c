/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/plan.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "disk/walk.h"
#include "tests/test.h"

/* Of one zero byte and of nothing; source: `fsverity digest` 1.5. */
#define ONE_ZERO \
	"b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"
#define EMPTY "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"
#define META  "{\"version\":1,\"algorithm\":\"fsverity-sha256-12\"}"

static struct cfs_err err;
static char root[512];

static void put(const char *name, const void *data, size_t len)
{
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(path, 0755);
		*p = '/';
	}
	f = fopen(path, "w");
	CHECK(f);
	CHECK_EQ(fwrite(data, 1, len, f), len);
	CHECK_EQ(fclose(f), 0);
}

static void fresh(void)
{
	snprintf(root, sizeof(root), "%s/plan.XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(root));
}

static void open_repo(struct cfs_repo *repo)
{
	fresh();
	put("meta.json", META, strlen(META));
	put("objects/b8/03429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e"
	    "685c0551",
	    "", 1);
	put("objects/3d/248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128"
	    "a1f1af95",
	    "", 0);
	put("signatures/" ONE_ZERO ".p7s", "sig", 3);
	put("images/refs/.tmp-1", "x", 1);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, repo, &err), 1);
}

static const struct cfs_plan_entry *find(const struct cfs_plan *plan,
					 const char *name)
{
	for (unsigned i = 0; i < plan->n; i++)
		if (strcmp(plan->v[i].name, name) == 0)
			return &plan->v[i];
	return NULL;
}

TEST(repository_is_planned_with_its_signatures)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOPLAN struct cfs_plan plan = { .with_signatures = true };
	const struct cfs_plan_entry *e;

	open_repo(&repo);
	CHECK_EQ(cfs_plan_repo(&plan, &repo, NULL, &err), 0);
	e = find(&plan, &ONE_ZERO[2]);
	CHECK(e);
	CHECK_EQ(e->kind, CFS_PLAN_OBJECT);
	CHECK_EQ(e->size, 1);
	CHECK(e->has_signature);
	CHECK_EQ(e->blocks, 2);
	e = find(&plan, &EMPTY[2]);
	CHECK(e);
	CHECK(!e->has_signature);
	CHECK_EQ(e->blocks, 1);
	e = find(&plan, "meta.json");
	CHECK(e);
	CHECK_EQ(e->kind, CFS_PLAN_META);
	CHECK_EQ(e->size, strlen(META));
	CHECK(find(&plan, "streams"));
	CHECK(find(&plan, ONE_ZERO ".p7s"));
	CHECK(!find(&plan, ".tmp-1"));
	for (unsigned i = 1; i < plan.n; i++)
		CHECK(plan.v[i].parent < i);
}

TEST(signatures_can_be_left_out)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };

	open_repo(&repo);
	CHECK_EQ(cfs_plan_repo(&plan, &repo, NULL, &err), 0);
	CHECK(!find(&plan, &ONE_ZERO[2])->has_signature);
	CHECK(find(&plan, ONE_ZERO ".p7s"));
}

/* A pack of the image @image with a signature of the object of no bytes. */
static void put_pack(const char *image, const char *der)
{
	struct cfs_sigpack_entry e = { .der = { (const uint8_t *)der,
						strlen(der) } };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char name[sizeof("signatures/.pack") + CFS_DIGEST_HEX_MAX];

	CHECK_EQ(cfs_digest_from_hex(EMPTY, 64, &e.id, &err), 0);
	CHECK_EQ(cfs_sigpack_write(&e, 1, &buf, &err), 0);
	snprintf(name, sizeof(name), "signatures/%s.pack", image);
	put(name, buf.data, buf.len);
}

static void plan_uuid(bool with_signatures, struct cfs_digest_set *images,
		      uint8_t uuid[static 16], struct cfs_plan *plan)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTODIGESTSET struct cfs_digest_set objects = { 0 };
	const struct cfs_plan_choice only = { images, &objects };
	struct cfs_digest id;

	CHECK_EQ(cfs_digest_from_hex(EMPTY, 64, &id, &err), 0);
	CHECK_EQ(cfs_digest_set_add(&objects, &id, &err), 0);
	plan->with_signatures = with_signatures;
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_plan_repo(plan, &repo, images ? &only : NULL, &err), 0);
	CHECK_EQ(cfs_plan_uuid(plan, "salt", uuid, &err), 0);
}

TEST(signatures_of_packs_are_planned_and_the_packs_are_not)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOPLAN struct cfs_plan plan = { 0 }, other = { 0 };
	uint8_t uuid[16], uuid2[16];
	const struct cfs_plan_entry *e;

	open_repo(&repo);
	put_pack(ONE_ZERO, "pack");
	plan_uuid(true, NULL, uuid, &plan);
	e = find(&plan, &EMPTY[2]);
	CHECK(!e->has_signature && e->in_pack);
	e = find(&plan, &ONE_ZERO[2]);
	CHECK(e->has_signature && !e->in_pack);
	CHECK(find(&plan, ONE_ZERO ".p7s"));
	CHECK(!find(&plan, ONE_ZERO ".pack"));
	/* Another signature of the same length makes another disk. */
	put_pack(ONE_ZERO, "kcap");
	plan_uuid(true, NULL, uuid2, &other);
	CHECK(memcmp(uuid, uuid2, sizeof(uuid)) != 0);
}

TEST(without_signatures_there_are_none_of_packs_either)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };
	uint8_t uuid[16];

	open_repo(&repo);
	put_pack(ONE_ZERO, "pack");
	plan_uuid(false, NULL, uuid, &plan);
	CHECK(!find(&plan, &EMPTY[2])->in_pack);
	CHECK(!find(&plan, ONE_ZERO ".pack"));
}

TEST(packs_of_images_that_are_not_chosen_do_not_count)
{
	for (int chosen = 0; chosen < 2; chosen++) {
		CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
		CFS_AUTODIGESTSET struct cfs_digest_set images = { 0 };
		CFS_AUTOPLAN struct cfs_plan plan = { 0 };
		const char *hex = chosen ? ONE_ZERO : EMPTY;
		struct cfs_digest id;
		uint8_t uuid[16];

		open_repo(&repo);
		put_pack(ONE_ZERO, "pack");
		CHECK_EQ(cfs_digest_from_hex(hex, 64, &id, &err), 0);
		CHECK_EQ(cfs_digest_set_add(&images, &id, &err), 0);
		plan_uuid(true, &images, uuid, &plan);
		CHECK_EQ(find(&plan, &EMPTY[2])->in_pack, chosen);
		CHECK(!find(&plan, ONE_ZERO ".pack"));
	}
}

TEST(repository_without_meta_json_is_refused)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };

	open_repo(&repo);
	repo.has_meta = false;
	CHECK_EQ(cfs_plan_repo(&plan, &repo, NULL, &err), -ENOENT);
}

TEST(object_that_is_no_file_is_refused)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };
	char path[1024];

	open_repo(&repo);
	snprintf(path, sizeof(path), "%s/objects/3d/%s", root, &EMPTY[2]);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(symlink("/etc/passwd", path), 0);
	CHECK_EQ(cfs_plan_repo(&plan, &repo, NULL, &err), -EINVAL);
	CHECK(strstr(err.msg, "not a regular file"));
}

TEST(state_has_three_directories_once)
{
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };
	struct cfs_digest id;

	CHECK_EQ(cfs_digest_from_hex(ONE_ZERO, 64, &id, &err), 0);
	CHECK_EQ(cfs_plan_state(&plan, &id, 0751, 0711, &err), 0);
	CHECK_EQ(find(&plan, ONE_ZERO)->mode, 0755);
	CHECK_EQ(find(&plan, "upper")->mode, 0751);
	CHECK_EQ(find(&plan, "work")->mode, 0700);
	CHECK_EQ(find(&plan, "var")->mode, 0711);
	CHECK_EQ(cfs_plan_state(&plan, &id, 0755, 0755, &err), -EEXIST);
	CHECK_EQ(cfs_digest_from_hex(EMPTY, 64, &id, &err), 0);
	CHECK_EQ(cfs_plan_state(&plan, &id, 0755, 0755, &err), 0);
	CHECK_EQ(plan.n, 1 + 2 + 2 * 5);
}

TEST(added_trees_are_filled_up_not_replaced)
{
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };
	const struct cfs_plan_entry *e;
	char path[1024];

	fresh();
	put("a/b/one", "1", 1);
	put("c/b/two", "22", 2);
	snprintf(path, sizeof(path), "%s/a", root);
	CHECK_EQ(cfs_plan_add(&plan, path, "/boot", &err), 0);
	snprintf(path, sizeof(path), "%s/c", root);
	CHECK_EQ(cfs_plan_add(&plan, path, "/boot", &err), 0);
	CHECK_EQ(plan.n, 5);
	e = find(&plan, "two");
	CHECK_EQ(e->size, 2);
	CHECK_EQ(plan.v[e->parent].name[0], 'b');
	CHECK_EQ(find(&plan, "one")->parent, e->parent);
	CHECK_EQ(cfs_plan_add(&plan, path, "/boot", &err), -EEXIST);
}

TEST(paths_that_are_none_are_refused)
{
	static const char *const bad[] = { "",	   "boot",  "/a//b", "/a/",
					   "/./a", "/a/..", "/.",    "//" };

	fresh();
	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CFS_AUTOPLAN struct cfs_plan plan = { 0 };

		CHECK_EQ(cfs_plan_add(&plan, root, bad[i], &err), -EINVAL);
	}
}

TEST(root_can_be_filled)
{
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };

	fresh();
	put("x", "1", 1);
	put("..y", "1", 1);
	CHECK_EQ(cfs_plan_add(&plan, root, "/", &err), 0);
	CHECK_EQ(plan.n, 3);
	CHECK_EQ(find(&plan, "x")->parent, 0);
}

TEST(a_link_that_took_the_place_of_a_directory_is_not_followed)
{
	CFS_AUTOPLAN struct cfs_plan plan = { 0 };
	char dir[1024], away[1024], link[1024];
	const struct cfs_plan_entry *e;
	struct stat st;
	int fd;

	fresh();
	put("a/b/passwd", "1", 1);
	put("other/passwd", "2", 1);
	snprintf(dir, sizeof(dir), "%s/a/b", root);
	snprintf(away, sizeof(away), "%s/away", root);
	snprintf(link, sizeof(link), "%s/link", root);
	CHECK_EQ(symlink("a", link), 0);
	strcat(link, "/b");
	/* A link on the way to what is added is the caller's. */
	CHECK_EQ(cfs_plan_add(&plan, link, "/b", &err), 0);
	e = find(&plan, "passwd");
	fd = cfs_plan_open_local(e->from, &st, &err);
	CHECK(fd >= 0);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(rename(dir, away), 0);
	CHECK_EQ(symlink("../other", dir), 0);
	CHECK_EQ(cfs_plan_open_local(e->from, &st, &err), -ELOOP);
}

TEST(identity_follows_the_contents)
{
	uint8_t a[16], b[16];

	for (int i = 0; i < 2; i++) {
		CFS_AUTOPLAN struct cfs_plan plan = { 0 };

		fresh();
		put("x", i ? "2" : "1", 1);
		CHECK_EQ(cfs_plan_add(&plan, root, "/", &err), 0);
		CHECK_EQ(cfs_plan_uuid(&plan, "s", i ? b : a, &err), 0);
		CHECK_EQ((a[6] & 0xf0), 0x80);
		CHECK_EQ((a[8] & 0xc0), 0x80);
		if (i == 0)
			continue;
		CHECK(memcmp(a, b, 16) != 0);
		put("x", "1", 1);
		cfs_plan_free(&plan);
		CHECK_EQ(cfs_plan_add(&plan, root, "/", &err), 0);
		CHECK_EQ(cfs_plan_uuid(&plan, "s", b, &err), 0);
		CHECK_MEM(a, b, 16);
		CHECK_EQ(cfs_plan_uuid(&plan, "t", b, &err), 0);
		CHECK(memcmp(a, b, 16) != 0);
	}
}
