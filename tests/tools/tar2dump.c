/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * tar2dump [-a ALG] [-p] [-n] [-u] [-s DIR] [-r | -m] TAR...: the layers TAR,
 * lowest first and not compressed, as the dumpfile of their tree.
 *
 *   -a  sha256 (as it is without it) or sha512
 *   -p  makes parents that no entry describes
 *   -n  leaves out what is done to the tree of an image (cfs_transform_oci)
 *   -u  keeps user.* xattrs
 *   -s  writes what a reader splits the first layer into to DIR: raw, and
 *       contents as they stand in the archive, 0, 1, ...
 *   -r  only reads the archives, -m also makes the tree: to be measured
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "tree/dump/dump.h"
#include "tree/tar/merge.h"
#include "tree/tar/reader.h"
#include "tree/transform.h"

static struct {
	enum cfs_alg alg;
	unsigned flags;
	bool no_transform, only_read, only_merge;
	enum cfs_xattr_filter filter;
	const char *split;
} opt = { .alg = CFS_ALG_SHA256 };

/* Tees what is read of a content to a file, for -s. */
struct tee {
	struct cfs_source from;
	int fd;
};

static ssize_t read_tee(void *ctx, void *data, size_t len, struct cfs_err *err)
{
	const struct tee *tee = ctx;
	ssize_t n = cfs_source_read(&tee->from, data, len, err);

	if (n > 0 && tee->fd >= 0 && cfs_write_full(tee->fd, data, (size_t)n))
		return cfs_fail(err, EIO, "write");
	return n;
}

static int open_part(const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", opt.split, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

static int hash(const struct cfs_source *source, struct cfs_digest *ret,
		struct cfs_err *e)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	static uint8_t piece[65536];
	ssize_t n;
	int r = cfs_merkle_new(opt.alg, &m, e);

	if (r < 0)
		return r;
	while ((n = cfs_source_read(source, piece, sizeof(piece), e)) > 0) {
		r = cfs_merkle_update(m, (struct cfs_bytes){ piece, (size_t)n },
				      e);
		if (r < 0)
			return r;
	}
	return n < 0 ? (int)n : cfs_merkle_final(m, ret, NULL, e);
}

/* Gives @node the content that @source has @size bytes of. */
static int set_content(struct cfs_tree *tree, struct cfs_node *node,
		       uint64_t size, const struct cfs_source *source,
		       struct cfs_err *e)
{
	CFS_AUTOBUF struct cfs_buf small = { 0 };
	struct cfs_digest digest;
	int r;

	if (size <= CFS_INLINE_FROM_DISK) {
		r = cfs_source_all(source, CFS_INLINE_FROM_DISK, &small, e);
		if (r < 0)
			return r;
		return cfs_node_set_content(tree, node, cfs_buf_bytes(&small),
					    e);
	}
	r = hash(source, &digest, e);
	if (r < 0)
		return r;
	return cfs_node_set_object(tree, node, size, &digest, e);
}

static int set_sparse(struct cfs_tree *tree, struct cfs_node *node,
		      const struct cfs_tar_entry *entry,
		      const struct cfs_source *source, struct cfs_err *e)
{
	struct cfs_tar_expand x;
	struct cfs_source expanded;
	int r = cfs_tar_expand_init(&x, entry->sparse, entry->size, source, e);

	if (r < 0)
		return r;
	expanded = cfs_tar_expand_source(&x);
	r = set_content(tree, node, entry->sparse->size, &expanded, e);
	cfs_tar_expand_free(&x);
	return r;
}

static int take_content(struct cfs_layers *layers, struct cfs_tar *tar,
			const struct cfs_tar_entry *entry,
			struct cfs_node *node, int part, struct cfs_err *e)
{
	struct cfs_tree *tree = cfs_layers_tree(layers);
	struct cfs_bytes small = entry->content;
	struct tee tee = { cfs_tar_content(tar), part };
	struct cfs_source source = { read_tee, &tee };
	static uint8_t rest[65536];
	ssize_t n;
	int r = 0;

