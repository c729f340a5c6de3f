/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/offer.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "tests/test.h"

static struct cfs_offer offer;

static int new_root(void)
{
	char dir[4096];
	int fd;

	snprintf(dir, sizeof(dir), "%s/offer-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_EQ(mkdirat(fd, "composefs", 0755), 0);
	CHECK_EQ(mkdirat(fd, "composefs/images", 0755), 0);
	return fd;
}

/* 64 times @c, with @last at the end. */
static const char *digest(char c, char last)
{
	static char hex[65];

	memset(hex, c, 64);
	hex[63] = last;
	return hex;
}

static void add(int root, const char *name, time_t time)
{
	const struct timespec times[2] = { { time, 0 }, { time, 0 } };
	char path[512];

	snprintf(path, sizeof(path), "composefs/images/%s", name);
	CHECK_EQ(symlinkat("../objects/x", root, path), 0);
	CHECK_EQ(utimensat(root, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

TEST(the_newest_come_first_when_nothing_was_asked_for)
{
	CFS_AUTOFD int root = new_root();

	add(root, digest('a', '1'), 100);
	add(root, digest('b', '1'), 400);
	add(root, digest('c', '1'), 300);
	add(root, digest('d', '1'), 200);
	cfs_offer_find(root, "", &offer);
	CHECK_EQ(offer.n, CFS_OFFER_MAX);
	CHECK_EQ(offer.total, 4);
	CHECK_EQ(offer.hex[0][0], 'b');
	CHECK_EQ(offer.hex[1][0], 'c');
	CHECK_EQ(offer.hex[2][0], 'd');
}

TEST(the_most_like_come_first_when_a_digest_was_mistyped)
{
	CFS_AUTOFD int root = new_root();
	char wanted[65];

	add(root, digest('a', '1'), 900);
	add(root, digest('b', '1'), 900);
	add(root, digest('b', '2'), 100);
	strcpy(wanted, digest('b', '2'));
	wanted[20] = 'c';
	cfs_offer_find(root, wanted, &offer);
	CHECK_STR(offer.hex[0], digest('b', '2'));
	CHECK_STR(offer.hex[1], digest('b', '1'));
	/* Cut off in front. */
	cfs_offer_find(root, digest('b', '2') + 10, &offer);
	CHECK_STR(offer.hex[0], digest('b', '2'));
}

TEST(what_is_no_digest_is_not_offered)
{
	CFS_AUTOFD int root = new_root();
	char longer[129] = "";

	add(root, "refs", 1);
	add(root, "\033[2J", 1);
	add(root, "abcdef", 1);
	add(root, digest('A', 'A'), 1);
	add(root, digest('g', 'g'), 1);
	memset(longer, 'a', 127);
	add(root, longer, 1);
	cfs_offer_find(root, "", &offer);
	CHECK_EQ(offer.n, 0);
	CHECK_EQ(offer.total, 0);
	longer[127] = 'b';
	add(root, longer, 1);
	cfs_offer_find(root, "", &offer);
	CHECK_EQ(offer.n, 1);
	CHECK_STR(offer.hex[0], longer);
}

TEST(what_cannot_be_read_has_no_images)
{
	CFS_AUTOFD int root = new_root();

	CHECK_EQ(unlinkat(root, "composefs/images", AT_REMOVEDIR), 0);
	cfs_offer_find(root, "", &offer);
	CHECK_EQ(offer.n, 0);
	/* Nor is a link followed out of the disk. */
	CHECK_EQ(symlinkat("/proc", root, "composefs/images"), 0);
	cfs_offer_find(root, "", &offer);
	CHECK_EQ(offer.n, 0);
	CHECK_EQ(unlinkat(root, "composefs/images", 0), 0);
	CHECK_EQ(mkfifoat(root, "composefs/images", 0600), 0);
	cfs_offer_find(root, "", &offer);
	CHECK_EQ(offer.n, 0);
}
