/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* composefs-info: what is in images. */
#include <fcntl.h>
#include <getopt.h>
#include <string.h>

#include "base/vec.h"
#include "cfsctl/cli/options.h"
#include "cfsctl/compat/composefs_info.h"
#include "cfsctl/compat/load_image.h"
#include "cfsctl/compat/programs.h"
#include "fsverity/merkle.h"
#include "repo/object.h"
#include "tree/dump/dump.h"

struct info {
	const struct verb *verb;
	const char *basedir; /* or NULL */
	int base;	     /* owned; -EBADF without basedir */
	struct cfs_info_image image;
	struct cfs_buf out;	     /* owned; a line */
	struct cfs_arena arena;	     /* owned; of paths */
	CFS_VEC(const char *) paths; /* owned; in the arena */
};

struct verb {
	const char *name;
	int (*run)(struct info *info, const char *path, struct cfs_err *err);
	int (*end)(struct info *info, struct cfs_err *err); /* or NULL */
};

void cmd_composefs_info_usage(FILE *to)
{
	fputs("usage: composefs-info [--basedir=path] "
	      "[ls|objects|dump|missing-objects|measure-file] IMAGES...\n",
	      to);
}

static void close_image(struct cfs_info_image *image)
{
	cfs_tree_free(image->tree);
	free(image->first);
	image->tree = NULL;
	image->first = NULL;
}

static void info_close(struct info *info)
{
	close_image(&info->image);
	cfs_closep(&info->base);
	cfs_buf_free(&info->out);
	cfs_vec_free(&info->paths);
	cfs_arena_free(&info->arena);
}

static int load(struct cfs_info_image *image, const char *path,
		struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	int r;

	close_image(image);
	r = cmd_load_bytes(path, &bytes, err);
	if (r < 0)
		return r;
	r = cfs_erofs_read_details(cfs_buf_bytes(&bytes), &image->tree,
				   &image->version, &image->details, err);
	if (r < 0)
		return cfs_ctx(err, "Failed to load '%s'", path);
	image->first = calloc(image->tree->nodes, sizeof(*image->first));
	return image->first ? 0 : cfs_no_memory(err);
}

/* Prints what is in info->out. */
static int put(struct info *info, struct cfs_err *err)
{
	int r = cfs_buf_check(&info->out, err);

	if (r == 0 &&
	    fwrite(info->out.data, 1, info->out.len, stdout) != info->out.len)
		r = cfs_fail_errno(err, "write to stdout");
	info->out.len = 0;
	return r;
}

static int run_ls(struct info *info, const char *path, struct cfs_err *err)
{
	struct cfs_info_image *image = &info->image;
	struct cfs_node *n;
	int r = load(image, path, err);

	if (r < 0)
		return r;
	n = cmd_info_walk(image, NULL);
	while (r == 0 && (n = cmd_info_walk(image, n))) {
		cmd_info_ls(image, n, &info->out);
		r = put(info, err);
	}
	return r;
}

static int run_dump(struct info *info, const char *path, struct cfs_err *err)
{
	struct cfs_info_image *image = &info->image;
	struct cfs_node *n = NULL;
	int r = load(image, path, err);

	while (r == 0 && (n = cmd_info_walk(image, n))) {
		cmd_info_dump(image, n, &info->out);
		r = put(info, err);
	}
	return r;
}

static int add_object(struct info *info, const char *backing,
		      struct cfs_err *err)
{
	const char *copy =
		cfs_arena_dup(&info->arena, backing, strlen(backing));

	return copy && cfs_vec_add(&info->paths, copy) ? 0 : cfs_no_memory(err);
}

static int collect(struct info *info, const char *path, struct cfs_err *err)
{
	struct cfs_info_image *image = &info->image;
	char object[CFS_OBJECT_PATH_MAX];
	struct cfs_node *n = NULL;
	int r = load(image, path, err);

	while (r == 0 && (n = cmd_info_walk(image, n))) {
		const struct cfs_node *inode = cfs_node_inode(n);
		const char *backing = NULL;

		if (S_ISREG(inode->mode))
			backing = cfs_node_backing(image->tree, inode, object);
		if (backing)
			r = add_object(info, backing, err);
	}
	return r;
}