	if (!entry->is_external)
		source = cfs_source_of_bytes(&small);
	if (node && entry->sparse)
		r = set_sparse(tree, node, entry, &source, e);
	else if (node)
		r = set_content(tree, node, entry->size, &source, e);
	while (r == 0 && (n = read_tee(&tee, rest, sizeof(rest), e)) != 0)
		r = n < 0 ? (int)n : 0;
	return r < 0 ? cfs_tar_entry_ctx(entry, e) : 0;
}

static unsigned layer; /* that entries are taken from */

static int take_entry(struct cfs_layers *layers, struct cfs_tar *tar,
		      const struct cfs_tar_entry *entry, struct cfs_err *e)
{
	static unsigned parts;
	CFS_AUTOFD int part = -EBADF;
	struct cfs_node *node;
	char name[16];
	int r = cfs_layers_add(layers, entry, &node, e);

	if (r < 0)
		return cfs_ctx(e, "layer %u", layer);
	if (opt.only_merge) {
		uint8_t *unknown;

		return node ? cfs_node_reserve_object(cfs_layers_tree(layers),
						      node, entry->size,
						      opt.alg, &unknown, e)
			    : 0;
	}
	if (opt.split && entry->is_external) {
		snprintf(name, sizeof(name), "%u", parts++);
		part = open_part(name);
	}
	if (!node && part < 0)
		return 0;
	return take_content(layers, tar, entry, node, part, e);
}

static int take_layer(struct cfs_layers *layers, const char *path,
		      struct cfs_err *e)
{
	CFS_AUTO(cfs_tar_free) struct cfs_tar *tar = NULL;
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
	CFS_AUTOFD int raw = opt.split ? open_part("raw") : -EBADF;
	const struct cfs_source source = cfs_source_of_fd(&fd);
	const struct cfs_sink sink = cfs_sink_of_fd(&raw);
	const struct cfs_tar_entry *entry;
	int r;

	if (fd < 0)
		err(1, "%s", path);
	r = cfs_tar_new(&source, opt.split ? &sink : NULL, 0, &tar, e);
	if (r == 0)
		r = cfs_layers_begin(layers, e);
	while (r == 0 && (r = cfs_tar_next(tar, &entry, e)) > 0)
		r = opt.only_read ? 0 : take_entry(layers, tar, entry, e);
	return r;
}

static void parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "a:pnus:rm")) != -1) {
		if (c == 'a')
			opt.alg = strcmp(optarg, "sha512") == 0
					  ? CFS_ALG_SHA512
					  : CFS_ALG_SHA256;
		else if (c == 'p')
			opt.flags = CFS_LAYERS_CREATE_PARENTS;
		else if (c == 'n')
			opt.no_transform = true;
		else if (c == 'u')
			opt.filter = CFS_XATTRS_KEEP_USER;
		else if (c == 's')
			opt.split = optarg;
		else if (c == 'r')
			opt.only_read = true;
		else if (c == 'm')
			opt.only_merge = true;
		else
			exit(2);
	}
}

int main(int argc, char **argv)
{
	CFS_AUTO(cfs_layers_free) struct cfs_layers *layers = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	struct cfs_err e = { 0 };
	int r;

	parse(argc, argv);
	r = cfs_layers_new(opt.flags, &layers, &e);
	for (int i = optind; r == 0 && i < argc; i++, layer++)
		r = take_layer(layers, argv[i], &e);
	if (r == 0)
		r = cfs_layers_finish(layers, &tree, &e);
	if (r == 0 && !opt.no_transform && !opt.only_read)
		r = cfs_transform_oci(tree, opt.filter, &e);
	if (r == 0 && !opt.only_read && !opt.only_merge)
		r = cfs_dump_write(tree, &dump, &e);
	if (r < 0)
		errx(1, "refused: %s", e.msg);
	return cfs_write_full(STDOUT_FILENO, dump.data, dump.len) < 0;
}
