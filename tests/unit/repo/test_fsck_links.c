/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck_run.h"

#include "tests/unit/repo/fsck.h"

static void dig(const char *start_at, int depth, char path[static 4096])
{
	strcpy(path, start_at);
	for (int i = 0; i < depth; i++) {
		strcat(path, "/d");
		make_dir(root, path);
	}
}

TEST(directories_of_names_are_followed_to_a_limit)
{
	struct cfs_fsck count;
	char path[4096];

	start();
	make_dir(root, "images");
	make_dir(root, "images/refs");
	dig("images/refs", 70, path);
	strcat(path, "/unseen");
	make_link(root, path, "nowhere");
	make_link(root, "images/refs/z", "../gone");
	make_dir(root, "signatures");
	put(root, "signatures/z", "");
	count = look(false, false);
	CHECK(count.findings == 3 && count.broken_links == 1);
	CHECK(strstr(said, "nested-too-deeply: images/refs/d/d/"));
	CHECK(strstr(said, "broken-symlink: images/refs/z: "));
	CHECK(strstr(said, "signature-invalid: signatures/z: "));
}

/* Other programs may nest directories to paths longer than PATH_MAX. */
TEST(names_longer_than_a_path_are_a_finding)
{
	CFS_AUTOFREE char *refs = NULL;
	char name[256] = { 0 };
	struct cfs_fsck count;
	int fd;

	start();
	make_dir(root, "images");
	make_dir(root, "images/refs");
	make_link(root, "images/refs/z", "../gone");
	refs = below(root, "images/refs");
	fd = open_dir(refs);
	memset(name, 'n', 255);
	for (int i = 0; i < 20; i++) {
		int next;

		CHECK_EQ(mkdirat(fd, name, 0755), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY);
		CHECK(next >= 0);
		CHECK_EQ(close(fd), 0);
		fd = next;
	}
	CHECK_EQ(symlinkat("nowhere", fd, "unseen"), 0);
	CHECK_EQ(close(fd), 0);
	count = look(false, false);
	CHECK_EQ(count.findings, 2);
	CHECK(strstr(said, "nested-too-deeply: images/refs/nnnn"));
	CHECK(strstr(said, "broken-symlink: images/refs/z: "));
}

/* Checks names alone. */
static struct cfs_fsck look_at_links(void)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .metadata_only = true,
						.found = note };
	struct cfs_fsck_run run = { .params = &params };

	said[0] = '\0';
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	run.repo = &repo;
	run.objects = cfs_dir_open(repo.fd, "objects");
	CHECK_EQ(cfs_fsck_links(&run, &err), 0);
	cfs_closep(&run.objects);
	return run.count;
}

TEST(a_repository_without_names_has_none_to_find_fault_with)
{
	start();
	CHECK_EQ(look_at_links().findings, 0);
	CHECK_STR(said, "");
}

TEST(a_link_that_leads_out_of_the_repository_is_not_followed)
{
	static const char *const links[] = { "streams/refs/a", "images/" ONE };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(links); i++) {
		start();
		make_dir(root, "streams");
		make_dir(root, "streams/refs");
		make_dir(root, "images");
		make_link(root, links[i], "/etc/passwd");
		CHECK_EQ(look_at_links().findings, 1);
		CHECK(strstr(said, links[i]));
	}
}

TEST(a_ref_of_an_image_leads_to_the_image_that_it_names)
{
	const struct claim claim = { "x", 1, ONE_PATH, ONE };
	char hex[CFS_DIGEST_HEX_MAX];
	CFS_AUTOFREE char *right = NULL, *wrong = NULL, *other = NULL;
	struct cfs_digest id;

	start();
	id = commit(1, &claim, 1);
	cfs_digest_to_hex(&id, hex);
	make_dir(root, "images/refs");
	CHECK(asprintf(&right, "../%s", hex) > 0);
	make_link(root, "images/refs/a", right);
	CHECK_EQ(look_at_links().findings, 0);
	/* The name of the image, in another directory. */
	make_dir(root, "images/refs/" ONE);
	CHECK(asprintf(&wrong, ONE "/%s", hex) > 0);
	other = below("images/refs", wrong);
	put(root, other, "another file");
	make_link(root, "images/refs/b", wrong);
	CHECK_EQ(look_at_links().broken_links, 1);
	CHECK(strstr(said, "broken-symlink: images/refs/b wants "));
	CHECK(strstr(said, "it leads to another file than the image"));
	make_link(root, "images/refs/c", "../" ONE);
	CHECK_EQ(look_at_links().broken_links, 2);
	CHECK(strstr(said,
		     "images/refs/c wants " ONE ": its image is missing\n"));
	make_link(root, "images/refs/d", "..");
	CHECK_EQ(look_at_links().broken_links, 3);
	CHECK(strstr(said, "images/refs/d: it does not name an image\n"));
}

TEST(a_ref_of_a_stream_leads_to_a_stream)
{
	start();
	make_dir(root, "streams");
	make_dir(root, "streams/refs");
	make_link(root, "streams/refs/a", "../../" OBJECT);
	CHECK_EQ(look_at_links().broken_links, 1);
	CHECK(strstr(said, "streams/refs/a: it does not lead to a stream\n"));
}

TEST(temporary_files_are_passed_over)
{
	start();
	make_dir(root, "images");
	make_dir(root, "images/refs");
	make_dir(root, "signatures");
	put(root, "images/.tmp-a", "");
	put(root, "images/refs/.tmp-b", "");
	put(root, "signatures/.tmp-c", "");
	CHECK_EQ(look_at_links().findings, 0);
}

TEST(a_signature_is_a_file_of_some_bytes_with_the_name_of_a_digest)
{
	static const struct {
		const char *name, *text, *words;
	} cases[] = {
		{ ONE ".p7s", "signature", NULL },
		{ ONE ".p7s", "", "it is empty" },
		{ ONE, "signature", "not named by the digest" },
		{ ONE ".p7s.p7s", "signature", "not named by the digest" },
		{ "A" ONE ".p7s", "signature", "not named by the digest" },
		{ ONE ONE ".p7s", "signature", "not named by the digest" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		CFS_AUTOFREE char *path = below("signatures", cases[i].name);

		start();
		make_dir(root, "signatures");
		put(root, path, cases[i].text);
		CHECK_EQ(look_at_links().findings, cases[i].words != NULL);
		CHECK(!cases[i].words || strstr(said, cases[i].words));
	}
}
