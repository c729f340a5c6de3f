/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Mutations of a directory tree, seeded: equal seeds make equal trees.  Used on
 * repositories; nothing here knows what one is, but for the names that are
 * worth having.
 */
#ifndef CFS_TESTS_UNIT_REPO_MUTATE_H
#define CFS_TESTS_UNIT_REPO_MUTATE_H

#include <fcntl.h>
#include <ftw.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "tests/test.h"

#define ENTRIES_MAX 2048
#define FILE_MAX    (1 << 20)

struct entry {
	char *path; /* below the tree's top; owned */
	mode_t mode;
	char *data; /* content or target, with a NUL; owned; NULL: directory */
	size_t size;
};

struct snapshot {
	size_t n;
	struct entry v[ENTRIES_MAX];
};

static uint64_t mutate_state;

/* xorshift64* */
static uint64_t rnd(void)
{
	mutate_state ^= mutate_state >> 12;
	mutate_state ^= mutate_state << 25;
	mutate_state ^= mutate_state >> 27;
	return mutate_state * UINT64_C(0x2545f4914f6cdd1d);
}

static size_t below_n(size_t n)
{
	return n ? (size_t)(rnd() >> 11) % n : 0;
}

static void seed(uint64_t n)
{
	mutate_state = n * UINT64_C(0x9e3779b97f4a7c15) + 1;
	for (int i = 0; i < 4; i++)
		(void)rnd();
}

static char *top_path(const char *top, const char *path)
{
	char *full = NULL;

	CHECK(asprintf(&full, "%s/%s", top, path) > 0);
	return full;
}

static struct snapshot *snapshot_into; /* of the walk at work */
static size_t snapshot_skip;

static int visit_entry(const char *full, const struct stat *st, int type,
		       struct FTW *ftw)
{
	struct snapshot *s = snapshot_into;
	struct entry *e = &s->v[s->n];

	(void)type;
	if (ftw->level == 0)
		return 0;
	CHECK(s->n < ENTRIES_MAX);
	*e = (struct entry){ .path = strdup(full + snapshot_skip),
			     .mode = st->st_mode };
	if (S_ISREG(st->st_mode)) {
		CFS_AUTOFILE FILE *f = fopen(full, "re");

		CHECK(f && st->st_size < FILE_MAX);
		e->data = calloc(1, (size_t)st->st_size + 1);
		e->size = fread(e->data, 1, (size_t)st->st_size, f);
	} else if (S_ISLNK(st->st_mode)) {
		e->data = calloc(1, 4097);
		e->size = (size_t)readlink(full, e->data, 4096);
	}
	s->n++;
	return 0;
}

/* Everything in @top; directories come before what is in them. */
static void snapshot_take(const char *top, struct snapshot *s)
{
	snapshot_into = s;
	snapshot_skip = strlen(top) + 1;
	s->n = 0;
	CHECK_EQ(nftw(top, visit_entry, 16, FTW_PHYS), 0);
}

static void snapshot_free(struct snapshot *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].path);
		free(s->v[i].data);
	}
	s->n = 0;
}

static void write_bytes(const char *full, const char *data, size_t size)
{
	CFS_AUTOFILE FILE *f = fopen(full, "we");

	if (f)
		(void)!fwrite(data, 1, size, f);
}

static int remove_entry(const char *full, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (ftw->level > 0)
		(void)remove(full);
	return 0;
}

/* Removes everything in @top, a directory below TMPDIR. */
static void empty_tree(const char *top)
{
	const char *tmp = getenv("TMPDIR");

	CHECK(tmp);
	CHECK(*tmp);
	CHECK_EQ(strncmp(top, tmp, strlen(tmp)), 0);
	(void)nftw(top, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

static void remove_path(const char *full)
{
	(void)nftw(full, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
	(void)remove(full);
}

static const struct entry *snapshot_find(const struct snapshot *s,
					 const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].path, path) == 0)
			return &s->v[i];
	return NULL;
}

