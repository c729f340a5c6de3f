/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* mkcomposefs: a directory or a dumpfile into an image of version 0 or 1. */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/pool.h"
#include "cfsctl/cli/options.h"
#include "cfsctl/cli/output.h"
#include "cfsctl/compat/programs.h"
#include "erofs/writer.h"
#include "fsverity/digester.h"
#include "fsverity/merkle.h"
#include "tree/dump/dump.h"
#include "tree/scan.h"

/* Source: composefs libcomposefs/lcfs-writer.h: the versions it knows. */
#define VERSION_MAX 1

struct job {
	const char *source;
	const char *image; /* NULL: only the digest is wanted */
	const char *store; /* --digest-store, or NULL */
	bool from_file;
	bool print_digest;
	unsigned scan_flags;
	long min_version; /* -1: not given */
	long max_version; /* as min_version */
	long threads;	  /* 0: as many as there are processors */
};

/* The consumers of an image's bytes. */
struct stream {
	struct cfs_output *out;	   /* or NULL */
	struct cfs_merkle *digest; /* or NULL */
};

/* The words and the order are those of composefs' mkcomposefs; help alone has
 * what that lacks. */
void cmd_mkcomposefs_usage(FILE *to)
{
	cpu_set_t set;
	int cpus = sched_getaffinity(0, sizeof(set), &set) == 0
			   ? CPU_COUNT(&set)
			   : 1;

	fprintf(to,
		"Usage: mkcomposefs [OPTIONS] SOURCE IMAGE\n"
		"Options:\n"
		"  --digest-store=PATH   Store content files in this "
		"directory\n"
		"  --use-epoch           Make all mtimes zero\n"
		"  --skip-devices        Don't store device nodes\n"
		"  --skip-xattrs         Don't store file xattrs\n"
		"  --user-xattrs         Only store user.* xattrs\n"
		"  --print-digest        Print the digest of the image\n"
		"  --print-digest-only   Print the digest of the image, don't "
		"write image\n"
		"  --from-file           The source is a dump file, not a "
		"directory\n"
		"  --min-version=N       Use this minimal format version "
		"(default=0)\n"
		"  --max-version=N       Use this maximum format version "
		"(default=1)\n"
		"  --threads=N           Use this to override the default "
		"number of threads used to calculate digest and copy files "
		"(default=%d)\n",
		cpus);
	if (to == stdout)
		fputs("  --hardlinks           Keep hard links: all names of a "
		      "file are one inode of the image\n",
		      to);
}

/*
 * Says what is wrong with the command line as mkcomposefs does, without the
 * program's name in front.
 */
static int bad_number(const char *what, const char *text)
{
	fprintf(stderr, "Invalid %s %s\n", what, text);
	return -EINVAL;
}

/* mkcomposefs takes whatever strtol() takes; values are checked later. */
static int parse_number(const char *what, const char *text, long *ret)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (*text == '\0' || *end != '\0')
		return bad_number(what, text);
	/* Out of range, however far, and not "not given". */
	*ret = value < 0 ? LONG_MAX : value;
	return 0;
}

static int parse_threads(const char *text, long *ret)
{
	long value = 0;
	int r = parse_number("threads count", text, &value);

	if (r < 0)
		return r;
	if (value <= 0 || value == LONG_MAX)
		return bad_number("threads count", text);
	/* More make nothing faster. */
	*ret = value < CFS_POOL_THREADS_MAX ? value : CFS_POOL_THREADS_MAX;
	return 0;
}

enum option_id {
	DIGEST_STORE = 1,
	USE_EPOCH,
	SKIP_DEVICES,
	SKIP_XATTRS,
	USER_XATTRS,
	PRINT_DIGEST,
	PRINT_DIGEST_ONLY,
	FROM_FILE,
	MIN_VERSION,
	MAX_VERSION,
	THREADS,
	HARDLINKS,
};

static int take_option(struct job *job, int id, bool *digest_only)
{
	switch (id) {
	case DIGEST_STORE:
		job->store = optarg;
		return 0;
	case USE_EPOCH:
		job->scan_flags |= CFS_SCAN_EPOCH;
		return 0;
	case SKIP_DEVICES:
		job->scan_flags |= CFS_SCAN_NO_DEVICES;
		return 0;
	case HARDLINKS:
		job->scan_flags &= ~(unsigned)CFS_SCAN_NO_HARDLINKS;
		return 0;
	case SKIP_XATTRS:
		job->scan_flags |= CFS_SCAN_NO_XATTRS;
		return 0;
	case USER_XATTRS:
		job->scan_flags |= CFS_SCAN_USER_XATTRS;
		return 0;
	case PRINT_DIGEST_ONLY:
		*digest_only = true;
		job->print_digest = true;
		return 0;
	case PRINT_DIGEST:
		job->print_digest = true;
		return 0;
	case FROM_FILE:
		job->from_file = true;
		return 0;
	case MIN_VERSION:
		return parse_number("min version", optarg, &job->min_version);
	case MAX_VERSION:
		return parse_number("max version", optarg, &job->max_version);
	case THREADS:
		return parse_threads(optarg, &job->threads);
	case ':':
		fputs("option needs a value\n", stderr);
		return -EINVAL;
	default:
		return -CFS_EUSAGE;
	}
}

