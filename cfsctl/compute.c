/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is computed without writing to any repository. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "boot/kargs.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/output.h"
#include "cfsctl/cli/progress.h"
#include "cfsctl/tree_source.h"
#include "erofs/writer.h"
#include "fsverity/digester.h"
#include "fsverity/merkle.h"
#include "repo/init.h"
#include "tree/dump.h"

/* Source: composefs-rs crates/composefs-ctl/src/lib.rs: these commands never
 * take the EROFS format from a repository. */
#define FORMAT_DEFAULT 1

struct computation {
	enum cfs_alg alg;
	unsigned format;
	struct cfs_progress progress;
};

static void warn(const char *text)
{
	fprintf(stderr, "warning: %s\n", text);
}

/*
 * Scripts rely on a repository that cannot be opened being no error here; so
 * is a contradiction, but not without a word.
 */
static void choose(const struct cfs_globals *g, struct computation *c)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_err ignored;
	bool found;

	c->alg = g->has_alg ? g->alg : CFS_ALG_SHA512;
	c->format = g->erofs_version < 0 ? FORMAT_DEFAULT
					 : (unsigned)g->erofs_version;
	if (g->no_repo)
		return;
	found = cfs_repo_open(AT_FDCWD, g->repo, &repo, &ignored) == 1 &&
		(repo.has_meta ||
		 cfs_repo_infer_meta(&repo, &repo.meta, &ignored) == 0);
	if (!found)
		return;
	if (g->has_alg && g->alg != repo.meta.alg)
		warn("--hash is not what the repository uses");
	if (!g->has_alg)
		c->alg = repo.meta.alg;
	if (g->erofs_version < 0 && repo.meta.erofs_default != FORMAT_DEFAULT)
		warn("the repository makes images of another EROFS format: "
		     "say --erofs-version");
}

static void count_file(void *ctx, uint64_t bytes)
{
	cmd_progress_add(ctx, bytes);
}

static int read_source(struct computation *c, const struct cfs_source *source,
		       struct cfs_tree **ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *digester = NULL;
	int r;

	r = cfs_digester_new(c->alg, source->threads, NULL, &digester, err);
	if (r < 0)
		return r;
	cmd_progress_start(&c->progress, "read");
	r = cmd_source_read(source, digester, count_file, &c->progress, ret,
			    err);
	cmd_progress_end(&c->progress);
	return r;
}

static int feed(void *ctx, struct cfs_bytes data, struct cfs_err *err)
{
	return cfs_merkle_update(ctx, data, err);
}

static int digest_image(const struct computation *c,
			const struct cfs_tree *tree, struct cfs_digest *ret,
			struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *merkle = NULL;
	struct cfs_erofs_sink sink = { .write = feed };
	int r;

	r = cfs_merkle_new(c->alg, &merkle, err);
	if (r < 0)
		return r;
	sink.ctx = merkle;
	r = cfs_erofs_write_to(tree, c->format, 0, &sink, NULL, err);
	return r < 0 ? r : cfs_merkle_final(merkle, ret, NULL, err);
}

/* The image as a file, there only when it is complete. */
static int save_image(const struct computation *c, const struct cfs_tree *tree,
		      const char *path, struct cfs_err *err)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	const struct cfs_erofs_sink sink = { cmd_output_write, &out };
	int r = cmd_output_open(path, &out, err);

	if (r == 0)
		r = cfs_erofs_write_to(tree, c->format, 0, &sink, NULL, err);
	if (r == 0)
		r = cmd_output_commit(&out, err);
	return r < 0 ? cfs_ctx(err, "write %s", path) : 0;
}

static int compute(const struct cfs_globals *g, const struct cfs_source *source,
		   const char *out, struct computation *c,
		   struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r;

	choose(g, c);
	r = read_source(c, source, &tree, err);
	if (r == 0)
		r = digest_image(c, tree, ret, err);
	if (r == 0 && out)
		r = save_image(c, tree, out, err);
	return r;
}

int cmd_compute_id(const struct cfs_globals *g, int argc, char **argv,
		   struct cfs_err *err)
{
	struct cfs_source source = { 0 };
	struct computation c;
	const char *out = NULL;
	const struct cfs_opt opts[] = {
		CFS_SOURCE_OPTIONS(&source),
		{ .name = "output", .letter = 'o', .text = &out },
		{ 0 },
	};
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_source_operands(&source, argc, argv, 1, err);
	if (r >= 0)
		r = compute(g, &source, out, &c, &id, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	puts(hex);
	return 0;
}

int cmd_compute_karg(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err)
{
	struct cfs_source source = { .bootable = true };
	struct cfs_karg karg = { .insecure = g->insecure };
	char text[CFS_KARG_TEXT_MAX];
	struct computation c;
	const struct cfs_opt opts[] = {
		{ .name = "no-propagate-usr-to-root", .flag = &source.as_is },
		{ .name = "xattrs", .text = &source.xattrs },
		{ .name = "threads", .text = &source.threads_text },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_source_operands(&source, argc, argv, 1, err);
	if (r >= 0)
		r = compute(g, &source, NULL, &c, &karg.digest, err);
	if (r < 0)
		return r;
	/* Formats 0 and 1 are one layout to whoever boots them. */
	karg.version = c.format == 2 ? 2 : 1;
	cfs_karg_format(&karg, text);
	puts(text);
	return 0;
}

int cmd_create_dumpfile(const struct cfs_globals *g, int argc, char **argv,
			struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_source source = { 0 };
	struct computation c;
	const struct cfs_opt opts[] = {
		CFS_SOURCE_OPTIONS(&source),
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_source_operands(&source, argc, argv, 1, err);
	if (r < 0)
		return r;
	choose(g, &c);
	r = read_source(&c, &source, &tree, err);
	if (r == 0)
		r = cfs_dump_write(tree, &text, err);
	if (r == 0)
		fwrite(text.data, 1, text.len, stdout);
	return r;
}
