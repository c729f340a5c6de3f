/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * parts WHAT TREE
 *
 * What computing the digests of a tree cannot do without, and nothing else, on
 * one thread.  WHAT is one of these, each of which includes those before it:
 *
 *   walk    list every directory, stat every entry
 *   xattrs  list and read the extended attributes of every entry
 *   open    open and close every regular file that is not empty, once
 *   read    read it into one buffer
 *   hash    hash as many blocks of 4096 bytes as the Merkle trees have, in
 *           full batches out of a buffer that stays in the cache
 *
 * The difference of two of them is the cost of a part, the last is the sum.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/auto.h"
#include "fsverity/sha.h"

enum part {
	WALK,
	XATTRS,
	OPEN,
	READ,
	HASH,
	PARTS
};
static const char *const names[PARTS] = { "walk", "xattrs", "open", "read",
					  "hash" };

/* Source: linux/xattr.h of 6.13, struct xattr_args; the numbers are those of
 * every architecture but alpha. */
struct xattr_args {
	uint64_t value;
	uint32_t size, flags;
};
#ifndef SYS_getxattrat
#define SYS_getxattrat	464
#define SYS_listxattrat 465
#endif

#define BLOCK	   4096
#define HASH_SIZE  32
#define INLINE_MAX 64 /* what mkcomposefs puts into the image, and not hashes */
#define BUFFER	   (256 << 10)

static enum part what;
static bool no_at_calls; /* the kernel is older */
static uint64_t blocks, descriptors;
static char buffer[BUFFER];

/* Inodes of several names that were seen. */
static struct {
	ino_t *v;
	size_t n, room;
} seen;

static void die(const char *doing)
{
	perror(doing);
	exit(1);
}

static ssize_t list_xattrs(int dirfd, const char *name, const char *path,
			   char *list, size_t size)
{
	if (!no_at_calls) {
		ssize_t n = syscall(SYS_listxattrat, dirfd, name,
				    AT_SYMLINK_NOFOLLOW, list, size);

		if (n >= 0 || errno != ENOSYS)
			return n;
		no_at_calls = true;
	}
	return llistxattr(path, list, size);
}

static void read_xattrs(int dirfd, const char *name)
{
	char list[4096], path[64 + NAME_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dirfd, name);
	n = list_xattrs(dirfd, name, path, list, sizeof(list));
	if (n < 0)
		die(name);
	for (char *key = list; key < list + n; key += strlen(key) + 1) {
		struct xattr_args args = { (uintptr_t)buffer, BUFFER, 0 };
		ssize_t len = no_at_calls ? lgetxattr(path, key, buffer, BUFFER)
					  : syscall(SYS_getxattrat, dirfd, name,
						    AT_SYMLINK_NOFOLLOW, key,
						    &args, sizeof(args));

		if (len < 0)
			die(key);
	}
}

/* Linear, for hard links are few. */
static bool is_new(const struct stat *st)
{
	if (st->st_nlink == 1)
		return true;
	for (size_t i = 0; i < seen.n; i++)
		if (seen.v[i] == st->st_ino)
			return false;
	if (seen.n == seen.room) {
		seen.room = 2 * seen.room + 1024;
		seen.v = realloc(seen.v, seen.room * sizeof(*seen.v));
		if (!seen.v)
			die("realloc");
	}
	seen.v[seen.n++] = st->st_ino;
	return true;
}

static void count_blocks(uint64_t size)
{
	if (size <= INLINE_MAX)
		return;
	descriptors++;
	do {
		size = (size + BLOCK - 1) / BLOCK;
		blocks += size;
		size *= HASH_SIZE;
	} while (size > HASH_SIZE);
}

static void do_file(int dirfd, const char *name, const struct stat *st)
{
	int fd;

	if (what < OPEN || st->st_size == 0 || !is_new(st))
		return;
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		die(name);
	/* To the size, and not to the 0 that follows. */
	for (off_t left = st->st_size; what >= READ && left > 0;) {
		ssize_t n = read(fd, buffer, BUFFER);

		if (n <= 0)
			die(name);
		left -= n;
	}
	(void)close(fd);
	count_blocks((uint64_t)st->st_size);
}

static void do_dir(int fd)
{
	CFS_AUTODIR DIR *dir = fdopendir(fd);
	struct dirent *d;

	if (!dir)
		die("fdopendir");
	while ((d = readdir(dir))) {
		struct stat st;

		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			die(d->d_name);
		if (what >= XATTRS)
			read_xattrs(fd, d->d_name);
		if (S_ISREG(st.st_mode))
			do_file(fd, d->d_name, &st);
		if (S_ISDIR(st.st_mode)) {
			int sub = openat(fd, d->d_name,
					 O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			if (sub < 0)
				die(d->d_name);
			do_dir(sub);
		}
	}
}

static int hash(struct cfs_err *err)
{
	CFS_AUTO(cfs_sha_free) struct cfs_sha *sha = NULL;
	uint8_t out[CFS_SHA_BATCH * HASH_SIZE];
	const uint8_t *in[CFS_SHA_BATCH];
	int r = cfs_sha_new(CFS_ALG_SHA256, &sha, err);

	for (size_t i = 0; i < CFS_SHA_BATCH; i++)
		in[i] = (const uint8_t *)buffer + i * BLOCK;
	for (uint64_t i = 0; r == 0 && i < blocks; i += CFS_SHA_BATCH)
		r = cfs_sha_blocks(sha, CFS_SHA_BATCH, in, BLOCK, out, err);
	for (uint64_t i = 0; r == 0 && i < descriptors; i += CFS_SHA_BATCH)
		r = cfs_sha_blocks(sha, CFS_SHA_BATCH, in, 256, out, err);
	return r;
}

int main(int argc, char **argv)
{
	struct cfs_err err;
	int fd;

	while (argc == 3 && what < PARTS && strcmp(argv[1], names[what]) != 0)
		what++;
	if (argc != 3 || what == PARTS) {
		fprintf(stderr,
			"usage: parts walk|xattrs|open|read|hash TREE\n");
		return 2;
	}
	fd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		die(argv[2]);
	do_dir(fd);
	if (what == HASH && hash(&err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	return 0;
}
