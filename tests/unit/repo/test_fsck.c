/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck.h"

#include "repo/dir.h"
#include "tests/unit/repo/fsck.h"

static void remove_all(const char *path)
{
	CFS_AUTOFD int fd = open_dir(root);

	CHECK_EQ(strncmp(path, root, strlen(root)), 0);
	CHECK_EQ(cfs_dir_remove(fd, path + strlen(root) + 1, CFS_DIR_DEPTH_MAX,
				&err),
		 0);
}

TEST(a_sane_repository_has_no_findings)
{
	struct cfs_fsck count;

	start();
	count = look(false, false);
	CHECK(count.findings == 0 && count.objects_checked == 1);
	CHECK_EQ(look(false, true).objects_checked, 0);
}

TEST(findings_do_not_end_the_search)
{
	struct cfs_fsck count;

	start();
	put(root, OBJECT, "xx");
	put(root, "objects/junk", "");
	make_dir(root, "objects/00");
	put(root, "objects/00/junk", "");
	make_dir(root, "images");
	make_link(root, "images/nothing", "../objects/00/nothing");
	put(root, "images/file", "");
	make_dir(root, "images/refs");
	make_link(root, "images/refs/x", "../gone");
	count = look(false, false);
	CHECK(count.findings == 6 && count.objects_checked == 2);
	CHECK(count.objects_corrupted == 2 && count.images_checked == 2);
	CHECK(count.images_corrupted == 2 && count.broken_links == 1);
}

/* Whatever stands where a directory, a link or a file should be. */
TEST(every_kind_of_file_in_every_place_is_a_finding)
{
	static const char *const places[] = {
		"objects",     "objects/b8",   OBJECT,
		"streams",     "streams/refs", "streams/a",
		"images",      "images/refs",  "images/refs/a",
		"images/" ONE, "signatures",   "signatures/" ONE ".p7s",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(places); i++) {
		for (int kind = 0; kind < 4; kind++) {
			CFS_AUTOFREE char *path = NULL;
			struct cfs_fsck count;
			bool wanted;

			start();
			path = below(root, places[i]);
			for (char *c = path + strlen(root) + 1;
			     (c = strchr(c, '/')); c++) {
				*c = '\0';
				(void)mkdir(path, 0755);
				*c = '/';
			}
			remove_all(path);
			if (kind == 0)
				CHECK_EQ(mkfifo(path, 0644), 0);
			else if (kind == 1)
				CHECK_EQ(symlink("/etc/passwd", path), 0);
			else if (kind == 2)
				CHECK_EQ(mkdir(path, 0755), 0);
			else
				put(root, places[i], "text");
			/* What belongs there, or is empty like it. */
			wanted = kind == 2 && !strstr(places[i], ONE) &&
				 !strstr(places[i], OBJECT) &&
				 strcmp(places[i], "streams/a") != 0;
			wanted |= kind == 3 && strstr(places[i], ".p7s");
			count = look(false, false);
			CHECK_EQ((count.findings == 0), wanted);
		}
	}
}

TEST(broken_metadata_does_not_end_the_check)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_fsck_params params = { .found = note };
	struct cfs_fsck count;
	struct cfs_err why;

	start();
	CHECK_EQ(cfs_fsck_open(root, &repo, &why, &err), 1);
	CHECK_EQ(why.code, 0);
	CHECK(repo.has_meta);
	cfs_repo_close(&repo);
	put(root, "meta.json", "{ \"version\": 1");
	CHECK_EQ(cfs_fsck_open(root, &repo, &why, &err), 1);
	CHECK_EQ(why.code, EINVAL);
	CHECK(strstr(why.msg, "meta.json"));
	CHECK(!repo.has_meta);
	repo.meta.alg = CFS_ALG_SHA256;
	params.meta_error = why.msg;
	put(root, OBJECT, "x");
	said[0] = '\0';
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 2);
	CHECK(strstr(said, "metadata-parse-failed: meta.json: "));
	CHECK(strstr(said, "object-digest-mismatch: "));
	cfs_repo_close(&repo);
	put(root, "meta.json", "{ \"version\": 9 }");
	CHECK_EQ(cfs_fsck_open(root, &repo, &why, &err), -EOPNOTSUPP);
	CHECK_EQ(cfs_fsck_open("/nonexistent", &repo, &why, &err), 0);
}

TEST(a_repository_that_others_may_enter_is_warned_of)
{
	struct cfs_fsck count;

	start();
	CHECK_EQ(look(false, false).warnings, 0);
	CHECK_EQ(chmod(root, 0755), 0);
	count = look(false, false);
	CHECK(count.findings == 0 && count.warnings == 1);
	CHECK(strstr(said, "open-to-others: .: "));
}