static int by_bytes(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

/* A line is a path: one with control characters, which is no object's, must not
 * become two. */
static void add_line(struct info *info, const char *path)
{
	bool plain = true;

	for (const char *c = path; *c; c++)
		plain &= (unsigned char)*c >= ' ' && *c != 0x7f;
	if (plain)
		cfs_buf_adds(&info->out, path);
	else
		cfs_dump_escape(&info->out,
				(struct cfs_bytes){ (const uint8_t *)path,
						    strlen(path) },
				0);
	cfs_buf_addc(&info->out, '\n');
}

/* Each once, in order; with @missing those that are not below info->base. */
static int print_objects(struct info *info, bool missing, struct cfs_err *err)
{
	const char **paths = info->paths.v;
	size_t n = info->paths.n;
	struct stat st;
	int r = 0;

	if (n > 0)
		qsort(paths, n, sizeof(*paths), by_bytes);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (i > 0 && strcmp(paths[i], paths[i - 1]) == 0)
			continue;
		if (missing && info->base >= 0 &&
		    fstatat(info->base, paths[i], &st, 0) == 0)
			continue;
		add_line(info, paths[i]);
		r = put(info, err);
	}
	return r;
}

static int end_objects(struct info *info, struct cfs_err *err)
{
	return print_objects(info, false, err);
}

static int end_missing(struct info *info, struct cfs_err *err)
{
	return print_objects(info, true, err);
}

static int run_measure(struct info *info, const char *path, struct cfs_err *err)
{
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest digest;
	int r;

	if (fd < 0)
		return cfs_fail_errno(err, "Failed to open '%s'", path);
	r = cfs_object_measure(fd, &digest, err);
	if (r == 0)
		r = cfs_verity_digest_fd(CFS_ALG_SHA256, fd, &digest, NULL,
					 err);
	if (r < 0) {
		(void)fflush(stdout);
		fprintf(stderr, "failed to measure '%s': %s\n", path, err->msg);
		err->msg[0] = '\0';
		return r;
	}
	cfs_digest_to_hex(&digest, hex);
	cfs_buf_adds(&info->out, hex);
	cfs_buf_addc(&info->out, '\n');
	return put(info, err);
}

static const struct verb verbs[] = {
	{ "ls", run_ls, NULL },
	{ "dump", run_dump, NULL },
	{ "objects", collect, end_objects },
	{ "missing-objects", collect, end_missing },
	{ "measure-file", run_measure, NULL },
};

static int find_verb(const char *name, const struct verb **ret,
		     struct cfs_err *err)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0) {
			*ret = &verbs[i];
			return 0;
		}
	}
	return cfs_fail(err, EINVAL, "Unknown command '%s'", name);
}

static int add_filter(struct info *info, const char *name, struct cfs_err *err)
{
	struct cfs_info_image *image = &info->image;

	if (strchr(name, '/'))
		return cfs_fail(err, EINVAL, "Filter must be a single name: %s",
				name);
	if (image->filters == CFS_INFO_FILTERS_MAX)
		return cfs_fail(err, E2BIG, "over %d filters",
				CFS_INFO_FILTERS_MAX);
	image->filter[image->filters++] = name;
	return 0;
}

static int parse_options(struct info *info, int argc, char **argv,
			 struct cfs_err *err)
{
	static const struct option options[] = {
		{ "basedir", required_argument, NULL, 'b' },
		{ "filter", required_argument, NULL, 'f' },
		{ 0 },
	};
	int id, r = 0;

	while (r == 0 &&
	       (id = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (id == 'b')
			info->basedir = optarg;
		else if (id == 'f')
			r = add_filter(info, optarg, err);
		else
			r = -CFS_EUSAGE; /* getopt_long has said why */
	}
	return r < 0 ? r : optind;
}

static int run(struct info *info, int argc, char **argv, struct cfs_err *err)
{
	int r = 0;

	if (argc < 1)
		return cfs_fail(err, CFS_EUSAGE, "No command specified");
	r = find_verb(argv[0], &info->verb, err);
	if (r < 0)
		return r;
	if (argc < 2)
		return cfs_fail(err, CFS_EUSAGE,
				info->verb->run == run_measure
					? "No files specified"
					: "No image path specified");
	if (info->basedir) {
		info->base =
			open(info->basedir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (info->base < 0)
			return cfs_fail_errno(err, "Can't open basedir `%s`",
					      info->basedir);
	}
	for (int i = 1; i < argc && r == 0; i++)
		r = info->verb->run(info, argv[i], err);
	if (r == 0 && info->verb->end)
		r = info->verb->end(info, err);
	return r;
}

int cmd_composefs_info(int argc, char **argv, struct cfs_err *err)
{
	__attribute__((cleanup(info_close))) struct info info = {
		.base = -EBADF,
	};
	int first = parse_options(&info, argc, argv, err);

	if (first < 0)
		return first;
	return run(&info, argc - first, argv + first, err);
}