static bool same_entry(const struct entry *a, const struct entry *b)
{
	return (a->mode & S_IFMT) == (b->mode & S_IFMT) && a->size == b->size &&
	       (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

/* Makes the tree @top what @s is.  What is so already stays: a file system
 * takes longer to remove a directory than the test takes for a round. */
static void snapshot_restore(const char *top, const struct snapshot *s)
{
	static struct snapshot now;

	snapshot_take(top, &now);
	for (size_t i = now.n; i-- > 0;) {
		const struct entry *e = snapshot_find(s, now.v[i].path);
		CFS_AUTOFREE char *full = top_path(top, now.v[i].path);

		if (!e || !same_entry(e, &now.v[i]))
			remove_path(full);
	}
	snapshot_free(&now);
	for (size_t i = 0; i < s->n; i++) {
		const struct entry *e = &s->v[i];
		CFS_AUTOFREE char *full = top_path(top, e->path);

		if (faccessat(AT_FDCWD, full, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (S_ISDIR(e->mode))
			CHECK_EQ(mkdir(full, 0755), 0);
		else if (S_ISLNK(e->mode))
			CHECK_EQ(symlink(e->data, full), 0);
		else
			write_bytes(full, e->data, e->size);
	}
}

static void random_bytes(char *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (char)rnd();
}

/* A name: hostile, of a repository, or nearly so. */
static void random_name(char name[static 256], const struct snapshot *s)
{
	static const char *const odd[] = {
		"\x1b[2J\x1b[1;31mred",
		"two\nlines",
		"c1\xc2\x9b"
		"2J",
		"\x9b"
		"2J",
		"\xff\xfe",
		"\xe2\x80\xaertl",
		".tmp-0123456789abcdef",
		".symlink-x",
		"refs",
		"-rf",
		"a b",
		"%s%n",
		"00",
		"AB",
		"meta.json",
	};
	const char *path = s->v[below_n(s->n)].path;
	const char *last = strrchr(path, '/');

	switch (below_n(4)) {
	case 0:
		snprintf(name, 256, "%s", odd[below_n(CFS_ARRAY_SIZE(odd))]);
		break;
	case 1: /* one character is another */
		snprintf(name, 256, "%s", last ? last + 1 : path);
		name[below_n(strlen(name))] = "0aAZ.-"[below_n(6)];
		break;
	case 2:
		snprintf(name, 256, "%s", last ? last + 1 : path);
		break;
	default:
		memset(name, 'n', 255);
		name[1 + below_n(255)] = '\0';
	}
}

static const char *random_target(const struct snapshot *s, char buf[4096])
{
	static const char *const odd[] = {
		"/etc/passwd", ".", "..", "/", "nowhere", "", "../../../../etc"
	};
	const char *path = s->v[below_n(s->n)].path;

	switch (below_n(3)) {
	case 0:
		return odd[below_n(CFS_ARRAY_SIZE(odd))];
	case 1:
		snprintf(buf, 4096, "../%s", path);
		return buf;
	default:
		snprintf(buf, 4096, "../../%s", path);
		return buf;
	}
}

/* Makes something at @full, where nothing is. */
static void make_something(const char *full, const struct snapshot *s)
{
	const struct entry *e = &s->v[below_n(s->n)];
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char target[4096], bytes[300];
	int fd;

	switch (below_n(6)) {
	case 0:
		(void)!mkfifo(full, 0644);
		break;
	case 1:
		(void)!mkdir(full, 0755);
		break;
	case 2:
		(void)!symlink(random_target(s, target), full);
		break;
	case 3:
		if (strlen(full) >= sizeof(addr.sun_path))
			break;
		strcpy(addr.sun_path, full);
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		(void)!bind(fd, (struct sockaddr *)&addr, sizeof(addr));
		close(fd);
		break;
	case 4: /* what another file has */
		if (S_ISREG(e->mode))
			write_bytes(full, e->data, e->size);
		break;
	default:
		random_bytes(bytes, sizeof(bytes));
		write_bytes(full, bytes, below_n(sizeof(bytes)));
	}
}

static void change_bytes(const char *full, const struct entry *e)
{
	size_t at = below_n(e->size);
	char bytes[64];
	int fd = open(full, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return;
	switch (below_n(5)) {
	case 0:
		bytes[0] = (char)(e->data[at] ^ 1 << below_n(8));
		(void)!pwrite(fd, bytes, 1, (off_t)at);
		break;
	case 1:
		random_bytes(bytes, sizeof(bytes));
		(void)!pwrite(fd, bytes, 1 + below_n(sizeof(bytes)), (off_t)at);
		break;
	case 2:
		(void)!ftruncate(fd, (off_t)below_n(e->size + 1));
		break;
	case 3:
		(void)!ftruncate(fd, (off_t)(e->size + below_n(9000)));
		break;
	default:
		(void)!ftruncate(fd, 0);
	}
	close(fd);
}

static void nest(const char *full)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", full);
	for (size_t depth = 1 + below_n(100); depth > 0; depth--) {
		size_t len = strlen(path);

		if (len + 8 > sizeof(path))
			break;
		snprintf(path + len, sizeof(path) - len, "/d");
		(void)!mkdir(path, 0755);
	}
}

/* Changes something about the tree @top, which was made from @s. */
static void mutate(const char *top, const struct snapshot *s)
{
	const struct entry *e = &s->v[below_n(s->n)];
	const struct entry *other = &s->v[below_n(s->n)];
	CFS_AUTOFREE char *full = top_path(top, e->path);
	CFS_AUTOFREE char *second = top_path(top, other->path);
	CFS_AUTOFREE char *fresh = NULL;
	char name[256], dir[4096], target[4096];

	random_name(name, s);
	snprintf(dir, sizeof(dir), "%s", full);
	if (!S_ISDIR(e->mode))
		*strrchr(dir, '/') = '\0';
	fresh = top_path(dir, name);
	switch (below_n(9)) {
	case 0:
	case 1:
		if (S_ISREG(e->mode) && e->size > 0)
			change_bytes(full, e);
		break;
	case 2:
		remove_path(full);
		break;
	case 3:
		remove_path(full);
		make_something(full, s);
		break;
	case 4:
		make_something(fresh, s);
		break;
	case 5:
		(void)!rename(full, fresh);
		break;
	case 6:
		if (S_ISDIR(e->mode))
			nest(full);
		else
			(void)!link(full, fresh);
		break;
	case 7: /* two change places */
		if (renameat2(AT_FDCWD, full, AT_FDCWD, second,
			      RENAME_EXCHANGE) < 0)
			(void)!rename(full, second);
		break;
	default:
		if (!S_ISLNK(e->mode))
			break;
		(void)unlink(full);
		(void)!symlink(random_target(s, target), full);
	}
}

#endif
