/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/check.h"

#include "tests/unit/ops/image.h"

static struct cfs_check_result checked;
static struct cfs_repo repo = CFS_REPO_INIT;
static const char *from;

static void check(struct cfs_check params)
{
	cfs_check_result_free(&checked);
	checked = (struct cfs_check_result){ 0 };
	params.threads = 1;
	cfs_repo_close(&repo);
	CHECK_EQ(cfs_check_repository(&access_of_root, &params, &repo, &checked,
				      &err),
		 0);
}

static void check_with_repair(void)
{
	check((struct cfs_check){ .from = &from, .n_from = 1 });
}

static bool found(enum cfs_fsck_code code)
{
	for (size_t i = 0; i < checked.findings.n; i++)
		if (cfs_findings_get(&checked.findings, i)->code == code)
			return true;
	return false;
}

TEST(a_sane_repository_has_no_findings)
{
	start_empty();
	(void)add_image("a", "ab");
	check((struct cfs_check){ 0 });
	CHECK(checked.has_meta);
	CHECK_EQ(checked.count.findings, 0);
	CHECK_EQ(checked.count.objects_checked, 3);
}

TEST(a_missing_object_is_a_record_that_names_its_image)
{
	const struct cfs_finding *f = NULL;
	const char *name;
	size_t at = 0;

	start_empty();
	(void)add_image("name", "ab");
	lose('b');
	check((struct cfs_check){ .metadata_only = true });
	CHECK(found(CFS_FSCK_IMAGE_MISSING_OBJECT));
	for (size_t i = 0; i < checked.findings.n; i++)
		if (cfs_findings_get(&checked.findings, i)->code ==
		    CFS_FSCK_IMAGE_MISSING_OBJECT)
			f = cfs_findings_get(&checked.findings, i);
	CHECK_EQ(f->n_files, 1);
	CHECK_STR(f->files[0], "/b");
	name = cfs_findings_next_name(&checked.findings, f, &at);
	CHECK(name);
	CHECK_STR(name, "name");
	CHECK(!cfs_findings_next_name(&checked.findings, f, &at));
}

TEST(nothing_is_repaired_unless_that_is_asked_for)
{
	start_empty();
	(void)add_image("a", "a");
	lose('a');
	check((struct cfs_check){ 0 });
	CHECK(checked.count.findings > 0);
	CHECK_EQ(checked.mended.objects.n, 0);
}

TEST(an_image_and_then_what_it_needs_are_repaired)
{
	CFS_AUTOFREE char *good = NULL;
	struct cfs_digest id;
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFREE char *image = NULL;

	start_empty();
	(void)add_image("a", "ab");
	good = strdup(root);
	from = good;
	start_empty();
	id = add_image("a", "ab");
	lose('a');
	lose('b');
	cfs_digest_to_path(&id, path + strlen(path));
	image = below(root, path);
	CHECK_EQ(unlink(image), 0);
	check_with_repair();
	CHECK_EQ(checked.count.findings, 0);
	CHECK_EQ(checked.mended.objects.n, 3);
}

TEST(what_cannot_be_repaired_remains_a_finding)
{
	CFS_AUTOFREE char *empty = NULL;

	start_empty();
	(void)add_image("a", "a");
	lose('a');
	empty = strdup(fresh_dir());
	from = empty;
	check_with_repair();
	CHECK(found(CFS_FSCK_IMAGE_MISSING_OBJECT));
	CHECK_EQ(checked.mended.objects.n, 0);
}

TEST(a_source_that_does_not_exist_is_an_error)
{
	const struct cfs_check params = { .from = &from, .n_from = 1 };
	CFS_AUTOREPO struct cfs_repo left_open = CFS_REPO_INIT;

	start_empty();
	(void)add_image("a", "a");
	lose('a');
	from = "/nonexistent";
	cfs_check_result_free(&checked);
	checked = (struct cfs_check_result){ 0 };
	CHECK_EQ(cfs_check_repository(&access_of_root, &params, &left_open,
				      &checked, &err),
		 -ENOENT);
	CHECK_EQ(left_open.fd, -EBADF);
}

static bool others_may_lock_it(void)
{
	CFS_AUTOREPO struct cfs_repo other = CFS_REPO_INIT;

	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &other, &err), 1);
	return cfs_repo_trylock(&other, CFS_LOCK_EXCLUSIVE);
}

TEST(the_repository_stays_locked_until_it_is_closed)
{
	start_empty();
	(void)add_image("a", "ab");
	check((struct cfs_check){ .metadata_only = true });
	CHECK(!others_may_lock_it());
	cfs_repo_close(&repo);
	CHECK(others_may_lock_it());
}

TEST(after_repairs_and_after_vain_ones_the_repository_is_locked_too)
{
	CFS_AUTOFREE char *good = NULL;

	start_empty();
	(void)add_image("a", "a");
	good = strdup(root);
	start_empty();
	(void)add_image("a", "ab");
	lose('a');
	from = good;
	check_with_repair();
	CHECK_EQ(checked.mended.objects.n, 1);
	CHECK(!others_may_lock_it());
	lose('b');
	check_with_repair();
	CHECK_EQ(checked.mended.objects.n, 0);
	CHECK(!others_may_lock_it());
}

TEST(an_open_repository_is_checked_where_it_was_moved)
{
	CFS_AUTOFREE char *elsewhere = NULL;

	start_empty();
	(void)add_image("a", "ab");
	lose('b');
	cfs_repo_close(&repo);
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	CHECK(asprintf(&elsewhere, "%s.moved", root) > 0);
	CHECK_EQ(rename(root, elsewhere), 0);
	cfs_check_result_free(&checked);
	checked = (struct cfs_check_result){ 0 };
	CHECK_EQ(cfs_check_opened(&access_of_root, &repo,
				  &(struct cfs_check){ .threads = 1 }, &checked,
				  &err),
		 0);
	CHECK(checked.has_meta && !checked.meta_broken);
	CHECK_EQ(checked.count.objects_checked, 2);
	CHECK(found(CFS_FSCK_IMAGE_MISSING_OBJECT));
}
