/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/test.h"

static struct cfs_log logger;
static char text[65536];

static int temp_file(void)
{
	int fd = open(getenv("TMPDIR"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	return fd;
}

static const char *slurp(int fd)
{
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	CHECK(n >= 0);
	text[n] = '\0';
	return text;
}

TEST(lines_without_a_journal_are_plain)
{
	CFS_AUTOFD int fd = temp_file();

	unsetenv("JOURNAL_STREAM");
	cfs_log_init(&logger, fd, false);
	cfs_log(&logger, LOG_WARNING, "no %s", "image");
	cfs_log(&logger, LOG_DEBUG, "unseen");
	CHECK_STR(slurp(fd), "composefs: no image\n");
}

TEST(lines_to_the_journal_carry_their_level)
{
	CFS_AUTOFD int fd = temp_file();
	struct stat st;
	char stream[64];

	CHECK_EQ(fstat(fd, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu",
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	cfs_log_init(&logger, fd, true);
	CHECK(!logger.use_kmsg);
	cfs_log(&logger, LOG_ERR, "failed");
	CHECK_STR(slurp(fd), "<3>failed\n");
	/* Somebody else's stream is none of ours. */
	setenv("JOURNAL_STREAM", "1:2", 1);
	cfs_log_init(&logger, fd, true);
	CHECK(!logger.journal_stream && logger.use_kmsg);
	unsetenv("JOURNAL_STREAM");
}

TEST(names_cannot_make_lines_of_their_own)
{
	CFS_AUTOFD int fd = temp_file();

	cfs_log_init(&logger, fd, false);
	cfs_log(&logger, LOG_ERR, "bad name %s",
		"a\n<0>b\033[2J\xc2\x9b"
		"31m");
	CHECK_STR(slurp(fd), "composefs: bad name a?<0>b?[2J?31m\n");
}

TEST(the_kernel_log_gets_a_bounded_number_of_lines)
{
	CFS_AUTOFD int fd = temp_file();
	char path[4096];
	unsigned lines = 0;

	snprintf(path, sizeof(path), "%s/kmsg", getenv("TMPDIR"));
	CFS_AUTOFD int kmsg = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	CHECK(kmsg >= 0);
	unsetenv("JOURNAL_STREAM");
	cfs_log_init(&logger, fd, true);
	logger.kmsg = path;
	cfs_log(&logger, LOG_ERR, "first");
	CHECK_STR(slurp(kmsg), "<11>composefs: first");
	for (int i = 0; i < 50; i++)
		cfs_log(&logger, LOG_ERR, "more");
	CHECK_EQ(logger.kmsg_lines, CFS_LOG_KMSG_LINES);
	slurp(fd);
	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	CHECK_EQ(lines, 51);
}

/* The value of a field in the native protocol's binary form. */
static bool has_field(size_t len, const char *name, const char *value)
{
	char want[256];
	size_t n = strlen(value);
	size_t head = (size_t)snprintf(want, sizeof(want), "%s\n", name);

	memset(want + head, 0, 8);
	want[head] = (char)n;
	memcpy(want + head + 8, value, n);
	want[head + 8 + n] = '\n';
	return memmem(text, len, want, head + 8 + n + 1);
}

TEST(journal_records_carry_fields_and_no_empty_ones)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	CFS_AUTOFD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct cfs_log_field fields[] = {
		{ "COMPOSEFS_DIGEST", "abc" },
		{ "COMPOSEFS_STAGE", "a\nb" },
		{ "COMPOSEFS_ACTUAL", NULL },
		{ "COMPOSEFS_EXPECTED", "" },
	};
	ssize_t n;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/journal",
		 getenv("TMPDIR"));
	CHECK(fd >= 0);
	CHECK_EQ(bind(fd, (void *)&at, sizeof(at)), 0);
	cfs_log_init(&logger, STDERR_FILENO, false);
	logger.socket = at.sun_path;
	CHECK(cfs_log_journal(&logger, LOG_ERR, CFS_MSG_FAILED, "it failed",
			      fields, 4));
	n = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	CHECK(n > 0);
	CHECK(has_field((size_t)n, "MESSAGE", "it failed"));
	CHECK(has_field((size_t)n, "MESSAGE_ID", CFS_MSG_FAILED));
	CHECK(has_field((size_t)n, "PRIORITY", "3"));
	CHECK(has_field((size_t)n, "COMPOSEFS_DIGEST", "abc"));
	CHECK(has_field((size_t)n, "COMPOSEFS_STAGE", "a\nb"));
	CHECK(!memmem(text, (size_t)n, "ACTUAL", 6));
	CHECK(!memmem(text, (size_t)n, "EXPECTED", 8));
}

TEST(no_journal_is_no_failure)
{
	cfs_log_init(&logger, STDERR_FILENO, false);
	logger.socket = "/nonexistent/socket";
	CHECK(!cfs_log_journal(&logger, LOG_ERR, CFS_MSG_FAILED, "x", NULL, 0));
}
