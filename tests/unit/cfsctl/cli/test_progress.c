/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/progress.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>

#include "cfsctl/cli/tree_size.h"
#include "tests/test.h"

static bool says(struct cfs_progress *p, int64_t elapsed, const char *want)
{
	char text[CFS_PROGRESS_MAX];

	cmd_progress_text(p, elapsed, text);
	if (strcmp(text, want) == 0)
		return true;
	printf("# got '%s'\n", text);
	return false;
}

TEST(without_a_total_it_says_what_is_done)
{
	struct cfs_progress p = { .what = "read", .files = 12, .bytes = 3000 };

	CHECK(says(&p, 60000, "read 12 files, 2.93 KiB"));
}

TEST(with_a_total_it_says_how_much_is_left)
{
	struct cfs_progress p = { .what = "stored",
				  .bytes = 1024,
				  .total = 4096 };

	CHECK(says(&p, 0, "stored 1.00 KiB of 4.00 KiB (25 %)"));
	CHECK(says(&p, 20000, "stored 1.00 KiB of 4.00 KiB (25 %), 1:01 left"));
	p.bytes = 4095;
	CHECK(says(&p, 20000, "stored 4.00 KiB of 4.00 KiB (99 %), 1 s left"));
	p.bytes = 0;
	CHECK(says(&p, 20000, "stored 0 B of 4.00 KiB (0 %)"));
}

TEST(a_total_that_was_too_small_grows)
{
	struct cfs_progress p = { .what = "read",
				  .bytes = 2048,
				  .total = 1024 };

	CHECK(says(&p, 20000, "read 2.00 KiB of 2.00 KiB (100 %), finishing"));
}

TEST(the_longest_line_fits)
{
	struct cfs_progress p = { .what = "stored",
				  .bytes = 1,
				  .total = UINT64_MAX };
	char text[CFS_PROGRESS_MAX];

	cmd_progress_text(&p, INT64_MAX / 1000000, text);
	CHECK(strlen(text) < CFS_PROGRESS_MAX);
	p = (struct cfs_progress){ .what = "stored",
				   .files = UINT64_MAX,
				   .bytes = UINT64_MAX };
	cmd_progress_text(&p, 0, text);
	CHECK(strlen(text) < CFS_PROGRESS_MAX);
}

/* stderr becomes a terminal; what was written to it is @ret afterwards. */
static int terminal;
static int saved;

static void open_terminal(void)
{
	struct termios t;
	int other;

	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(terminal >= 0);
	CHECK_EQ(grantpt(terminal), 0);
	CHECK_EQ(unlockpt(terminal), 0);
	other = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	CHECK(other >= 0);
	CHECK_EQ(tcgetattr(other, &t), 0);
	t.c_oflag &= ~(tcflag_t)OPOST;
	CHECK_EQ(tcsetattr(other, TCSANOW, &t), 0);
	saved = dup(STDERR_FILENO);
	CHECK(saved >= 0);
	CHECK_EQ(dup2(other, STDERR_FILENO), STDERR_FILENO);
	close(other);
}

static void close_terminal(char *ret, size_t size)
{
	size_t len = 0;
	ssize_t n;

	fflush(stderr);
	CHECK_EQ(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	close(saved);
	/* The last end of the terminal is closed: EIO ends the reading. */
	while (len + 1 < size &&
	       (n = read(terminal, ret + len, size - 1 - len)) > 0)
		len += (size_t)n;
	ret[len] = '\0';
	close(terminal);
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && strcmp(text + len - n, end) == 0;
}

TEST(a_terminal_gets_a_line_that_is_taken_away_at_the_end)
{
	struct cfs_progress p;
	char text[4096];

	open_terminal();
	cmd_progress_start(&p, "stored", 4096, NULL);
	CHECK(cmd_progress_counter(&p));
	cmd_progress_bytes(&p, 1024);
	cmd_progress_end(&p);
	cmd_progress_end(&p);
	close_terminal(text, sizeof(text));
	CHECK_EQ(strncmp(text, "\r\033[Kstored ", 11), 0);
	CHECK(ends_with(text, "\r\033[Kstored 1.00 KiB of 4.00 KiB (25 %)"
			      "\r\033[K"));
}

TEST(nothing_else_gets_one)
{
	struct cfs_progress p;
	int null = open("/dev/null", O_WRONLY), keep = dup(STDERR_FILENO);

	CHECK(null >= 0 && keep >= 0);
	CHECK_EQ(dup2(null, STDERR_FILENO), STDERR_FILENO);
	cmd_progress_start(&p, "stored", 0, "/");
	cmd_progress_file(&p);
	cmd_progress_bytes(&p, 5);
	CHECK(!cmd_progress_counter(&p));
	CHECK_EQ(p.bytes, 0);
	CHECK_EQ(p.files, 0);
	CHECK(!p.shown);
	cmd_progress_end(&p);
	CHECK_EQ(dup2(keep, STDERR_FILENO), STDERR_FILENO);
	close(null);
	close(keep);
}

static char root[4096];

static void make_tree(void)
{
	char path[4200];
	int fd;

	snprintf(root, sizeof(root), "%s/tree-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/sub", root);
	CHECK_EQ(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/sub/file", root);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, 1000), 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/other", root);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, 10), 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/link", root);
	CHECK_EQ(symlink("/usr", path), 0);
}

static unsigned calls;

static bool go_on(void *most)
{
	return ++calls <= *(unsigned *)most;
}

TEST(the_size_of_a_tree_is_that_of_its_files)
{
	unsigned most = 1000;
	uint64_t size = 0;
	char path[4200], name[4200];

	make_tree();
	CHECK(cmd_tree_size(root, go_on, &most, &size));
	CHECK_EQ(size, 1010);
	/* A second name of a file adds nothing, but in another tree. */
	snprintf(path, sizeof(path), "%s/sub/file", root);
	snprintf(name, sizeof(name), "%s/again", root);
	CHECK_EQ(link(path, name), 0);
	CHECK(cmd_tree_size(root, go_on, &most, &size));
	CHECK_EQ(size, 1010);
	snprintf(path, sizeof(path), "%s/sub", root);
	CHECK(cmd_tree_size(path, go_on, &most, &size));
	CHECK_EQ(size, 500);
}

TEST(counting_ends_when_it_is_told_to)
{
	unsigned most = 2;
	uint64_t size = 7;

	make_tree();
	calls = 0;
	CHECK(!cmd_tree_size(root, go_on, &most, &size));
	CHECK_EQ(calls, 3);
	CHECK_EQ(size, 7);
	calls = 0;
	CHECK(!cmd_tree_size("/nonexistent", go_on, &most, &size));
	CHECK_EQ(calls, 0);
}
