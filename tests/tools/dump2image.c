/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * dump2image [-s] [-n] [-t THREADS] VERSION SOURCE [IMAGE]: a dumpfile or a
 * directory into an image, and the image's fs-verity digest (not with -n) to
 * standard output.
 * VERSION: 0, 1, 2 or "auto" (0, or 1 when there are whiteouts).
 * As mkcomposefs reads and writes; with -s as cfsctl does.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "erofs/writer.h"
#include "fsverity/merkle.h"
#include "tree/dump/dump.h"
#include "tree/scan.h"

static unsigned threads = 1;

struct output {
	int fd;
	struct cfs_merkle *digest;
};

static int put(void *ctx, const void *data, size_t len, struct cfs_err *err)
{
	const struct output *out = ctx;
	int r = 0;

	if (out->fd >= 0)
		r = cfs_write_full(out->fd, data, len);
	if (r < 0)
		return cfs_fail(err, -r, "write: %s", strerror(-r));
	return out->digest
		       ? cfs_merkle_update(out->digest,
					   (struct cfs_bytes){ data, len }, err)
		       : 0;
}

static int read_source(int fd, unsigned dump_flags, struct cfs_tree **ret,
		       struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	struct cfs_scan scan = {
		.flags = dump_flags ? CFS_SCAN_NO_HARDLINKS : 0,
	};
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return cfs_dump_read_fd(fd, dump_flags, ret, err);
	if (cfs_digester_new(CFS_ALG_SHA256, threads, NULL, &digester, err) < 0)
		return -err->code;
	scan.digester = digester;
	return cfs_tree_scan(fd, &scan, ret, err);
}

int main(int argc, char **argv)
{
	unsigned dump_flags = CFS_DUMP_LENIENT;
	unsigned flags = CFS_EROFS_SIGNED_TIME, version = 0;
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct output out = { .fd = -EBADF };
	const struct cfs_sink sink = { put, &out };
	CFS_AUTOFD int fd = -EBADF;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest digest;
	struct cfs_err cerr = { 0 };
	bool quiet = false;
	int opt;

	while ((opt = getopt(argc, argv, "snt:")) != -1) {
		if (opt == 's')
			dump_flags = flags = 0;
		else if (opt == 'n')
			quiet = true;
		else if (opt == 't')
			threads = (unsigned)atoi(optarg);
		else
			return 2;
	}
	if (argc - optind < 2)
		errx(2, "usage: dump2image [-s] [-n] VERSION SOURCE [IMAGE]");
	if (strcmp(argv[optind], "auto") == 0)
		flags |= CFS_EROFS_BUMP;
	else
		version = (unsigned)atoi(argv[optind]);
	fd = open(argv[optind + 1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[optind + 1]);
	if (argc - optind > 2) {
		out.fd = open(argv[optind + 2],
			      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (out.fd < 0)
			err(1, "%s", argv[optind + 2]);
	}
	if ((!quiet && cfs_merkle_new(CFS_ALG_SHA256, &m, &cerr) < 0))
		errx(1, "%s", cerr.msg);
	out.digest = m;
	if (read_source(fd, dump_flags, &tree, &cerr) < 0 ||
	    cfs_erofs_write_to(tree, version, flags, &sink, NULL, &cerr) < 0)
		errx(1, "%s", cerr.msg);
	if (m) {
		if (cfs_merkle_final(m, &digest, NULL, &cerr) < 0)
			errx(1, "%s", cerr.msg);
		cfs_digest_to_hex(&digest, hex);
		puts(hex);
	}
	return 0;
}