static int parse_options(struct job *job, int argc, char **argv,
			 bool *digest_only)
{
	static const struct option options[] = {
		{ "digest-store", required_argument, NULL, DIGEST_STORE },
		{ "use-epoch", no_argument, NULL, USE_EPOCH },
		{ "skip-devices", no_argument, NULL, SKIP_DEVICES },
		{ "skip-xattrs", no_argument, NULL, SKIP_XATTRS },
		{ "user-xattrs", no_argument, NULL, USER_XATTRS },
		{ "print-digest", no_argument, NULL, PRINT_DIGEST },
		{ "print-digest-only", no_argument, NULL, PRINT_DIGEST_ONLY },
		{ "from-file", no_argument, NULL, FROM_FILE },
		{ "min-version", required_argument, NULL, MIN_VERSION },
		{ "max-version", required_argument, NULL, MAX_VERSION },
		{ "threads", required_argument, NULL, THREADS },
		{ "hardlinks", no_argument, NULL, HARDLINKS },
		{ 0 },
	};
	int id;

	while ((id = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		int r = take_option(job, id, digest_only);

		if (r < 0)
			return r;
	}
	return optind;
}

static int parse_operands(struct job *job, int argc, char **argv,
			  bool digest_only, struct cfs_err *err)
{
	const char *image = argc > 1 ? argv[1] : NULL;

	if (argc < 1)
		return cfs_fail(err, CFS_EUSAGE, "No source path specified");
	if (argv[0][0] == '\0')
		return cfs_fail(err, EINVAL, "Empty source path specified");
	if (argc > 2)
		return cfs_fail(err, CFS_EUSAGE, "Too many arguments");
	if (!image && !digest_only)
		return cfs_fail(err, CFS_EUSAGE,
				"No destination path specified");
	if (image && digest_only)
		return cfs_fail(err, CFS_EUSAGE,
				"Cannot specify destination path with "
				"--print-digest-only");
	if (image && strcmp(image, "-") == 0 && isatty(STDOUT_FILENO))
		return cfs_fail(err, EINVAL,
				"stdout is a tty.  Refusing to use it");
	job->source = argv[0];
	job->image = image;
	return 0;
}

static int read_dumpfile(const char *path, struct cfs_tree **ret,
			 struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;

	if (strcmp(path, "-") == 0)
		return cfs_dump_read_fd(STDIN_FILENO, CFS_DUMP_LENIENT, ret,
					err);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return cfs_fail_errno(err, "open `%s`", path);
	return cfs_dump_read_fd(fd, CFS_DUMP_LENIENT, ret, err);
}

static int read_source(const struct job *job, struct cfs_tree **ret,
		       struct cfs_err *err)
{
	int r;

	if (job->from_file)
		return read_dumpfile(job->source, ret, err);
	r = cmd_mkcomposefs_scan(job->source, job->scan_flags, job->store,
				 (unsigned)job->threads, ret, err);
	return r < 0 ? cfs_ctx(err, "error accessing %s", job->source) : 0;
}

/*
 * Giving either version makes 0 the other's default; without both, version 1
 * is made when the tree needs it.
 */
static int choose_version(const struct job *job, unsigned *ret_version,
			  unsigned *ret_flags, struct cfs_err *err)
{
	bool given = job->min_version >= 0 || job->max_version >= 0;
	long min = job->min_version < 0 ? 0 : job->min_version;
	long max = job->max_version < 0 ? !given : job->max_version;

	if (min > VERSION_MAX || max > VERSION_MAX)
		return cfs_fail(err, EINVAL, "%s", strerror(EINVAL));
	*ret_version = (unsigned)min;
	*ret_flags = CFS_EROFS_SIGNED_TIME | (max > min ? CFS_EROFS_BUMP : 0);
	return 0;
}

static int put(void *ctx, const void *data, size_t len, struct cfs_err *err)
{
	const struct stream *stream = ctx;
	int r = 0;

	if (stream->out)
		r = cmd_output_write(stream->out, data, len, err);
	if (r == 0 && stream->digest)
		r = cfs_merkle_update(stream->digest,
				      (struct cfs_bytes){ data, len }, err);
	return r;
}

static int write_image(const struct job *job, const struct cfs_tree *tree,
		       struct stream *stream, struct cfs_err *err)
{
	const struct cfs_sink sink = { put, stream };
	unsigned version = 0, flags = 0;
	int r = choose_version(job, &version, &flags, err);

	if (r == 0)
		r = cfs_erofs_write_to(tree, version, flags, &sink, NULL, err);
	if (r == 0 && stream->out)
		r = cmd_output_commit(stream->out, err);
	return r < 0 ? cfs_ctx(err, "cannot write file") : 0;
}

static int print_digest(struct cfs_merkle *merkle, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest digest;
	int r = cfs_merkle_final(merkle, &digest, NULL, err);

	if (r < 0)
		return r;
	cfs_digest_to_hex(&digest, hex);
	puts(hex);
	return 0;
}

static int work(const struct job *job, struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *merkle = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	struct stream stream = { .out = job->image ? &out : NULL };
	int r = 0;

	if (job->image && cmd_output_open(job->image, &out, err) < 0)
		return cfs_ctx(err, "failed to open output file");
	if (job->print_digest)
		r = cfs_merkle_new(CFS_ALG_SHA256, &merkle, err);
	stream.digest = merkle;
	if (r == 0)
		r = read_source(job, &tree, err);
	if (r == 0)
		r = write_image(job, tree, &stream, err);
	if (r == 0 && merkle)
		r = print_digest(merkle, err);
	return r;
}

int cmd_mkcomposefs(int argc, char **argv, struct cfs_err *err)
{
	struct job job = { .scan_flags = CFS_SCAN_NO_HARDLINKS,
			   .min_version = -1,
			   .max_version = -1 };
	bool digest_only = false;
	int first = parse_options(&job, argc, argv, &digest_only);
	int r;

	if (first < 0)
		return first;
	r = parse_operands(&job, argc - first, argv + first, digest_only, err);
	return r < 0 ? r : work(&job, err);
}
