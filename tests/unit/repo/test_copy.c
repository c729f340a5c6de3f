/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "tests/test.h"

#define BLOCK  4096u
#define BLOCKS 600u /* more than are copied at once */

static struct cfs_err err;
static uint8_t want[BLOCKS * BLOCK + 1], have[sizeof(want) + 1];

static int new_file(void)
{
	int fd = open(getenv("TMPDIR"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	return fd;
}

/* A file of which @data says for each block whether it is a hole ('-'), zeros
 * ('0') or something else, and of so many bytes more; its bytes are in want. */
static int source(const char *data, size_t more)
{
	int fd = new_file();
	size_t n = strlen(data);

	CHECK(n * BLOCK + more <= sizeof(want));
	memset(want, 0, sizeof(want));
	for (size_t i = 0; i < n; i++) {
		off_t off = (off_t)(i * BLOCK);

		if (data[i] != '0' && data[i] != '-')
			want[off + data[i] % BLOCK] = 'x';
		if (data[i] != '-')
			CHECK_EQ(pwrite(fd, want + off, BLOCK, off), BLOCK);
	}
	CHECK_EQ(ftruncate(fd, (off_t)(n * BLOCK + more)), 0);
	return fd;
}

/* Has @fd exactly the bytes in want, from @skip on? */
static bool is_copy(int fd, size_t skip, size_t len)
{
	memset(have, 0xee, sizeof(have));
	return cfs_pread_full(fd, have, sizeof(have), 0) ==
		       (ssize_t)(len - skip) &&
	       memcmp(have, want + skip, len - skip) == 0;
}

/* Blocks of @fd that are no holes.  What fstat() counts may be more: ext4
 * counts the blocks of a fragmented file's extent tree, too. */
static unsigned blocks(int fd)
{
	off_t n = 0, hole = 0, data;

	while ((data = lseek(fd, hole, SEEK_DATA)) >= 0) {
		hole = lseek(fd, data, SEEK_HOLE);
		CHECK(hole > data);
		n += (hole - data + BLOCK - 1) / BLOCK;
	}
	CHECK_EQ(errno, ENXIO);
	return (unsigned)n;
}

/* Where files have no holes there is nothing to see. */
static bool has_holes(void)
{
	CFS_AUTOFD int fd = new_file();

	CHECK_EQ(ftruncate(fd, 1 << 20), 0);
	CHECK_EQ(pwrite(fd, "x", 1, 0), 1);
	return blocks(fd) == 1;
}

static struct cfs_digest digest(size_t len)
{
	struct cfs_digest id;

	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256,
					 (struct cfs_bytes){ want, len }, &id,
					 &err),
		 0);
	return id;
}

static const char *const patterns[] = {
	"-", "--------", "0000", "a", "a-", "-a", "a-b0c--", "--a00--b",
};

TEST(bytes_in_memory_leave_holes_for_zeros)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(patterns); i++) {
		for (size_t more = 0; more < 2; more++) {
			CFS_AUTOFD int from = source(patterns[i], more);
			CFS_AUTOFD int to = new_file();
			size_t len = strlen(patterns[i]) * BLOCK + more;
			unsigned data = 0;

			CHECK(from >= 0); /* what counts is @want */
			for (const char *c = patterns[i]; *c; c++)
				data += *c != '-' && *c != '0';
			CHECK_EQ(cfs_copy_bytes((struct cfs_bytes){ want, len },
						to, &err),
				 0);
			CHECK(is_copy(to, 0, len));
			CHECK(!has_holes() || blocks(to) == data);
		}
	}
}

/* Copies it by hand (with a digest) and inside the kernel. */
static void check_copies(const char *pattern, size_t more, unsigned data)
{
	size_t len = strlen(pattern) * BLOCK + more;

	for (int by_hand = 0; by_hand < 2; by_hand++) {
		CFS_AUTOFD int from = source(pattern, more);
		CFS_AUTOFD int to = new_file();
		struct cfs_clones clones = { .refused = true };
		struct cfs_digest id = digest(len);
		int r = cfs_copy_known(from, len, to, by_hand ? &id : NULL,
				       &clones, &err);

		CHECK_EQ(r, (by_hand ? CFS_COPIED_HASHED : CFS_COPIED));
		CHECK(is_copy(to, 0, len));
		CHECK(!has_holes() || blocks(to) == data);
	}
}

TEST(copies_keep_holes)
{
	char long_one[BLOCKS + 1];

	check_copies("a-b-c--", 0, 3);
	check_copies("--a-", 1, 1);
	check_copies("-", 0, 0);
	/* Too long for one buffer: data, a hole, data, a hole. */
	memset(long_one, '-', BLOCKS);
	long_one[BLOCKS] = '\0';
	memset(long_one, 'a', 70);
	memset(long_one + 300, 'b', 100);
	check_copies(long_one, 1, 170);
	memset(long_one, '-', BLOCKS);
	check_copies(long_one, 0, 0);
}

TEST(files_without_holes_are_copied_whole)
{
	char long_one[BLOCKS + 1];

	memset(long_one, 'a', BLOCKS);
	long_one[BLOCKS] = '\0';
	check_copies(long_one, 0, BLOCKS);
}

TEST(a_copy_that_is_another_file_by_now_is_refused)
{
	CFS_AUTOFD int from = source("a-b", 0);
	CFS_AUTOFD int to = new_file();
	struct cfs_clones clones = { .refused = true };
	struct cfs_digest id = digest(BLOCK);

	CHECK_EQ(cfs_copy_known(from, 3 * BLOCK, to, &id, &clones, &err),
		 -ESTALE);
}

TEST(a_file_that_became_shorter_is_copied_as_far_as_it_goes)
{
	CFS_AUTOFD int from = source("abc", 0);
	CFS_AUTOFD int to = new_file();
	struct cfs_clones clones = { .refused = true };

	CHECK_EQ(cfs_copy_known(from, 1 << 20, to, NULL, &clones, &err), 0);
	CHECK(is_copy(to, 0, 3 * BLOCK));
}

TEST(the_rest_of_a_file_is_copied_with_its_holes)
{
	char long_one[BLOCKS + 1];
	size_t len = BLOCKS * BLOCK + 1;

	memset(long_one, '-', BLOCKS);
	long_one[BLOCKS] = '\0';
	memset(long_one + 100, 'a', 100);
	memset(long_one + 500, 'b', 50);
	for (size_t skip = 0; skip <= 5 * BLOCK; skip += 5 * BLOCK) {
		CFS_AUTOFD int from = source(long_one, 1);
		CFS_AUTOFD int to = new_file();

		CHECK(lseek(from, (off_t)skip, SEEK_SET) >= 0);
		CHECK_EQ(cfs_copy_rest(from, to, &err), 0);
		CHECK(is_copy(to, skip, len));
		CHECK(!has_holes() || blocks(to) == 150);
	}
}

TEST(what_a_pipe_gives_goes_behind_what_is_there)
{
	CFS_AUTOFD int to = new_file();
	int ends[2];

	memset(want, 0, sizeof(want));
	memset(want, 'a', 10);
	want[30000] = 'b';
	CHECK_EQ(write(to, want, 10), 10);
	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(write(ends[1], want + 10, 40000), 40000);
	CHECK_EQ(close(ends[1]), 0);
	CHECK_EQ(cfs_copy_rest(ends[0], to, &err), 0);
	CHECK_EQ(close(ends[0]), 0);
	CHECK(is_copy(to, 0, 40010));
}
