/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck_run.h"

#include "tests/unit/repo/fsck.h"

TEST(a_secure_repository_wants_the_kernels_word)
{
	struct cfs_fsck count;

	start();
	count = look(true, false);
	CHECK(count.findings == 1 && count.objects_corrupted == 1);
	CHECK(strstr(said,
		     "object-verity-missing: " OBJECT " wants " ONE "\n"));
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .fill = 0x11 };
	CHECK_EQ(look(true, false).objects_corrupted, 1);
	CHECK(strstr(said,
		     "object-digest-mismatch: " OBJECT " wants " ONE " is 11"));
	fake.measure_result = -EIO;
	CHECK_EQ(look(false, false).objects_corrupted, 1);
	CHECK(strstr(said, "object-verity-failed: " OBJECT));
}

/* A file system finds the name that is asked for, in upper case too where it
 * does not tell them apart; digests are in lower case. */
TEST(names_of_objects_are_in_lower_case)
{
	char name[] = OBJECT;

	start();
	name[strlen(name) - 1] = 'A';
	put(root, name, "");
	CHECK_EQ(look(false, false).objects_corrupted, 1);
	CHECK(strstr(said, "object-invalid-name: objects/b8/03429503"));
	make_dir(root, "objects/AB");
	CHECK_EQ(look(false, false).findings, 2);
	CHECK(strstr(said, "object-invalid-name: objects/AB: "));
}

/* As on a disk that went bad below fs-verity: measured right, read wrong. */
TEST(what_the_kernel_vouches_for_is_read_on_request)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_fsck_params params = { .secure = true, .found = note };
	struct cfs_fsck count;
	struct cfs_digest id;

	start();
	CHECK_EQ(cfs_digest_from_hex(
			 "b803429503d95915829b29fdbc8bbad142f3abfd11b"
			 "1cadf5526582e685c0551",
			 64, &id, &err),
		 0);
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .digest = id.bytes };
	said[0] = '\0';
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 0);
	params.read_data = true;
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 0);
	put(root, OBJECT, "x");
	params.read_data = false;
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 0);
	params.read_data = true;
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK(count.findings == 1 && count.objects_corrupted == 1);
	CHECK(strstr(said, "object-digest-mismatch: " OBJECT));
}

/* Stores @n objects of @size bytes and a few. */
static void store_many(unsigned n, size_t size)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFREE uint8_t *bytes = calloc(1, size + n);
	struct cfs_repo repo = CFS_REPO_INIT;

	CHECK(bytes);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, &store, &err), 0);
	for (unsigned i = 0; i < n; i++) {
		struct cfs_digest id;

		CHECK_EQ(cfs_object_add_bytes(
				 &store, (struct cfs_bytes){ bytes, size + i },
				 &id, &err),
			 0);
	}
}

/* More than are hashed together; what is wrong with one is told of it. */
TEST(thousands_of_objects_are_looked_at)
{
	struct cfs_fsck count;

	start();
	store_many(4500, 2);
	store_many(3, 3 << 20);
	count = look(false, false);
	CHECK(count.findings == 0 && count.objects_checked == 4504);
	put(root, OBJECT, "other bytes");
	make_dir(root, "objects/0a-junk");
	put(root, "objects/ff/junk", "");
	count = look(false, false);
	CHECK(count.findings == 3 && count.objects_corrupted == 2);
	CHECK_EQ(count.objects_checked, 4505);
	/* In the order of their names. */
	CHECK(strstr(said, "0a-junk") < strstr(said, OBJECT));
	CHECK(strstr(said, OBJECT) < strstr(said, "objects/ff/junk"));
	CHECK(strstr(said, "object-digest-mismatch: " OBJECT " wants " ONE));
}

TEST(temporary_files_are_passed_over)
{
	start();
	put(root, "objects/.tmp-a", "");
	put(root, "objects/b8/.tmp-b", "");
	CHECK_EQ(look(false, false).findings, 0);
	CHECK_EQ(look(false, false).objects_checked, 1);
}

TEST(no_special_file_in_place_of_an_object_is_opened)
{
	CFS_AUTOFREE char *path = NULL;

	start();
	path = below(root, OBJECT);
	spoil_object();
	/* An open of it would wait for a writer. */
	CHECK_EQ(mkfifo(path, 0644), 0);
	CHECK_EQ(look(false, false).objects_corrupted, 1);
	CHECK(strstr(said, "object-open-failed: " OBJECT " wants " ONE
			   ": not a regular file\n"));
}

TEST(good_objects_are_remembered_and_bad_ones_as_damaged)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .threads = 1, .found = note };

	for (int bad = 0; bad < 2; bad++) {
		struct cfs_good good = { 0 };
		struct cfs_fsck_run run = { .params = &params, .good = &good };
		struct cfs_digest id;
		uint64_t size = 0;

		start();
		if (bad)
			put(root, OBJECT, "x");
		CHECK_EQ(cfs_digest_from_hex(ONE, strlen(ONE), &id, &err), 0);
		CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
		run.repo = &repo;
		run.objects = cfs_dir_open(repo.fd, "objects");
		CHECK_EQ(cfs_fsck_objects(&run, &err), 0);
		CHECK_EQ(cfs_fsck_is_good(&run, &id, &size), !bad);
		CHECK_EQ(size, !bad);
		CHECK_EQ(cfs_digest_set_has(&run.damaged, &id), bad);
		cfs_closep(&run.objects);
		cfs_digest_set_free(&run.damaged);
		cfs_good_free(&good);
		cfs_repo_close(&repo);
	}
}
