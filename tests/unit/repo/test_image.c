/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/image.h"

#include "repo/open.h"
#include "tests/unit/repo/repo.h"

#define HEX  "ab00000000000000000000000000000000000000000000000000000000000001"
#define REST "00000000000000000000000000000000000000000000000000000000000001"

static struct cfs_err err;
static struct cfs_repo repo = CFS_REPO_INIT;
static char root[4096];

static void start(void)
{
	strcpy(root, fresh_dir());
	make_dir(root, "objects");
	make_dir(root, "objects/ab");
	make_dir(root, "images");
	cfs_repo_close(&repo);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
}

static int look(int *fd)
{
	struct cfs_digest id;

	CHECK_EQ(cfs_digest_from_hex(HEX, strlen(HEX), &id, &err), 0);
	return cfs_repo_open_image(&repo, &id, fd, &err);
}

static int refusal(void)
{
	int fd = -1, r = look(&fd);

	CHECK_EQ(fd, -1);
	return r;
}

TEST(an_image_is_found_by_its_digest)
{
	CFS_AUTOFD int fd = -EBADF;
	char text[8] = { 0 };

	start();
	put(root, "objects/ab/" REST, "erofs");
	make_link(root, "images/" HEX, "../objects/ab/" REST);
	CHECK_EQ(look(&fd), CFS_IMAGE_PRESENT);
	CHECK_EQ(read(fd, text, sizeof(text)), 5);
	CHECK(!strcmp(text, "erofs"));
	CHECK_EQ((fcntl(fd, F_GETFL) & O_ACCMODE), O_RDONLY);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

TEST(absent_and_dangling_names_are_told_apart)
{
	start();
	CHECK_EQ(refusal(), CFS_IMAGE_ABSENT);
	make_link(root, "images/" HEX, "../objects/ab/" REST);
	CHECK_EQ(refusal(), CFS_IMAGE_DANGLING);
}

TEST(a_repository_without_images_has_none)
{
	CFS_AUTOFREE char *path = NULL;

	start();
	path = below(root, "images");
	CHECK_EQ(rmdir(path), 0);
	CHECK_EQ(refusal(), CFS_IMAGE_ABSENT);
}

TEST(names_below_refs_are_never_looked_at)
{
	start();
	make_dir(root, "images/refs");
	put(root, "images/refs/" HEX, "erofs");
	CHECK_EQ(refusal(), CFS_IMAGE_ABSENT);
}

TEST(links_that_leave_the_repository_are_refused)
{
	start();
	make_link(root, "images/" HEX, "/etc/hostname");
	CHECK_EQ(refusal(), -EXDEV);
	start();
	make_link(root, "images/" HEX, "../../../../etc/hostname");
	CHECK_EQ(refusal(), -EXDEV);
	CHECK(strstr(err.msg, "leaves the repository"));
}

TEST(a_loop_of_links_is_refused)
{
	start();
	make_link(root, "images/" HEX, HEX);
	CHECK_EQ(refusal(), -ELOOP);
}

TEST(what_is_no_regular_file_is_refused_without_opening_it)
{
	CFS_AUTOFREE char *path = NULL;

	start();
	path = below(root, "objects/ab/" REST);
	make_link(root, "images/" HEX, "../objects/ab/" REST);
	CHECK_EQ(mkfifo(path, 0644), 0);
	CHECK_EQ(refusal(), -EINVAL);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(mkdir(path, 0755), 0);
	CHECK_EQ(refusal(), -EINVAL);
}

TEST(an_empty_image_is_refused_with_its_cure)
{
	start();
	put(root, "objects/ab/" REST, "");
	make_link(root, "images/" HEX, "../objects/ab/" REST);
	CHECK_EQ(refusal(), -EINVAL);
	CHECK(strstr(err.msg, "is empty"));
}
